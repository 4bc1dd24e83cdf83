//! How do windows become batches of rows?
//!
//! Each reader takes a whole window at a time. One that fits its share of the
//! memory is inflated and decoded whole before its first row goes out, so
//! whatever is wrong with it can still be mended by another request. A larger one
//! was verified before and is decoded block by block.

use std::{
    cell::Cell,
    io::Read,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use arrow_array::RecordBatch;

use super::{
    board::{Board, Taken},
    download,
    inflate::{self, Blocks},
    plan::Window,
    request::ExportRequest,
    source::Arrived,
    verify,
};
use crate::{
    contract::{Error, Reader, ReaderThread, Result, Scan},
    decode::{Count, Decoded, Decoder},
    fetching::record::Fetch,
};

/// Memory for inflated lines, of all readers together.
const INFLATED_MEMORY: usize = 216 << 20;

/// More readers decode no faster than any network delivers, and would leave each too small a share of the memory.
const MAX_READERS: usize = 4;

/// How long one of DuckDB's own threads waits for a window before it leaves the rest to others.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lines that are decoded together where a window is read as a stream.
const STREAM_BLOCK: usize = 4 << 20;

/// One execution of an export.
pub struct ExportScan {
    shared: Arc<Shared>,
    threads: usize,
}

struct Shared {
    board: Arc<Board>,
    decoder: Decoder,
    /// Largest window that is inflated whole.
    share: usize,
    /// Rows that may still be emitted.
    remaining: Option<AtomicU64>,
    /// Readers that have not left.
    readers: AtomicUsize,
    /// What starts the download, until the first reader wants rows.
    start: Mutex<Option<(ExportRequest, usize)>>,
}

impl ExportScan {
    pub fn new(
        board: Board,
        count: usize,
        request: ExportRequest,
        decoder: Decoder,
        max_workers: usize,
        max_rows: Option<u64>,
    ) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(MAX_READERS).min(count.max(1));
        // A reader holds one window's lines; where a queue lies between readers and DuckDB, about as many wait there.
        let share = INFLATED_MEMORY / (2 * threads + 1);
        Self {
            shared: Arc::new(Shared {
                board: Arc::new(board),
                decoder,
                share,
                remaining: max_rows.map(AtomicU64::new),
                readers: AtomicUsize::new(0),
                start: Mutex::new((count > 0).then_some((request, max_workers))),
            }),
            threads,
        }
    }
}

impl Scan for ExportScan {
    fn max_threads(&self) -> usize {
        self.threads
    }

    fn reader(&self, thread: ReaderThread) -> Result<Box<dyn Reader>> {
        self.shared.readers.fetch_add(1, Ordering::Relaxed);
        let patience = (thread == ReaderThread::DuckDb).then_some(PATIENCE);
        Ok(Box::new(ExportReader { shared: Arc::clone(&self.shared), streamed: None, patience, left: false }))
    }

    fn json_is_sound(&self) -> bool {
        true
    }

    fn cancel(&self) {
        self.shared.board.close();
    }

    fn progress(&self) -> Option<f64> {
        Some(self.shared.board.progress())
    }
}

impl Drop for ExportScan {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Shared {
    fn start_download(&self) -> Result<()> {
        let start = self.start.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        match start {
            Some((request, max_workers)) => download::start(Arc::clone(&self.board), request, max_workers)
                .inspect_err(|error| self.board.fail(error.clone())),
            None => Ok(()),
        }
    }

    /// A reader leaves, unless it is the last one.
    fn leave_others(&self) -> bool {
        let others = |readers: usize| (readers > 1).then(|| readers - 1);
        self.readers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, others).is_ok()
    }

    /// Counts rows and cuts them off at `max_rows`.
    fn emit(&self, batch: RecordBatch) -> Option<RecordBatch> {
        let rows = batch.num_rows();
        let allowed = match &self.remaining {
            None => rows,
            Some(remaining) => {
                let mut allowed = 0;
                let _ = remaining.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    allowed = left.min(rows as u64);
                    Some(left - allowed)
                });
                if remaining.load(Ordering::Relaxed) == 0 {
                    self.board.close();
                }
                allowed as usize
            }
        };
        Fetch::add(&self.board.fetch.rows, allowed as u64);
        (allowed > 0).then(|| batch.slice(0, allowed))
    }
}

