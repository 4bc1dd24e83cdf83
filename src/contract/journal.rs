//! Which requests were made for a call, and what should be known of its account?
//!
//! A host that can log gives each call a [`Journal`], in its [`Session`](super::Session); clients write each
//! request down in it, and their account's warnings once, and the host reads what was written when DuckDB lets it log. URLs
//! hold no credentials, so entries don't.

use std::sync::{Arc, Mutex, MutexGuard};

/// What was written down and is not read yet. The default one keeps nothing: nobody would read it.
#[derive(Debug, Clone, Default)]
pub struct Journal(Option<Arc<Mutex<Written>>>);

#[derive(Debug, Default)]
struct Written {
    entries: Vec<Entry>,
    /// All warnings of this execution so far.
    warnings: Vec<String>,
}

/// One attempt at a request, or a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Method, address, and what came of it.
    pub message: String,
    pub is_failure: bool,
}

impl Journal {
    /// One that is read.
    pub fn kept() -> Self {
        Self(Some(Arc::default()))
    }

    pub fn write(&self, message: String, is_failure: bool) {
        if let Some(mut written) = self.written() {
            written.entries.push(Entry { message, is_failure });
        }
    }

    /// Writes a warning down, unless it has it already.
    pub fn warn(&self, warning: &str) {
        let Some(mut written) = self.written() else { return };
        if !written.warnings.iter().any(|known| known == warning) {
            written.warnings.push(warning.to_owned());
            written.entries.push(Entry { message: warning.to_owned(), is_failure: true });
        }
    }

    /// What was written since it was read last.
    pub fn read(&self) -> Vec<Entry> {
        self.written().map(|mut written| std::mem::take(&mut written.entries)).unwrap_or_default()
    }

    /// A prepared call is executed once more: what it was warned of is said again.
    pub fn begin(&self) {
        if let Some(mut written) = self.written() {
            written.warnings.clear();
        }
    }

    fn written(&self) -> Option<MutexGuard<'_, Written>> {
        self.0.as_ref().map(|written| written.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

/// Where a request is written down is no part of what it is.
impl PartialEq for Journal {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Journal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_said_once_in_each_execution() {
        let journal = Journal::kept();
        let warned = || {
            journal.begin();
            journal.warn("old");
            journal.warn("old");
            journal.read().len()
        };
        assert_eq!([warned(), warned()], [1, 1]);
        assert_eq!(journal.read(), vec![]);
    }

    #[test]
    fn what_nobody_reads_is_not_kept() {
        let journal = Journal::default();
        journal.write("GET x".into(), false);
        assert_eq!(journal.read(), vec![]);
    }
}
