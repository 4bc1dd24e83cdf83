//! Which requests are retried, when, and how often?
//!
//! A [`Failure`] knows whether trying again can help, [`Tries`] how often that was done and for how long nothing came, and
//! [`with_retries`] does the trying. The pauses are plain sleeps: dropping the future ends them at once.

use std::{future::Future, time::Duration};

use jiff::Timestamp;

use super::Policy;
use crate::contract::{Error, Result, still_waited_for};

/// A request that failed, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub error: Error,
    pub retry: Retry,
    pub silence: Silence,
}

/// For how long nothing had come when a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    pub length: Duration,
    /// Whether an answer had begun, a whole 200 as far as could be told: then it is the time since its last bytes,
    /// otherwise the time since the request was sent.
    pub had_begun: bool,
}

impl Silence {
    /// Something came just now.
    const NONE: Self = Self { length: Duration::ZERO, had_begun: true };
}

/// Whether the same request may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// After a pause that doubles from try to try.
    Backoff,
    /// The same, but not as often: there was no connection to ask through.
    Unconnected,
    /// The same, but not as often: an answer came, and it is no good.
    Damaged,
    /// After the wait that the server asked for.
    After(Duration),
    /// Not before then: the hour is used up. Only who is willing to wait that long tries again.
    Later(Timestamp),
}

impl Failure {
    pub fn never(error: Error) -> Self {
        Self::new(error, Retry::Never)
    }

    pub fn backoff(error: Error) -> Self {
        Self::new(error, Retry::Backoff)
    }

    pub fn damaged(error: Error) -> Self {
        Self::new(error, Retry::Damaged)
    }

    pub fn new(error: Error, retry: Retry) -> Self {
        Self { error, retry, silence: Silence::NONE }
    }

    /// The same, of a request that was sent so long ago and got no answer.
    pub fn unanswered(self, length: Duration) -> Self {
        Self { silence: Silence { length, had_begun: false }, ..self }
    }

    /// The same, of an answer whose last bytes came so long ago.
    pub fn silent_for(self, length: Duration) -> Self {
        Self { silence: Silence { length, had_begun: true }, ..self }
    }
}

/// Errors that no request caused: arguments, configuration, a spent quota.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::never(error)
    }
}

/// The tries of one answer, window or page that is wanted, whoever makes them.
#[derive(Debug, Clone, Copy)]
pub struct Tries {
    policy: Policy,
    failed: usize,
    damaged: usize,
    /// So many in a row, up to the last one.
    unconnected: usize,
    /// For how long nothing came, pauses included. Waits of another kind are nobody's silence: for the hour, for a reader,
    /// for other requests.
    silence: Duration,
}

impl Tries {
    pub fn new(policy: Policy) -> Self {
        Self { policy, failed: 0, damaged: 0, unconnected: 0, silence: Duration::ZERO }
    }

    /// Whether a try has failed.
    pub fn have_failed(&self) -> bool {
        self.failed > 0
    }

    /// A try failed: the pause before the next one, which is never shorter than the server asked for.
    ///
    /// Errors: the failure's, where there is no next one. It says in front how many tries there were, if more than one.
    pub fn again(&mut self, failure: Failure) -> Result<Duration> {
        self.failed += 1;
        self.damaged += usize::from(failure.retry == Retry::Damaged);
        self.unconnected = if failure.retry == Retry::Unconnected { self.unconnected + 1 } else { 0 };
        let Silence { length, had_begun } = failure.silence;
        self.silence = length + if had_begun { Duration::ZERO } else { self.silence };
        let pause = self.policy.pause(self.failed);
        let pause = match failure.retry {
            Retry::Never | Retry::Later(_) => None,
            Retry::Backoff | Retry::Unconnected | Retry::Damaged => Some(pause),
            Retry::After(asked) => Some(asked + self.policy.base.min(pause).mul_f32(fastrand::f32())),
        };
        let Policy { tries, damaged, unconnected, silence, .. } = self.policy;
        let is_left = self.failed < tries && self.damaged < damaged && self.unconnected < unconnected;
        match pause.filter(|pause| is_left && self.silence + *pause <= silence) {
            Some(pause) => {
                self.silence += pause;
                Ok(pause)
            }
            None if self.failed == 1 => Err(failure.error),
            None => Err(failure.error.context(format!("after {} attempts", self.failed))),
        }
    }
}

