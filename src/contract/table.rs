//! Table functions: described, bound, scanned.
//!
//! The life of a call: a host collects the [`Arguments`] and calls
//! [`TableFunction::bind`], which validates them and fixes the columns without
//! any request; [`BoundTable::scan`] starts one execution; each DuckDB thread
//! that takes part asks [`Scan::reader`] for its own [`Reader`] and pulls
//! batches from it. Dropping the scan and its readers cancels everything.

use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;

use super::{Arguments, Columns, Documentation, Filter, Parameter, Result};

/// What a host knows of the database and connection in which a function is bound.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    /// `false` where the database says `enable_external_access = false`; `true` also where the host can't ask.
    pub external_access: bool,
    /// Whether this host will offer the conditions of the `WHERE` to the scan.
    pub pushes_filters: bool,
}

/// A table function, described once and registered by both hosts.
pub trait TableFunction: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    fn documentation(&self) -> Documentation;
    fn parameters(&self) -> Vec<Parameter>;
    /// Whether [`BoundTable::scan`] makes use of filters.
    fn takes_filters(&self) -> bool {
        false
    }
    /// Whether [`Scan::progress`] answers.
    fn reports_progress(&self) -> bool {
        false
    }
    /// Validates the arguments and fixes the columns. Makes no request.
    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>>;
}

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

    fn reader(&self) -> Result<Box<dyn Reader>>;

    /// From 0 to 1.
    fn progress(&self) -> Option<f64> {
        None
    }
}

/// One thread's share of a scan.
pub trait Reader: Send {
    /// The next rows, or `None` at the end. May block; never returns an empty batch.
    fn next(&mut self) -> Result<Option<RecordBatch>>;
}

/// A scan whose rows are made in one go, by a closure that runs when they are first asked for.
pub struct Once<F>(Arc<Mutex<Option<F>>>);

impl<F> Once<F>
where
    F: FnOnce() -> Result<RecordBatch> + Send + 'static,
{
    pub fn scan(rows: F) -> Arc<dyn Scan> {
        Arc::new(Self(Arc::new(Mutex::new(Some(rows)))))
    }
}

impl<F> Scan for Once<F>
where
    F: FnOnce() -> Result<RecordBatch> + Send + 'static,
{
    fn reader(&self) -> Result<Box<dyn Reader>> {
        Ok(Box::new(OnceReader(Arc::clone(&self.0))))
    }
}

struct OnceReader<F>(Arc<Mutex<Option<F>>>);

impl<F> Reader for OnceReader<F>
where
    F: FnOnce() -> Result<RecordBatch> + Send,
{
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let rows = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        match rows {
            Some(rows) => Ok(Some(rows()?).filter(|batch| batch.num_rows() > 0)),
            None => Ok(None),
        }
    }
}
