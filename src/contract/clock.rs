//! What time is it?
//!
//! The clock arrives with the call, in its [`Session`](super::Session) and its target, and nothing below asks
//! the machine for the time: so a test can move it, also in a built file
//! (`MP_TEST_CLOCK`, see `config/testing.rs`).

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};

/// The time of day, as the machine has it or so far beside it.
///
/// Not a monotonic clock: one stands still while a computer sleeps, and Mixpanel's hour does not.
#[derive(Debug, Clone, Default)]
pub struct Clock(Offset);

#[derive(Debug, Clone, Default)]
enum Offset {
    #[default]
    None,
    /// In a file, as a number of seconds; read at each look.
    File(Arc<Path>),
    /// In seconds.
    Shared(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that a file moves. A file that is not there, or holds no number, moves nothing.
    pub fn moved_by_file(path: &Path) -> Self {
        Self(Offset::File(path.into()))
    }

    /// A clock that whoever holds the number of seconds moves.
    pub fn moved_by(seconds: Arc<AtomicI64>) -> Self {
        Self(Offset::Shared(seconds))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    pub fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        let seconds = match &self.0 {
            Offset::None => return now,
            Offset::File(path) => {
                std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
            }
            Offset::Shared(seconds) => seconds.load(Ordering::Relaxed),
        };
        now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
    }
}

/// Two clocks are the same where the same thing moves them.
impl PartialEq for Clock {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Offset::None, Offset::None) => true,
            (Offset::File(one), Offset::File(another)) => one == another,
            (Offset::Shared(one), Offset::Shared(another)) => Arc::ptr_eq(one, another),
            _ => false,
        }
    }
}

impl Eq for Clock {}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours_from_now(clock: &Clock) -> i64 {
        let minutes = clock.now().duration_since(Clock::default().now()).as_mins();
        (minutes as f64 / 60.0).round() as i64
    }

    #[test]
    fn a_file_moves_it_at_each_look() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("offset");
        let clock = Clock::moved_by_file(&path);
        assert_eq!(hours_from_now(&clock), 0);
        for (text, hours) in [("7200\n", 2), (" -3600", -1), ("soon", 0), ("9223372036854775807", 0)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(hours_from_now(&clock), hours, "{text}");
        }
    }

    #[test]
    fn a_number_moves_it() {
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = Clock::moved_by(Arc::clone(&seconds));
        seconds.store(86_400, Ordering::Relaxed);
        assert_eq!(hours_from_now(&clock), 24);
        assert_eq!(hours_from_now(&Clock::default()), 0);
    }
}
