//! Which requests were made for whom?
//!
//! A host that can log lends a [`Journal`] to whatever runs on its thread; clients
//! that are made there write each request down, and the host reads what was
//! written when DuckDB lets it log. URLs hold no credentials, so entries don't.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex, MutexGuard},
};

/// A list of requests that is not read yet.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<Vec<Entry>>>);

/// One attempt at a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Method, address, and what came of it.
    pub message: String,
    pub is_failure: bool,
}

thread_local! {
    static LENT: RefCell<Option<Journal>> = const { RefCell::new(None) };
}

/// Takes back what was lent, also where the work panics.
struct Lent(Option<Journal>);

impl Drop for Lent {
    fn drop(&mut self) {
        LENT.set(self.0.take());
    }
}

impl Journal {
    /// Runs `work` with this journal lent to it.
    pub fn lend<T>(&self, work: impl FnOnce() -> T) -> T {
        let _lent = Lent(LENT.replace(Some(self.clone())));
        work()
    }

    /// The one that was lent to this thread.
    pub(super) fn lent() -> Option<Self> {
        LENT.with_borrow(Clone::clone)
    }

    pub(super) fn write(&self, message: String, is_failure: bool) {
        self.entries().push(Entry { message, is_failure });
    }

    /// What was written since it was read last.
    pub fn read(&self) -> Vec<Entry> {
        std::mem::take(&mut self.entries())
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_lent_to_one_piece_of_work() {
        let journal = Journal::default();
        assert!(Journal::lent().is_none());
        journal.lend(|| Journal::lent().unwrap().write("GET x".into(), false));
        assert!(Journal::lent().is_none());
        assert_eq!(journal.read(), [Entry { message: "GET x".into(), is_failure: false }]);
        assert_eq!(journal.read(), []);
    }
}
