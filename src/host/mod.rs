//! The two C APIs of DuckDB: the only code here that knows DuckDB, and the only
//! unsafe code.
//!
//! [`v1`] is loaded by every DuckDB from 1.2.0 on, [`v2`] by exactly the 2.x that
//! the file names; both entry points live in the one shared library, and the file's
//! [`footer`] says which of them DuckDB calls. Each registers what [`crate::catalog`] lists.

mod contain;
mod fault;
mod footer;
mod library;
mod one_duckdb;
mod place;
mod session;
mod v1;
mod v2;

use arrow_array::RecordBatch;

use crate::contract::{Reader, Result, sound};

/// Rows of one output chunk: DuckDB's `STANDARD_VECTOR_SIZE`.
const CHUNK_ROWS: usize = 2048;

/// Hands out a reader's batches in pieces that fit an output chunk, without copying.
struct Chunks {
    reader: Box<dyn Reader>,
    /// Whether DuckDB may have what is in JSON columns as it is.
    json_is_sound: bool,
    batch: Option<RecordBatch>,
}

impl Chunks {
    fn new(reader: Box<dyn Reader>, json_is_sound: bool) -> Self {
        Self { reader, json_is_sound, batch: None }
    }

    /// The next rows, at most [`CHUNK_ROWS`]; `None` at the end.
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let batch = match self.batch.take() {
            Some(batch) => batch,
            None => match self.reader.next()? {
                Some(batch) if self.json_is_sound => batch,
                Some(batch) => sound(batch)?,
                None => return Ok(None),
            },
        };
        if batch.num_rows() <= CHUNK_ROWS {
            return Ok(Some(batch));
        }
        self.batch = Some(batch.slice(CHUNK_ROWS, batch.num_rows() - CHUNK_ROWS));
        Ok(Some(batch.slice(0, CHUNK_ROWS)))
    }
}
