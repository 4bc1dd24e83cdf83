//! When may the next request start?
//!
//! Pure bookkeeping of one limit: it is told what time it is (milliseconds since
//! 1970) and answers at once, so tests need no clock and nothing here waits. A
//! start is *reserved*, in order of asking, even where it lies a moment ahead.

use std::{collections::VecDeque, time::Duration};

use super::limits::{PATIENCE, Rule};

pub(super) type Millis = i64;

/// The starts of one project's requests under one rule.
#[derive(Debug)]
pub(super) struct Ledger {
    requests: Window,
    starts: Option<Window>,
    /// Until when Mixpanel itself said no.
    paused_until: Millis,
}

/// No pause is longer: the hour slides, so it gives something back by then.
const LONGEST_PAUSE: Millis = 3_600_000;

/// How long to believe a "the hour is used up" that says no time. The hour slides and others' requests leave it at
/// moments that we can't see, so asking again has to be possible well before an hour has passed.
const UNKNOWN_PAUSE: Millis = 600_000;

impl Ledger {
    pub fn new(rule: &Rule) -> Self {
        Self {
            requests: Window::new(rule.requests, rule.period),
            starts: rule.starts.map(|(limit, period)| Window::new(limit, period)),
            paused_until: Millis::MIN,
        }
    }

    /// Whether a counted request may start soon; else from when.
    pub fn check(&mut self, now: Millis) -> Result<(), Millis> {
        let at = self.possible_at(now);
        if at - now > millis(PATIENCE) { Err(at) } else { Ok(()) }
    }

    /// Reserves the next start and tells its time, at most [`PATIENCE`] and the pace away; else from when there is one.
    pub fn reserve(&mut self, now: Millis) -> Result<Millis, Millis> {
        self.check(now)?;
        let mut at = self.possible_at(now);
        if let Some(starts) = &mut self.starts {
            at = starts.free_at(at, now);
            starts.insert(at);
        }
        self.requests.insert(at);
        Ok(at)
    }

    /// Takes a start back that did not happen, or that Mixpanel refused.
    pub fn forget(&mut self, at: Millis) {
        self.requests.remove(at);
    }

    /// Mixpanel said no for so long, or did not say how long. Returns until when.
    pub fn pause(&mut self, length: Option<Duration>, now: Millis) -> Millis {
        let until = now + length.map_or(UNKNOWN_PAUSE, millis).clamp(0, LONGEST_PAUSE);
        self.paused_until = self.paused_until.max(until);
        self.paused_until
    }

    pub fn is_paused(&self, now: Millis) -> bool {
        self.paused_until > now
    }

    /// How many requests of the period are used: ours, or all where Mixpanel said so.
    pub fn used(&mut self, now: Millis) -> usize {
        if self.is_paused(now) { self.requests.limit } else { self.requests.used(now) }
    }

    /// When the next request comes back, where any is used.
    pub fn resets_at(&mut self, now: Millis) -> Option<Millis> {
        if self.is_paused(now) { Some(self.paused_until) } else { self.requests.first_back(now) }
    }

    /// How many starts it knows of, also ones that lie ahead.
    #[cfg(test)]
    pub fn made(&self) -> usize {
        self.requests.starts.len()
    }

    fn possible_at(&mut self, now: Millis) -> Millis {
        // After the clock was set back, an old pause must not outlast its longest.
        self.paused_until = self.paused_until.min(now + LONGEST_PAUSE);
        self.requests.free_at(now, now).max(self.paused_until)
    }
}

/// A sliding window: at most `limit` starts in any stretch of `period`.
#[derive(Debug)]
struct Window {
    limit: usize,
    period: Millis,
    /// In order. Some may lie ahead.
    starts: VecDeque<Millis>,
}

impl Window {
    fn new(limit: usize, period: Duration) -> Self {
        Self { limit, period: millis(period), starts: VecDeque::new() }
    }

    /// The first moment, from `at` on, that has room.
    fn free_at(&mut self, at: Millis, now: Millis) -> Millis {
        self.prune(now);
        let full = self.starts.len().checked_sub(self.limit).and_then(|index| self.starts.get(index));
        full.map_or(at, |start| at.max(start + self.period))
    }

    fn used(&mut self, now: Millis) -> usize {
        self.prune(now);
        self.starts.iter().filter(|&&start| start <= now).count()
    }

    fn first_back(&mut self, now: Millis) -> Option<Millis> {
        self.prune(now);
        self.starts.front().map(|start| start + self.period)
    }

    fn insert(&mut self, at: Millis) {
        let index = self.starts.partition_point(|&start| start <= at);
        self.starts.insert(index, at);
    }

