//! Table functions: described, bound, scanned.
//!
//! The life of a call: a host collects the [`Arguments`] and calls
//! [`TableFunction::bind`], which validates them and fixes the columns without
//! any request; [`BoundTable::scan`] starts one execution; each DuckDB thread
//! that takes part asks [`Scan::reader`] for its own [`Reader`] and pulls
//! batches from it. Dropping the scan and its readers cancels everything.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;

use super::{Arguments, Clock, Code, Columns, Documentation, Error, Filter, Parameter, Result};

/// What a host knows of the database and connection in which a function is bound.
#[derive(Debug, Clone)]
pub struct Session {
    /// `false` where the database says `enable_external_access = false`; `true` also where the host can't ask.
    pub external_access: bool,
    /// Whether this host will offer the conditions of the `WHERE` to the scan.
    pub pushes_filters: bool,
    /// The time, for everything that the call does.
    pub clock: Clock,
}

impl Session {
    /// Refuses a function that needs the network or files where the database may not reach them.
    pub fn require_external_access(&self) -> Result<()> {
        match self.external_access {
            true => Ok(()),
            false => Err(Error::new(Code::ExternalAccessDisabled, "this database may reach neither network nor files")
                .fix("It was opened with enable_external_access = false; open it without to use this function")),
        }
    }
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
    /// One of ours.
    Ours,
}

/// One thread's share of a scan.
pub trait Reader: Send {
    /// The next rows, or `None` at the end. May block; never returns an empty batch.
    fn next(&mut self) -> Result<Option<RecordBatch>>;
}

/// A call whose rows are few enough to be made in one go, when they are first asked for: `make` returns one array
/// for each column.
pub fn rows<F>(columns: Columns, make: F) -> Box<dyn BoundTable>
where
    F: Fn() -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
{
    Box::new(Rows { columns, make: Arc::new(make) })
}

struct Rows<F> {
    columns: Columns,
    make: Arc<F>,
}

impl<F> BoundTable for Rows<F>
where
    F: Fn() -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
{
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn scan(&self, projection: &[usize], _filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        Ok(Arc::new(RowsScan {
            make: Arc::clone(&self.make),
            schema: self.columns.schema(),
            projection: projection.to_vec(),
            made: AtomicBool::new(false),
        }))
    }
}

struct RowsScan<F> {
    make: Arc<F>,
    schema: SchemaRef,
    projection: Vec<usize>,
    made: AtomicBool,
}

impl<F> Scan for RowsScan<F>
where
    F: Fn() -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
{
    fn reader(&self, _thread: ReaderThread) -> Result<Box<dyn Reader>> {
        // One reader has the rows, every other one nothing.
        if self.made.swap(true, Ordering::Relaxed) {
            return Ok(Box::new(RowsReader(None)));
        }
        let (make, schema, projection) = (Arc::clone(&self.make), Arc::clone(&self.schema), self.projection.clone());
        Ok(Box::new(RowsReader(Some(Box::new(move || {
            Ok(RecordBatch::try_new(schema, make()?)?.project(&projection)?)
        })))))
    }
}

struct RowsReader(Option<Box<dyn FnOnce() -> Result<RecordBatch> + Send>>);

impl Reader for RowsReader {
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let batch = self.0.take().map(|make| make()).transpose()?;
        Ok(batch.filter(|batch| batch.num_rows() > 0))
    }
}