/// Tries until it succeeds, fails for good or has been tried often enough; `on_retry` is called before each pause.
pub async fn with_retries<T, F>(
    tries: &mut Tries,
    mut attempt: impl FnMut() -> F,
    mut on_retry: impl FnMut(),
) -> Result<T>
where
    F: Future<Output = Result<T, Failure>>,
{
    loop {
        let failure = match attempt().await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        // Where nobody waits any more, another try would be a request for nobody.
        if still_waited_for().is_err() {
            return Err(failure.error);
        }
        let pause = tries.again(failure)?;
        on_retry();
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{super::block_on, *};
    use crate::contract::Code;

    fn quick() -> Tries {
        Tries::new(Policy { base: Duration::from_millis(1), ..Policy::default() })
    }

    fn failure(retry: Retry) -> Failure {
        Failure::new(Error::new(Code::ServerError, "HTTP 503"), retry)
    }

    /// The outcome of a series of tries that fails so often, and how many retries were announced.
    fn run(failures: usize, retry: Retry) -> (Result<usize>, usize) {
        let (attempts, retries) = (Cell::new(0), Cell::new(0));
        let attempt = || {
            attempts.set(attempts.get() + 1);
            let attempt = attempts.get();
            async move { if attempt <= failures { Err(failure(retry)) } else { Ok(attempt) } }
        };
        let outcome = block_on(with_retries(&mut quick(), attempt, || retries.set(retries.get() + 1)));
        (outcome.and_then(|outcome| outcome), retries.get())
    }

    #[test]
    fn succeeds_in_the_end() {
        assert_eq!(run(3, Retry::Backoff), (Ok(4), 3));
        assert_eq!(run(3, Retry::Damaged), (Ok(4), 3));
        assert_eq!(run(1, Retry::After(Duration::ZERO)), (Ok(2), 1));
    }

    #[test]
    fn the_last_error_counts_the_tries() {
        let message = |retry| run(99, retry).0.unwrap_err().to_string();
        assert_eq!(message(Retry::Backoff), "[SERVER_ERROR] after 6 attempts: HTTP 503.");
        assert_eq!(message(Retry::Damaged), "[SERVER_ERROR] after 4 attempts: HTTP 503.");
        assert_eq!(message(Retry::Never), "[SERVER_ERROR] HTTP 503.");
        assert_eq!(run(99, Retry::Never).1, 0);
    }

    #[test]
    fn tries_are_counted_whatever_went_wrong_with_them() {
        let count = |kinds: &[Retry]| {
            let mut tries = quick();
            kinds.iter().take_while(|kind| tries.again(failure(**kind)).is_ok()).count()
        };
        let (damaged, backoff) = ([Retry::Damaged; 3], [Retry::Backoff; 9]);
        assert_eq!(count(&[&damaged[..], &backoff].concat()), 5);
        assert_eq!(count(&[&backoff[..4], &damaged].concat()), 5);
        assert_eq!(count(&[&damaged[..2], &backoff[..2], &damaged].concat()), 5);
        assert_eq!(count(&[&damaged[..], &damaged].concat()), 3);
    }

    #[test]
    fn where_nothing_connects_three_tries_in_a_row_do() {
        let count = |kinds: &[Retry]| {
            let mut tries = quick();
            kinds.iter().take_while(|kind| tries.again(failure(**kind)).is_ok()).count()
        };
        let (unconnected, answered) = (Retry::Unconnected, Retry::Backoff);
        assert_eq!(count(&[unconnected; 9]), 2);
        assert_eq!(count(&[unconnected, unconnected, answered, unconnected, unconnected, unconnected]), 5);
    }

    /// Which try is the last one, where each of them is silent for so many seconds.
    fn last_try(seconds: &[u64], had_begun: bool) -> usize {
        let mut tries = Tries::new(Policy { base: Duration::from_millis(1), tries: 99, ..Policy::default() });
        let silent = |seconds: &u64| match (Duration::from_secs(*seconds), had_begun) {
            (length, true) => failure(Retry::Backoff).silent_for(length),
            (length, false) => failure(Retry::Backoff).unanswered(length),
        };
        seconds.iter().take_while(|seconds| tries.again(silent(seconds)).is_ok()).count() + 1
    }

    #[test]
    fn no_try_begins_ten_minutes_after_anything_came() {
        assert_eq!(last_try(&[600], false), 1);
        // The pause counts too.
        assert_eq!(last_try(&[599, 2], false), 2);
        assert_eq!(last_try(&[510, 510], false), 2);
        assert_eq!(last_try(&[150; 9], false), 4);
        // Whatever comes ends the silence.
        assert_eq!(last_try(&[60; 50], true), 51);
        let mut tries = Tries::new(Policy { base: Duration::from_millis(1), ..Policy::default() });
        let unanswered = || failure(Retry::Backoff).unanswered(Duration::from_secs(400));
        assert!(tries.again(unanswered()).is_ok());
        assert!(tries.again(failure(Retry::Backoff).silent_for(Duration::from_secs(60))).is_ok());
        assert!(tries.again(unanswered()).is_ok());
        assert!(tries.again(unanswered()).is_err());
    }

    #[test]
    fn the_servers_wait_is_kept() {
        let asked = Duration::from_secs(10);
        let mut tries = Tries::new(Policy::default());
        let wait = tries.again(failure(Retry::After(asked))).unwrap();
        assert!(wait >= asked && wait <= asked + Duration::from_secs(1), "{wait:?}");
    }
}
