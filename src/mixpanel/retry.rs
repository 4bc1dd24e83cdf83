//! What is tried again, when, and how often?
//!
//! A [`Failure`] knows whether trying again can help; [`with_retries`] does the
//! trying. The waits are plain sleeps: dropping the future ends them at once.

use std::{future::Future, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::{
    config::Target,
    contract::{Error, Result},
};

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
    /// After a wait that doubles from try to try.
    Backoff,
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
}

/// Errors that no request caused: arguments, configuration, a spent quota.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::never(error)
    }
}

/// How often and how patiently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries after the first: 5.
    pub retries: usize,
    /// The wait before the first retry: 1 s. It doubles from there, and up to as much again is added at random, so
    /// that windows which failed together don't come back together.
    pub base: Duration,
    /// The longest wait before the random part: 60 s.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { retries: 5, base: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

impl RetryPolicy {
    /// The default, with the waits that tests ask for (`MP_RETRY_BASE_MS`).
    pub fn of(target: &Target) -> Self {
        let policy = Self::default();
        Self { base: target.testing.retry_base.unwrap_or(policy.base), ..policy }
    }

    /// The wait before the nth further attempt, from 1.
    pub fn pause(&self, nth: usize) -> Duration {
        self.waits().nth(nth.saturating_sub(1)).unwrap_or(self.longest)
    }

    fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        let builder = ExponentialBuilder::new().with_min_delay(self.base).with_max_delay(self.longest);
        builder.with_factor(2.0).with_max_times(self.retries).with_jitter().build()
    }

    /// The wait before the next try: never shorter than the server asked for.
    fn wait(&self, retry: Retry, backoff: Duration) -> Option<Duration> {
        match retry {
            Retry::Never => None,
            Retry::Backoff => Some(backoff),
            Retry::After(asked) => Some(asked + self.base.min(backoff).mul_f32(fastrand::f32())),
        }
    }
}

/// A retry that is about to be waited for.
#[derive(Debug)]
pub struct Retrying<'a> {
    /// The try that failed, from 1.
    pub attempt: usize,
    pub wait: Duration,
    pub error: &'a Error,
}

/// Tries until it succeeds, fails for good or has been tried often enough.
///
/// `attempt` gets the number of the try, from 1; `on_retry` is called before each wait. The final error says in front
/// where it happened (`label`, may be empty) and how many tries there were, if more than one.
pub async fn with_retries<T, F>(
    policy: RetryPolicy,
    label: &str,
    mut attempt: impl FnMut(usize) -> F,
    mut on_retry: impl FnMut(Retrying<'_>),
) -> Result<T>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut waits = policy.waits();
    let mut tries = 1;
    loop {
        let failure = match attempt(tries).await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let Some(wait) = waits.next().and_then(|backoff| policy.wait(failure.retry, backoff)) else {
            return Err(after(failure.error, label, tries));
        };
        on_retry(Retrying { attempt: tries, wait, error: &failure.error });
        tokio::time::sleep(wait).await;
        tries += 1;
    }
}

fn after(error: Error, label: &str, tries: usize) -> Error {
    match (label, tries) {
        ("", 1) => error,
        (label, 1) => error.context(label),
        ("", tries) => error.context(format!("after {tries} attempts")),
        (label, tries) => error.context(format!("{label}, after {tries} attempts")),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::block_on;
    use super::*;
    use crate::contract::Code;

    fn quick() -> RetryPolicy {
        RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() }
    }

    fn failure(retry: Retry) -> Failure {
        Failure { error: Error::new(Code::ServerError, "HTTP 503"), retry }
    }

    /// The outcome of a series of tries that fails `failures` times, and how many retries were announced.
    fn run(label: &str, failures: usize, retry: Retry) -> (Result<usize>, usize) {
        let retries = Cell::new(0);
        let outcome = block_on(with_retries(
            quick(),
            label,
            |attempt| async move { if attempt <= failures { Err(failure(retry)) } else { Ok(attempt) } },
            |_| retries.set(retries.get() + 1),
        ));
        (outcome.and_then(|outcome| outcome), retries.get())
    }

    #[test]
    fn succeeds_in_the_end() {
        assert_eq!(run("x", 3, Retry::Backoff), (Ok(4), 3));
        assert_eq!(run("x", 1, Retry::After(Duration::ZERO)), (Ok(2), 1));
    }

    #[test]
    fn the_last_error_counts_the_tries() {
        let message = |label, retry| run(label, 99, retry).0.unwrap_err().to_string();
        assert_eq!(message("2025-01-03", Retry::Backoff), "[SERVER_ERROR] 2025-01-03, after 6 attempts: HTTP 503.");
        assert_eq!(message("", Retry::Backoff), "[SERVER_ERROR] after 6 attempts: HTTP 503.");
        assert_eq!(message("2025-01-03", Retry::Never), "[SERVER_ERROR] 2025-01-03: HTTP 503.");
        assert_eq!(message("", Retry::Never), "[SERVER_ERROR] HTTP 503.");
        assert_eq!(run("", 99, Retry::Never).1, 0);
    }

    #[test]
    fn waits_double_up_to_the_longest_with_a_random_part() {
        let policy = RetryPolicy { retries: 9, ..RetryPolicy::default() };
        let waits: Vec<_> = policy.waits().collect();
        let least = [1, 2, 4, 8, 16, 32, 60, 60, 60].map(Duration::from_secs);
        assert_eq!(waits.len(), least.len());
        for (wait, least) in waits.into_iter().zip(least) {
            assert!(wait >= least && wait <= 2 * least, "{wait:?} for {least:?}");
        }
    }

    #[test]
    fn the_servers_wait_is_kept() {
        let asked = Duration::from_secs(10);
        let wait = RetryPolicy::default().wait(Retry::After(asked), Duration::from_secs(4)).unwrap_or_default();
        assert!(wait >= asked && wait <= asked + Duration::from_secs(1), "{wait:?}");
    }
}
