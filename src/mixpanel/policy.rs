//! How long is waited for Mixpanel, and how often is it asked again?
//!
//! All of it: for one request, and for the windows and pages of a fetch.
//!
//! There is no time-out for a whole answer: one day of a large project can take more than an hour to export
//! (estuary/connectors#2591). What is limited is silence: before the connection stands, before the first byte, between
//! bytes. Until something fails can take:
//!
//! * a request as long as its bytes come. One that is never answered fails after 10 minutes on the export API, after 8.5
//!   on the query API, after 2.5 on the app API
//! * a window, a page or another answer 6 such requests and the pauses between them: 62, 53 and 17 minutes. A wait for a
//!   limit of Mixpanel's, of a minute at most, can come before each request ([`crate::quota`])
//! * a fetch as long as its windows or pages. Several are asked for at once, and the first that fails ends all
//!
//! [`super::Tries`] is where it is decided whether there is another try.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::Api;
use crate::config::{Target, Testing};

/// How long and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Tries in all, whatever goes wrong with them.
    pub tries: usize,
    /// So many of them whose answers come and are no good: damaged, or of a session that is forgotten meanwhile.
    pub damaged: usize,
    /// The pause before the second try. It doubles from there, and up to as much again is added at random, so that
    /// windows which failed together don't come back together.
    pub base: Duration,
    /// The longest pause before the random part.
    pub longest: Duration,
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// For what a refusal says, which is worth reading and not waiting for.
    pub sentence: Duration,
    /// What tests wait for a first byte.
    pub(super) first_byte: Option<Duration>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tries: 6,
            damaged: 4,
            base: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            connect: Duration::from_secs(30),
            idle: Duration::from_secs(120),
            sentence: Duration::from_secs(10),
            first_byte: None,
        }
    }
}

impl Policy {
    /// The default, with the waits that tests ask for (`MP_RETRY_BASE_MS`, `MP_TIMEOUT_MS`).
    pub fn of(target: &Target) -> Self {
        let Testing { retry_base, timeout, .. } = &target.testing;
        let policy = Self::default();
        Self {
            base: retry_base.unwrap_or(policy.base),
            idle: timeout.unwrap_or(policy.idle),
            first_byte: *timeout,
            ..policy
        }
    }

    /// For those who wait to hear whether it works at all.
    pub fn hasty(target: &Target) -> Self {
        Self { tries: 2, ..Self::of(target) }
    }

    /// From sending a request until its answer begins. Export prepares for minutes; Mixpanel's edge gives a query up
    /// after about 488 s and the app API after about 120 s (`mixpanel-api.md` §1.1), so ours are a little longer:
    /// their refusal says more than our impatience.
    pub fn first_byte(&self, api: Api) -> Duration {
        self.first_byte.unwrap_or(match api {
            Api::Export => Duration::from_secs(600),
            Api::Query => Duration::from_secs(510),
            Api::App => Duration::from_secs(150),
        })
    }

    /// The pause after so many tries that failed, from 1.
    pub(super) fn pause(&self, failed: usize) -> Duration {
        let pauses = ExponentialBuilder::new().with_min_delay(self.base).with_max_delay(self.longest).with_factor(2.0);
        let mut pauses = pauses.without_max_times().with_jitter().build();
        pauses.nth(failed.saturating_sub(1)).unwrap_or(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_with_a_random_part() {
        let least = [1, 2, 4, 8, 16, 32, 60, 60, 60].map(Duration::from_secs);
        for (failed, least) in least.into_iter().enumerate() {
            let pause = Policy::default().pause(failed + 1);
            assert!(pause >= least && pause <= 2 * least, "{pause:?} for {least:?}");
        }
    }

    #[test]
    fn the_longest_silence_is_as_the_documentation_says() {
        let policy = Policy::default();
        let minutes = |api| {
            // Connecting is a part of it.
            let one = policy.first_byte(api);
            let pauses: Duration = (1..policy.tries as u32).map(|failed| 2 * policy.base * 2_u32.pow(failed - 1)).sum();
            let all = one * policy.tries as u32 + pauses;
            (one.as_secs_f64() / 60.0, all.as_secs_f64() / 60.0)
        };
        for (api, one, all) in [(Api::Export, 10.0, 62.0), (Api::Query, 8.5, 53.0), (Api::App, 2.5, 17.0)] {
            let (of_one, of_all) = minutes(api);
            assert_eq!((of_one, of_all.ceil()), (one, all));
        }
    }
}