struct ExportReader {
    shared: Arc<Shared>,
    streamed: Option<Streamed>,
    patience: Option<Duration>,
    left: bool,
}

impl Drop for ExportReader {
    fn drop(&mut self) {
        if !self.left {
            self.shared.readers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A window too large to be inflated whole.
struct Streamed {
    window: Window,
    blocks: Blocks<Box<dyn Read + Send>>,
    rows: usize,
}

impl Reader for ExportReader {
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        self.shared.start_download()?;
        loop {
            let batch = match self.streamed.take() {
                Some(streamed) => self.next_block(streamed)?,
                None => {
                    // Whoever is the last must stay: the windows are still to come.
                    let left = Cell::new(false);
                    let leave = || {
                        left.set(self.shared.leave_others());
                        left.get()
                    };
                    let shared = Arc::clone(&self.shared);
                    let next = shared.board.take(self.patience, leave)?;
                    self.left = left.get();
                    match next {
                        Some((taken, window, arrived)) => self.open(taken, window, arrived)?,
                        None => return Ok(None),
                    }
                }
            };
            if let Some(batch) = batch.and_then(|batch| self.shared.emit(batch)) {
                return Ok(Some(batch));
            }
        }
    }
}

impl ExportReader {
    /// The rows of a window, all of them or, where it is to be streamed, none yet.
    fn open(&mut self, taken: Taken<'_>, window: Window, arrived: Arrived) -> Result<Option<RecordBatch>> {
        match self.lines(window, arrived) {
            Ok(Lines::Whole(lines)) => match self.shared.decoder.decode(lines, window.days()) {
                Ok(Decoded { batch, outside }) => {
                    let is_answer = taken.settle(Count { rows: batch.num_rows(), outside });
                    return Ok(is_answer.then_some(batch));
                }
                Err(damage) => taken.again(verify::damaged(0, &damage, self.shared.board.credentials())),
            },
            Ok(Lines::Stream(blocks, count)) => {
                if taken.settle(count) {
                    self.streamed = Some(Streamed { window, blocks, rows: 0 });
                }
            }
            Err(error) => taken.again(error),
        }
        Ok(None)
    }

    fn lines(&self, window: Window, arrived: Arrived) -> Result<Lines> {
        let Arrived { mut spool, encoding, verified } = arrived;
        let size = inflate::expected_size(&mut spool, encoding)?;
        let share = self.shared.share as u64;
        if size.unwrap_or(0) <= share
            && spool.len() <= share
            && let Some(lines) = inflate::whole(&mut spool, encoding, size, self.shared.share)?
        {
            return Ok(Lines::Whole(lines));
        }
        let count = match verified {
            Some(count) => count,
            None => verify::lines(
                inflate::stream_spool(&mut spool, encoding)?,
                window.days(),
                self.shared.board.credentials(),
            )?,
        };
        Ok(Lines::Stream(Blocks::new(inflate::stream_spool(spool, encoding)?, STREAM_BLOCK), count))
    }

    /// Damage in here was not to be seen when the window was verified, and rows of it are out: nothing can mend it.
    fn next_block(&mut self, mut streamed: Streamed) -> Result<Option<RecordBatch>> {
        let fail = |error: Error| self.shared.board.fail(error.context(streamed.window));
        // A failure of the scan comes back from `take`, with the next call.
        let block = match streamed.blocks.next() {
            Ok(Some(block)) => block,
            Ok(None) => return Ok(None),
            Err(error) => {
                fail(error.into());
                return Ok(None);
            }
        };
        let batch = match self.shared.decoder.decode(block, streamed.window.days()) {
            Ok(decoded) => decoded.batch,
            Err(damage) => {
                fail(verify::damaged(streamed.rows, &damage, self.shared.board.credentials()));
                return Ok(None);
            }
        };
        streamed.rows += batch.num_rows();
        self.streamed = Some(streamed);
        Ok(Some(batch))
    }
}

enum Lines {
    Whole(Vec<u8>),
    Stream(Blocks<Box<dyn Read + Send>>, Count),
}
