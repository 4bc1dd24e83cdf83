//! What is the life of a call?
//!
//! A host collects what was given and calls [`Function::call`](super::Function::call),
//! which validates it and fixes the columns without any request; [`BoundTable::scan`] starts one execution; each DuckDB thread
//! that takes part asks [`Scan::reader`] for its own [`Reader`] and pulls
//! batches from it. Dropping the scan and its readers cancels everything.

use std::{sync::Arc, time::Duration};

use arrow_array::RecordBatch;

use super::{Columns, Files, Filter, Result};

/// A call whose arguments are good.
pub trait BoundTable: Send + Sync {
    fn columns(&self) -> &Columns;

    /// Starts one execution that produces the columns at these positions, in this order.
    fn scan(&self, projection: &[usize], filters: &[Filter]) -> Result<Arc<dyn Scan>>;
}

/// One execution, shared by the threads that take part in it.
pub trait Scan: Send + Sync {
    /// How many threads can read at the same time with profit.
    fn max_threads(&self) -> usize {
        1
    }

    fn reader(&self, thread: ReaderThread) -> Result<Box<dyn Reader>>;

    /// Whether the texts of JSON columns were checked where they were made, down to halves of surrogate pairs. Otherwise
    /// the host checks them ([`super::sound`]).
    fn json_is_sound(&self) -> bool {
        false
    }

    /// Nobody will read on: readers that wait must return, and what is under way must end. Dropping the scan does the
    /// same.
    fn cancel(&self) {}

    /// From 0 to 1.
    fn progress(&self) -> Option<f64> {
        None
    }
}

/// On whose thread a reader runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderThread {
    /// One of DuckDB's. While it waits for rows it holds up the end of the query, even where a limit is reached on
    /// another thread: it should not wait long if others can.
    DuckDb,
    /// The one that the statement was called on, another of DuckDB's. DuckDB asks how far the scan is only when this one has
    /// nothing to do: it should be the first that waits no longer.
    Caller,
    /// One of ours.
    Ours,
}

/// Between two looks of a reader that waits at whether it still should.
pub const ASK_EVERY: Duration = Duration::from_millis(100);

/// What a host lends a reader, for as long as a call of it lasts.
pub struct Lent<'a> {
    /// What was opened with them stays open.
    pub files: &'a dyn Files,
    /// Whether the statement was interrupted, as far as the host can know. A reader that may wait for minutes looks
    /// [that often](ASK_EVERY), and returns once it was; nobody looks at what.
    pub is_interrupted: &'a dyn Fn() -> bool,
}

#[cfg(test)]
impl Lent<'_> {
    /// To a reader that needs nothing.
    pub const NOTHING: Self = Self { files: &super::NoFiles, is_interrupted: &|| false };
}

/// One thread's share of a scan.
pub trait Reader: Send {
    /// The next rows, or `None` at the end. May block; never returns an empty batch.
    fn next(&mut self, lent: &Lent<'_>) -> Result<Option<RecordBatch>>;
}
