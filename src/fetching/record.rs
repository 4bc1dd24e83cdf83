//! What did this process fetch, and how did it go?
//!
//! Every export and every other fetch of many requests keeps a record here while
//! it runs and after it ended; `mixpanel_fetches()` shows them. No secret gets in:
//! a record holds the arguments of the SQL call and nothing of the account.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use jiff::{Timestamp, civil::Date};

use crate::contract::Clock;

/// Records kept of fetches that ended; the oldest go first. One that runs is never dropped: a script may be waiting to read
/// what became of it.
const KEPT: usize = 1000;

/// One fetch, updated while it runs.
#[derive(Debug)]
pub struct Fetch {
    pub id: i64,
    pub function: &'static str,
    /// The arguments of the call, as a JSON object.
    pub arguments: String,
    pub started: Timestamp,
    /// Windows of days, or pages.
    pub windows: AtomicU64,
    pub windows_done: AtomicU64,
    pub requests: AtomicU64,
    pub retries: AtomicU64,
    pub rows: AtomicU64,
    /// As received, that is compressed.
    pub bytes: AtomicU64,
    /// Answers that went into the archive.
    pub windows_kept: AtomicU64,
    end: Mutex<End>,
    clock: Clock,
}

/// What is known at the end, and of what went wrong on the way.
#[derive(Debug, Clone, Default)]
pub struct End {
    pub finished: Option<Timestamp>,
    pub error: Option<String>,
    /// Windows that were left out, each with its error.
    pub failed: Vec<(String, String)>,
    pub warnings: Vec<Warning>,
    /// A warning that it would be to find nothing at all.
    if_nothing: Option<Warning>,
    /// What came of which days.
    pub answers: Vec<DaysAnswered>,
    /// Until when the hour is waited for, while it is.
    pub waiting_until: Option<Timestamp>,
}

/// Days of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaysAnswered {
    /// In order. Those that were wanted of it.
    pub days: Vec<Date>,
    /// When Mixpanel was asked.
    pub asked_at: Timestamp,
    /// Whether it held nothing at all, for no day.
    pub is_empty: bool,
}

impl End {
    /// The oldest moment at which Mixpanel was asked for what came.
    pub fn oldest_asked(&self) -> Option<Timestamp> {
        self.answers.iter().map(|answer| answer.asked_at).min()
    }
}

/// What was accepted but should be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What scripts match on.
    pub code: &'static str,
    pub message: String,
}

impl Fetch {
    fn new(function: &'static str, arguments: String, windows: usize, clock: Clock) -> Self {
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            function,
            arguments,
            started: clock.now(),
            windows: AtomicU64::new(windows as u64),
            windows_done: AtomicU64::default(),
            requests: AtomicU64::default(),
            retries: AtomicU64::default(),
            rows: AtomicU64::default(),
            bytes: AtomicU64::default(),
            windows_kept: AtomicU64::default(),
            end: Mutex::default(),
            clock,
        }
    }

    pub fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }

    pub fn left_out(&self, window: String, error: String) {
        self.end_mut().failed.push((window, error));
    }

    pub fn warn(&self, code: &'static str, message: String) {
        self.end_mut().warnings.push(Warning { code, message });
    }

    /// Says so at the end, if everything came and there was not one row.
    pub fn warn_if_nothing(&self, code: &'static str, message: String) {
        self.end_mut().if_nothing = Some(Warning { code, message });
    }

    pub fn answered(&self, answer: DaysAnswered) {
        self.end_mut().answers.push(answer);
    }

    /// The hour is waited for until then, or no more.
    pub fn wait_until(&self, moment: Option<Timestamp>) {
        self.end_mut().waiting_until = moment;
    }

    /// Closes the record; what was said first stays.
    pub fn finish(&self, error: Option<String>) {
        let [windows, done, rows] =
            [&self.windows, &self.windows_done, &self.rows].map(|counter| counter.load(Ordering::Relaxed));
        let mut end = self.end_mut();
        if end.finished.is_none() {
            let came_empty = error.is_none() && !end.answers.is_empty() && done >= windows && rows == 0;
            let warning = end.if_nothing.take().filter(|_| came_empty);
            end.warnings.extend(warning);
            end.finished = Some(self.clock.now());
            end.error = error;
            end.waiting_until = None;
        }
    }

    pub fn end(&self) -> End {
        self.end_mut().clone()
    }

    fn has_ended(&self) -> bool {
        self.end_mut().finished.is_some()
    }

    fn end_mut(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

static RECORDS: Mutex<Records> = Mutex::new(Records(Vec::new()));
static NEXT_ID: AtomicI64 = AtomicI64::new(1);

fn records() -> MutexGuard<'static, Records> {
    RECORDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Opens the record of a fetch that starts now.
pub fn start(function: &'static str, arguments: String, windows: usize, clock: Clock) -> Arc<Fetch> {
    let fetch = Arc::new(Fetch::new(function, arguments, windows, clock));
    records().add(Arc::clone(&fetch));
    fetch
}

/// Oldest first.
struct Records(Vec<Arc<Fetch>>);

impl Records {
    fn add(&mut self, fetch: Arc<Fetch>) {
        let ended = self.0.iter().filter(|record| record.has_ended()).count();
        let mut excess = ended.saturating_sub(KEPT - 1);
        self.0.retain(|record| {
            let goes = excess > 0 && record.has_ended();
            excess -= usize::from(goes);
            !goes
        });
        self.0.push(fetch);
    }
}

/// Every record, oldest first.
pub fn all() -> Vec<Arc<Fetch>> {
    records().0.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch() -> Arc<Fetch> {
        Arc::new(Fetch::new("mixpanel_export", "{}".into(), 3, Clock::default()))
    }

    #[test]
    fn the_first_end_counts() {
        let fetch = fetch();
        fetch.finish(Some("broken".into()));
        fetch.finish(None);
        assert_eq!(fetch.end().error.as_deref(), Some("broken"));
    }

    #[test]
    fn finding_nothing_is_a_warning_only_where_everything_came() {
        let warned = |windows_done: u64, rows: u64, error: Option<&str>| {
            let fetch = fetch();
            fetch.warn_if_nothing("UNKNOWN_EVENT", "none".into());
            fetch.answered(DaysAnswered { days: vec![], asked_at: Timestamp::UNIX_EPOCH, is_empty: true });
            Fetch::add(&fetch.windows_done, windows_done);
            Fetch::add(&fetch.rows, rows);
            fetch.finish(error.map(str::to_owned));
            fetch.finish(None);
            fetch.end().warnings.len()
        };
        assert_eq!(warned(3, 0, None), 1);
        assert_eq!([warned(2, 0, None), warned(3, 1, None), warned(3, 0, Some("broken"))], [0; 3]);
    }

    #[test]
    fn a_record_is_dropped_for_newer_ones_only_once_it_has_ended() {
        let mut records = Records(Vec::new());
        let (running, ended) = (fetch(), fetch());
        ended.finish(None);
        records.add(Arc::clone(&running));
        records.add(Arc::clone(&ended));
        let has = |records: &Records, one: &Arc<Fetch>| records.0.iter().any(|record| Arc::ptr_eq(record, one));
        for _ in 1..KEPT {
            let other = fetch();
            other.finish(None);
            records.add(other);
        }
        assert!(has(&records, &running) && has(&records, &ended));
        assert_eq!(records.0.len(), KEPT + 1);
        records.add(fetch());
        assert!(has(&records, &running) && !has(&records, &ended));
        assert_eq!(records.0.len(), KEPT + 1);
    }
}
