//! What is tried again, when, and how often?
//!
//! A [`Failure`] knows whether trying again can help, [`Tries`] how often that was done, and [`with_retries`] does the
//! trying. The pauses are plain sleeps: dropping the future ends them at once.

use std::{future::Future, time::Duration};

use super::Policy;
use crate::contract::{Error, Result};

/// A request that failed, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub error: Error,
    pub retry: Retry,
}

/// Whether the same request may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// After a pause that doubles from try to try.
    Backoff,
    /// The same, but not as often: an answer came, and it is no good.
    Damaged,
    /// After the wait that the server asked for.
    After(Duration),
}

impl Failure {
    pub fn never(error: Error) -> Self {
        Self { error, retry: Retry::Never }
    }

    pub fn backoff(error: Error) -> Self {
        Self { error, retry: Retry::Backoff }
    }

    pub fn damaged(error: Error) -> Self {
        Self { error, retry: Retry::Damaged }
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
}

impl Tries {
    pub fn new(policy: Policy) -> Self {
        Self { policy, failed: 0, damaged: 0 }
    }

    /// A try failed: the pause before the next one, which is never shorter than the server asked for.
    ///
    /// Errors: the failure's, where there is no next one. It says in front how many tries there were, if more than one.
    pub fn again(&mut self, failure: Failure) -> Result<Duration> {
        self.failed += 1;
        self.damaged += usize::from(failure.retry == Retry::Damaged);
        let pause = self.policy.pause(self.failed);
        let pause = match failure.retry {
            Retry::Never => None,
            Retry::Backoff | Retry::Damaged => Some(pause),
            Retry::After(asked) => Some(asked + self.policy.base.min(pause).mul_f32(fastrand::f32())),
        };
        let is_left = self.failed < self.policy.tries && self.damaged < self.policy.damaged;
        match pause.filter(|_| is_left) {
            Some(pause) => Ok(pause),
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
        Failure { error: Error::new(Code::ServerError, "HTTP 503"), retry }
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
    fn the_servers_wait_is_kept() {
        let asked = Duration::from_secs(10);
        let mut tries = Tries::new(Policy::default());
        let wait = tries.again(failure(Retry::After(asked))).unwrap();
        assert!(wait >= asked && wait <= asked + Duration::from_secs(1), "{wait:?}");
    }
}
