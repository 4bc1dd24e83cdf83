//! How do windows become batches of rows?
//!
//! Each reader takes a whole window at a time. One that fits its share of the
//! memory is inflated and decoded whole before its first row goes out, so
//! whatever is wrong with it can still be mended by another request. A larger one
//! was verified before and is decoded block by block.

use std::{
    cell::Cell,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use jiff::SignedDuration;

use super::{
    answer::{Answered, Arrived},
    board::{Asked, Board, OnFailure, Taken},
    download::{self, Terms},
    inflate::{self, Blocks},
    keeper::{KeptAnswer, Shortage, WindowOrigin},
    plan::Window,
    request::ExportRequest,
    spool::Spool,
    verify,
};
use crate::{
    archive,
    contract::{ASK_EVERY, Error, Lent, Reader, ReaderThread, Result, Scan},
    decode::{Count, Decoded, Decoder, Selection},
    fetching::record::Fetch,
    mixpanel::{Encoding, Quota},
};

/// Memory for inflated lines, of all readers together.
pub const INFLATED_MEMORY: usize = 216 << 20;

/// More readers decode no faster than any network delivers, and would leave each too small a share of the memory.
pub const MAX_READERS: usize = 4;

/// How long one of DuckDB's own threads waits for a window before it leaves the rest to others.
const PATIENCE: Duration = Duration::from_millis(1000);

/// The same for the one that has the statement's progress to show.
const CALLERS_PATIENCE: Duration = Duration::from_millis(500);

/// Lines that are decoded together where a window is read as a stream.
pub const STREAM_BLOCK: usize = 4 << 20;

/// One execution of an export.
pub struct ExportScan {
    shared: Arc<Shared>,
    threads: usize,
}

/// What a scan asks for, and how.
pub struct ExportOrder {
    pub request: ExportRequest,
    pub terms: Terms,
    pub decoder: Decoder,
    pub max_rows: Option<u64>,
    pub on_failure: OnFailure,
    pub max_age: Option<SignedDuration>,
}

struct Shared {
    request: ExportRequest,
    terms: Terms,
    on_failure: OnFailure,
    max_age: Option<SignedDuration>,
    decoder: Decoder,
    fetch: Arc<Fetch>,
    /// Planned when the first reader wants rows: until then nothing is asked or set aside.
    board: OnceLock<Result<Arc<Board>>>,
    /// Largest window that is inflated whole.
    share: usize,
    /// Rows that may still be emitted.
    remaining: Option<AtomicU64>,
    /// Readers that have not left.
    readers: AtomicUsize,
}

impl ExportScan {
    pub fn new(order: ExportOrder, fetch: Arc<Fetch>) -> Self {
        let ExportOrder { request, terms, decoder, max_rows, on_failure, max_age } = order;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let windows = if terms.wanted.is_one { 1 } else { terms.wanted.all().take(MAX_READERS).count() };
        let threads = cores.min(MAX_READERS).min(windows.max(1));
        // A reader holds one window's lines; where a queue lies between readers and DuckDB, about as many wait there.
        let share = INFLATED_MEMORY / (2 * threads + 1);
        Self {
            shared: Arc::new(Shared {
                request,
                terms,
                on_failure,
                max_age,
                decoder,
                fetch,
                board: OnceLock::new(),
                share,
                remaining: max_rows.map(AtomicU64::new),
                readers: AtomicUsize::new(0),
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
        let patience = match thread {
            ReaderThread::DuckDb => Some(PATIENCE),
            ReaderThread::Caller => Some(CALLERS_PATIENCE),
            ReaderThread::Ours => None,
        };
        Ok(Box::new(ExportReader { shared: Arc::clone(&self.shared), streamed: None, patience, left: false }))
    }

    fn json_is_sound(&self) -> bool {
        true
    }

    fn cancel(&self) {
        match self.shared.board.get() {
            Some(Ok(board)) => board.close(),
            Some(Err(_)) => {}
            None => self.shared.fetch.finish(None),
        }
    }

    fn progress(&self) -> Option<f64> {
        match self.shared.board.get() {
            Some(Ok(board)) => Some(board.progress()),
            _ => Some(0.0),
        }
    }
}

impl Drop for ExportScan {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Shared {
    /// The windows; the first call plans them and starts what brings them.
    ///
    /// Errors: `RateLimited` where the hour has not enough requests left and nobody wants to wait or do with less.
    fn board(&self) -> Result<&Arc<Board>> {
        let planned =
            self.board.get_or_init(|| self.plan().inspect_err(|error| self.fetch.finish(Some(error.to_string()))));
        planned.as_ref().map_err(Error::clone)
    }

    fn plan(&self) -> Result<Arc<Board>> {
        let keeper = self.request.keeper(self.max_age)?;
        let plan = keeper.plan(&self.terms.wanted, false)?;
        if let Some(Shortage { left, limit, resets_at }) = plan.shortage {
            let asked = || {
                plan.windows.iter().filter_map(|planned| match &planned.origin {
                    WindowOrigin::Mixpanel(claim) => Some(claim.is_some()),
                    WindowOrigin::Copy(_) | WindowOrigin::Claim(_) => None,
                })
            };
            // What comes has to go somewhere, and something has to come.
            let keeps =
                self.on_failure == OnFailure::Skip || keeper.keeps() && asked().any(|is_set_aside| is_set_aside);
            // Who needs more than an hour has waits for the first request of its own, which is not made yet.
            let comes_back = resets_at.filter(|_| asked().count() <= limit.requests);
            let waits = match comes_back {
                Some(at) => keeper.now().saturating_add(self.terms.max_wait).is_ok_and(|last| at <= last),
                None => self.terms.max_wait >= Quota::Export.rule().period,
            };
            if !keeps && !waits {
                return Err(keeper.gate().short(Quota::Export, asked().count(), left, limit, resets_at));
            }
        }
        let board = Board::new(plan, self.on_failure, Arc::clone(&self.fetch), keeper, self.request.target());
        let board = Arc::new(board);
        if !board.is_over(false) {
            download::start(Arc::clone(&board), self.request.clone(), self.terms.clone())
                .inspect_err(|error| board.fail(error.clone()))?;
        }
        Ok(board)
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
                if remaining.load(Ordering::Relaxed) == 0
                    && let Ok(board) = self.board()
                {
                    board.close();
                }
                allowed as usize
            }
        };
        Fetch::add(&self.fetch.rows, allowed as u64);
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
    /// What is wanted of it, where that is not all.
    selection: Option<Selection>,
    blocks: Blocks<Box<dyn Read + Send>>,
    rows: usize,
}

impl Reader for ExportReader {
    fn next(&mut self, lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        let is_interrupted = lent.is_interrupted;
        let shared = Arc::clone(&self.shared);
        let board = shared.board()?;
        loop {
            let batch = match self.streamed.take() {
                Some(streamed) => self.next_block(board, streamed)?,
                None => {
                    // Whoever is the last must stay: the windows are still to come.
                    let (begun, left) = (Instant::now(), Cell::new(false));
                    let leave = || {
                        let is_tired = self.patience.is_some_and(|patience| begun.elapsed() >= patience);
                        left.set(is_tired && self.shared.leave_others());
                        left.get() || is_interrupted()
                    };
                    let next = board.take(ASK_EVERY, leave)?;
                    self.left = left.get();
                    match next {
                        Some((taken, window, arrived)) => self.open(board, taken, window, arrived)?,
                        None => return Ok(None),
                    }
                }
            };
            if let Some(batch) = batch.and_then(|batch| self.shared.emit(batch)) {
                return Ok(Some(batch));
            }
            if is_interrupted() {
                return Ok(None);
            }
        }
    }
}

impl ExportReader {
    /// The rows of a window, all of them or, where it is to be streamed, none yet.
    fn open(
        &mut self,
        board: &Board,
        taken: Taken<'_>,
        window: Window,
        arrived: Arrived,
    ) -> Result<Option<RecordBatch>> {
        match arrived {
            Arrived::Answer(answer) => self.open_answer(board, taken, window, *answer),
            Arrived::Kept(kept) => self.open_kept(board, taken, kept),
        }
    }

    fn open_answer(
        &mut self,
        board: &Board,
        taken: Taken<'_>,
        window: Window,
        answer: Answered,
    ) -> Result<Option<RecordBatch>> {
        let Answered { mut spool, encoding, verified, asked_at } = answer;
        match self.whole(&mut spool, encoding) {
            Ok(Some(lines)) => match self.shared.decoder.decode(lines, window.days()) {
                Ok(Decoded { batch, count }) => {
                    let asked = Asked { at: asked_at, is_empty: count.rows == 0 };
                    return Ok(taken.settle(count, asked).then_some(batch));
                }
                Err(damage) => taken.again(verify::damaged(0, &damage, board.credentials())),
            },
            Ok(None) => match self.stream(board, window, spool, encoding, verified) {
                Ok((blocks, count)) => {
                    if taken.settle(count, Asked { at: asked_at, is_empty: count.rows == 0 }) {
                        self.streamed = Some(Streamed { window, selection: None, blocks, rows: 0 });
                    }
                }
                Err(error) => taken.again(error),
            },
            Err(error) => taken.again(error),
        }
        Ok(None)
    }

    /// A kept answer was whole and good when it was kept. Where it is not any more, its days are asked for.
    fn open_kept(&mut self, board: &Board, taken: Taken<'_>, kept: KeptAnswer) -> Result<Option<RecordBatch>> {
        let KeptAnswer { copy, place, selection } = kept;
        let window = Window { from: copy.from, to: copy.to };
        if selection.cuts_days() && !board.may_cut() {
            taken.plan_anew();
            return Ok(None);
        }
        let lines = match open_sound(&copy, &place, self.shared.share as u64) {
            Ok(Found::Sound(mut spool)) => self.whole(&mut spool, Encoding::Gzip).map(|lines| (spool, lines)),
            Ok(Found::Unsound) => {
                board.keeper.refuse(place);
                taken.plan_anew();
                return Ok(None);
            }
            Ok(Found::Gone) => {
                taken.plan_anew();
                return Ok(None);
            }
            Err(error) => Err(error),
        };
        let selected = lines.and_then(|(spool, lines)| match lines {
            Some(lines) if selection.is_everything() => Ok((spool, Some(lines))),
            Some(lines) => match selection.of(&lines) {
                Ok(lines) => Ok((spool, Some(lines))),
                Err(damage) => Err(verify::damaged(0, &damage, board.credentials())),
            },
            None => Ok((spool, None)),
        });
        let decoded = selected.and_then(|(spool, lines)| match lines {
            Some(lines) => match self.shared.decoder.decode(lines, window.days()) {
                Ok(decoded) => Ok(Some(decoded.batch)),
                Err(damage) => Err(verify::damaged(0, &damage, board.credentials())),
            },
            None => {
                let blocks = Blocks::new(inflate::stream_spool(spool, Encoding::Gzip)?, STREAM_BLOCK);
                let selection = (!selection.is_everything()).then_some(selection);
                self.streamed = Some(Streamed { window, selection, blocks, rows: 0 });
                Ok(None)
            }
        });
        match decoded {
            // What it holds was counted when it came.
            Ok(batch) => {
                let asked = Asked { at: copy.asked_at, is_empty: copy.is_empty() };
                Ok(taken.settle(Count::default(), asked).then_some(batch).flatten())
            }
            // Its bytes are what they were, and still no good.
            Err(error) if verify::is_damage(&error) => {
                board.keeper.refuse(place);
                taken.plan_anew();
                Ok(None)
            }
            // No memory, no file handle: what was paid for stays, and serves another time.
            Err(error) => {
                taken.give_up(error);
                Ok(None)
            }
        }
    }

    /// The lines of a window that fits this reader's share of the memory.
    fn whole(&self, spool: &mut Spool, encoding: Encoding) -> Result<Option<Vec<u8>>> {
        let size = inflate::expected_size(spool, encoding)?;
        let share = self.shared.share as u64;
        match size.unwrap_or(0) <= share && spool.len() <= share {
            true => Ok(inflate::whole(spool, encoding, size, self.shared.share)?),
            false => Ok(None),
        }
    }

    /// The lines of any other one, in blocks, and what they hold.
    fn stream(
        &self,
        board: &Board,
        window: Window,
        mut spool: Spool,
        encoding: Encoding,
        verified: Option<Count>,
    ) -> Result<(Blocks<Box<dyn Read + Send>>, Count)> {
        let count = match verified {
            Some(count) => count,
            None => verify::lines(inflate::stream_spool(&mut spool, encoding)?, window.days(), board.credentials())?,
        };
        Ok((Blocks::new(inflate::stream_spool(spool, encoding)?, STREAM_BLOCK), count))
    }

    /// Damage in here was not to be seen when the window was verified, and rows of it are out: nothing can mend it.
    fn next_block(&mut self, board: &Board, mut streamed: Streamed) -> Result<Option<RecordBatch>> {
        let fail = |error: Error| board.fail(error.context(streamed.window));
        // A failure of the scan comes back from `take`, with the next call.
        let block = match streamed.blocks.next() {
            Ok(Some(block)) => block,
            Ok(None) => return Ok(None),
            Err(error) => {
                fail(error.into());
                return Ok(None);
            }
        };
        let selected = match &streamed.selection {
            Some(selection) => selection.of(&block),
            None => Ok(block),
        };
        let batch = match selected.and_then(|block| self.shared.decoder.decode(block, streamed.window.days())) {
            Ok(decoded) => decoded.batch,
            Err(damage) => {
                fail(verify::damaged(streamed.rows, &damage, board.credentials()));
                return Ok(None);
            }
        };
        streamed.rows += batch.num_rows();
        self.streamed = Some(streamed);
        Ok(Some(batch))
    }
}

/// What became of a kept answer.
enum Found {
    Sound(Spool),
    /// Its bytes are not those that its name speaks of.
    Unsound,
    Gone,
}

/// Looks at all of a kept answer; one of at most so many bytes is read once.
///
/// Errors: where this machine can't open it, or has no memory for it.
fn open_sound(copy: &archive::Copy, place: &Path, share: u64) -> Result<Found> {
    let file = match File::open(place) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Gone),
        Err(error) => return Err(Error::from(error).context(place.display())),
    };
    let spool = if copy.length <= share {
        archive::sound_bytes(copy, file).map(|bytes| bytes.map(Spool::from))
    } else {
        archive::is_sound(copy, &file).map(|is_sound| is_sound.then(|| Spool::from((file, copy.length))))
    };
    match spool {
        Ok(spool) => Ok(spool.map_or(Found::Unsound, Found::Sound)),
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(error.into()),
        // What can't be read is damaged.
        Err(_) => Ok(Found::Unsound),
    }
}
