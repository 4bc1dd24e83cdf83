//! How long does the extension wait for Mixpanel, and how often does it retry?
//!
//! All of it: for one request, and for the windows and pages of a fetch.
//!
//! There is no time-out for a whole answer: one day of a large project can take more than an hour to export
//! (estuary/connectors#2591). What is limited is silence: before the connection stands, before the first byte, between
//! bytes, and of all tries together. Whatever is asked for fails so long after bytes of an answer last came or, before any
//! did, after it was asked for: 21 minutes on the export API, 19 on the query API, 13 on the app API. A wait for a limit
//! of Mixpanel's, of a minute at most, and for other requests of this process can come before each request
//! ([`crate::quota`]). A fetch asks for several windows or pages at once, and the first that fails ends all.
//!
//! [`super::Tries`] is where it is decided whether there is another try.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::Api;
use crate::config::{Target, Testing};

/// How long and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Tries in a row of which nothing is kept, whatever goes wrong with them.
    pub tries: usize,
    /// So many of them whose answers come and are no good: damaged, or of a session that is forgotten meanwhile.
    pub damaged: usize,
    /// So many of them in a row for which there is no connection.
    pub unconnected: usize,
    /// No try begins after a silence as long as this: since bytes of an answer last came or, before any did, since the
    /// first try was sent.
    pub silence: Duration,
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
    /// Until the first byte, where that is not the API's.
    pub(super) first_byte: Option<Duration>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tries: 6,
            damaged: 4,
            unconnected: 3,
            silence: Duration::from_secs(600),
            base: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(60),
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
            silence: timeout.map_or(policy.silence, |timeout| 10 * timeout),
            first_byte: *timeout,
            ..policy
        }
    }

    /// For those who wait to hear whether it works at all.
    pub fn hasty(target: &Target) -> Self {
        const SOON: Duration = Duration::from_secs(120);
        let policy = Self::of(target);
        let first_byte = Some(policy.first_byte.unwrap_or(SOON));
        Self { tries: 2, silence: policy.silence.min(SOON), first_byte, ..policy }
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

    /// The longest time without bytes of an answer, after which there is an error: a last try begins as late as it may, and
    /// its refusal is slow.
    #[cfg(test)]
    fn longest_silence(&self, api: Api) -> Duration {
        self.silence + self.first_byte(api) + self.sentence
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
    use crate::mixpanel::testing::target;

    #[test]
    fn pauses_double_up_to_the_longest_with_a_random_part() {
        let least = [1, 2, 4, 8, 16, 32, 60, 60, 60].map(Duration::from_secs);
        for (failed, least) in least.into_iter().enumerate() {
            let pause = Policy::default().pause(failed + 1);
            assert!(pause >= least && pause <= 2 * least, "{pause:?} for {least:?}");
        }
    }

    fn minutes(policy: Policy, api: Api) -> u64 {
        policy.longest_silence(api).as_secs().div_ceil(60)
    }

    /// Each page that says how long its functions wait, in the same words.
    #[test]
    fn the_longest_silence_is_as_the_documentation_says() {
        let usual = |api| minutes(Policy::default(), api);
        let hasty = minutes(Policy::hasty(&Target { testing: Testing::default(), ..target() }), Api::Export);
        let (export, query, app) = (usual(Api::Export), usual(Api::Query), usual(Api::App));
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        for (page, said) in [
            ("errors.md", vec![export, query, app, hasty]),
            ("export.md", vec![export]),
            ("tables.md", vec![export]),
            ("profiles.md", vec![query]),
            ("reports.md", vec![query]),
            ("saved_reports.md", vec![query]),
            ("activity_feed.md", vec![query]),
            ("discovery.md", vec![query, app]),
            ("api.md", vec![export, query, app]),
            ("accounts.md", vec![hasty]),
        ] {
            let text = std::fs::read_to_string(docs.join(page)).unwrap();
            let sentences = text.split("minutes without a byte");
            let numbers =
                sentences.map(|before| before.split_whitespace().next_back().and_then(|word| word.parse().ok()));
            let mut numbers: Vec<Option<u64>> = numbers.collect();
            numbers.pop();
            assert_eq!(numbers, said.into_iter().map(Some).collect::<Vec<_>>(), "{page}");
        }
    }

    #[test]
    fn what_tests_wait_for_is_scaled_down_together() {
        let target = target();
        let wait = target.testing.timeout.unwrap();
        let policy = Policy::of(&target);
        assert_eq!((policy.idle, policy.first_byte(Api::Export), policy.silence), (wait, wait, 10 * wait));
        let policy = Policy::of(&Target { testing: Testing::default(), ..target });
        assert_eq!(policy, Policy::default());
    }
}
