//! Which requests were made for whom, and what should be known of the account?
//!
//! A host that can log lends a [`Journal`] to whatever runs on its thread; clients
//! that are made there write each request down, and their account's warnings once,
//! and the host reads what was written when DuckDB lets it log. URLs hold no
//! credentials, so entries don't.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex, MutexGuard},
};

/// What was written down and is not read yet.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<Written>>);

#[derive(Debug, Default)]
struct Written {
    entries: Vec<Entry>,
    /// All warnings so far.
    warnings: Vec<String>,
}

/// One attempt at a request, or a warning.
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
        self.written().entries.push(Entry { message, is_failure });
    }

    /// Writes a warning down, unless it has it already.
    pub(super) fn warn(&self, warning: &str) {
        let mut written = self.written();
        if !written.warnings.iter().any(|known| known == warning) {
            written.warnings.push(warning.to_owned());
            written.entries.push(Entry { message: warning.to_owned(), is_failure: true });
        }
    }

    /// What was written since it was read last.
    pub fn read(&self) -> Vec<Entry> {
        std::mem::take(&mut self.written().entries)
    }

    fn written(&self) -> MutexGuard<'_, Written> {
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

    #[test]
    fn a_warning_is_written_once() {
        let journal = Journal::default();
        for _ in 0..2 {
            journal.warn("chmod");
            journal.warn("retires");
        }
        let entries = journal.read();
        assert_eq!(entries.iter().map(|entry| entry.message.as_str()).collect::<Vec<_>>(), ["chmod", "retires"]);
        journal.warn("chmod");
        assert_eq!(journal.read(), []);
    }
}