    fn remove(&mut self, at: Millis) {
        if let Some(index) = self.starts.iter().position(|&start| start == at) {
            self.starts.remove(index);
        }
    }

    fn prune(&mut self, now: Millis) {
        while self.starts.front().is_some_and(|start| start + self.period <= now) {
            self.starts.pop_front();
        }
        // Further ahead than any reservation: the clock was set back meanwhile.
        let ahead = now + 2 * millis(PATIENCE);
        for start in self.starts.iter_mut().filter(|start| **start > ahead) {
            *start = now;
        }
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::super::Quota;
    use super::*;

    const NOW: Millis = 1_700_000_000_000;
    const HOUR: Millis = 3_600_000;

    fn export() -> Ledger {
        Ledger::new(&Quota::Export.rule())
    }

    #[test]
    fn three_starts_at_once_then_a_breath() {
        let mut ledger = export();
        let starts: Vec<_> = (0..7).map(|_| ledger.reserve(NOW).map(|at| at - NOW)).collect();
        assert_eq!(starts, [0, 0, 0, 1050, 1050, 1050, 2100].map(Ok));
        assert_eq!(ledger.reserve(NOW + 60_000), Ok(NOW + 60_000));
    }

    #[test]
    fn the_hour_slides() {
        let mut ledger = Ledger::new(&Quota::Query.rule());
        for minute in 0..30 {
            assert_eq!(ledger.reserve(NOW + minute * 60_000), Ok(NOW + minute * 60_000));
            assert_eq!(ledger.reserve(NOW + minute * 60_000), Ok(NOW + minute * 60_000));
        }
        let later = NOW + 30 * 60_000;
        assert_eq!(ledger.used(later), 60);
        assert_eq!(ledger.check(later), Err(NOW + HOUR));
        assert_eq!(ledger.reserve(later), Err(NOW + HOUR));
        assert_eq!(ledger.resets_at(later), Some(NOW + HOUR));
        assert_eq!(ledger.used(NOW + HOUR), 58);
        assert_eq!(ledger.reserve(NOW + HOUR), Ok(NOW + HOUR));
        assert_eq!(ledger.reserve(NOW + HOUR), Ok(NOW + HOUR));
        // The third has to wait for the next minute's, which is near enough to wait for.
        assert_eq!(ledger.reserve(NOW + HOUR), Ok(NOW + HOUR + 60_000));
    }

    #[test]
    fn what_did_not_happen_is_given_back() {
        let mut ledger = Ledger::new(&Quota::Query.rule());
        let starts: Vec<_> = (0..60).map(|_| ledger.reserve(NOW)).collect();
        assert!(ledger.reserve(NOW).is_err());
        ledger.forget(starts[7].unwrap_or_default());
        assert_eq!((ledger.used(NOW), ledger.reserve(NOW)), (59, Ok(NOW)));
    }

    #[test]
    fn mixpanels_no_counts_more_than_our_own_count() {
        let mut ledger = Ledger::new(&Quota::Query.rule());
        assert_eq!(ledger.pause(Some(Duration::from_secs(1800)), NOW), NOW + 1_800_000);
        assert_eq!((ledger.check(NOW), ledger.used(NOW)), (Err(NOW + 1_800_000), 60));
        assert_eq!(ledger.resets_at(NOW), Some(NOW + 1_800_000));
        // A shorter one does not shorten it; near its end it is waited for.
        ledger.pause(Some(Duration::ZERO), NOW);
        assert_eq!(ledger.reserve(NOW + 1_750_000), Ok(NOW + 1_800_000));
        assert_eq!(Ledger::new(&Quota::Query.rule()).pause(None, NOW), NOW + UNKNOWN_PAUSE);
        assert_eq!(Ledger::new(&Quota::Query.rule()).pause(Some(Duration::MAX), NOW), NOW + LONGEST_PAUSE);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let mut ledger = export();
        for _ in 0..60 {
            assert!(ledger.reserve(NOW).is_ok());
        }
        ledger.pause(Some(Duration::from_secs(3600)), NOW);
        let yesterday = NOW - 24 * HOUR;
        assert_eq!(ledger.check(yesterday), Err(yesterday + HOUR));
    }

    #[test]
    fn the_lexicons_minute_is_waited_for() {
        let mut ledger = Ledger::new(&Quota::Lexicon.rule());
        let starts: Vec<_> = (0..6).map(|_| ledger.reserve(NOW).map(|at| at - NOW)).collect();
        assert_eq!(starts, [0, 0, 0, 0, 0, 60_000].map(Ok));
    }
}
