//! What did this process fetch, and how did it go?
//!
//! Every export and every other fetch of many requests keeps a record here while
//! it runs and after it ended; `mixpanel_fetches()` shows them. No secret gets in:
//! a record holds the arguments of the SQL call and nothing of the account.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use jiff::Timestamp;

use crate::contract::Clock;

/// Records kept; the oldest go first.
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
}

impl Fetch {
    pub fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }

    pub fn left_out(&self, window: String, error: String) {
        self.end_mut().failed.push((window, error));
    }

    /// Closes the record; what was said first stays.
    pub fn finish(&self, error: Option<String>) {
        let mut end = self.end_mut();
        if end.finished.is_none() {
            end.finished = Some(self.clock.now());
            end.error = error;
        }
    }

    pub fn end(&self) -> End {
        self.end_mut().clone()
    }

    fn end_mut(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

static RECORDS: Mutex<VecDeque<Arc<Fetch>>> = Mutex::new(VecDeque::new());
static NEXT_ID: AtomicI64 = AtomicI64::new(1);

fn records() -> MutexGuard<'static, VecDeque<Arc<Fetch>>> {
    RECORDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Opens the record of a fetch that starts now.
pub fn start(function: &'static str, arguments: String, windows: usize, clock: Clock) -> Arc<Fetch> {
    let fetch = Arc::new(Fetch {
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
        end: Mutex::default(),
        clock,
    });
    let mut records = records();
    if records.len() == KEPT {
        records.pop_front();
    }
    records.push_back(Arc::clone(&fetch));
    fetch
}

/// Every record, oldest first.
pub fn all() -> Vec<Arc<Fetch>> {
    records().iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_end_counts() {
        let fetch = start("mixpanel_export", "{}".into(), 3, Clock::default());
        fetch.finish(Some("broken".into()));
        fetch.finish(None);
        assert_eq!(fetch.end().error.as_deref(), Some("broken"));
        assert!(all().iter().any(|record| record.id == fetch.id));
    }
}
