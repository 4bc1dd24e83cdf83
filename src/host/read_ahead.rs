//! What do the other cores do while one thread of DuckDB's reads?
//!
//! With `preserve_insertion_order`, its default, DuckDB reads a table function of its first C API on one thread. That
//! thread is busy enough with copying rows into the table, so the readers of a scan that can use several threads get some
//! of ours, and the batches come to DuckDB's thread through a short queue:
//!
//! ```text
//! reader --> thread of ours --\
//! reader --> thread of ours ----> queue of 2 batches --> DuckDB's thread
//! reader --> thread of ours --/
//! ```
//!
//! A thread that has a batch waits for room in the queue. A thread that fails, by an error or a panic, sends that in the
//! place of its next batch: the rows end only when every reader has ended.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread::{self, JoinHandle},
};

use arrow_array::RecordBatch;

use crate::{
    contract::{Lent, Reader, ReaderThread, Result, Scan},
    host::{contain::caught, local_files::LENT, place::Place},
};

/// Batches that wait for DuckDB's thread; each reader holds one more.
const QUEUED_BATCHES: usize = 2;

pub struct ReadAhead {
    scan: Arc<dyn Scan>,
    /// `None` until rows are first asked for. Dropped before the threads are joined: that ends their sending.
    queue: Option<Receiver<Result<RecordBatch>>>,
    threads: Vec<JoinHandle<()>>,
}

impl ReadAhead {
    pub fn new(scan: Arc<dyn Scan>) -> Self {
        Self { scan, queue: None, threads: Vec::new() }
    }

    fn start(&mut self) -> Result<()> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (sender, queue) = sync_channel(QUEUED_BATCHES);
        for _ in 0..self.scan.max_threads().min(cores) {
            let mut reader = self.scan.reader(ReaderThread::Ours)?;
            let sender = sender.clone();
            let read = move || {
                let outcome = caught(Place::ReadAhead, || {
                    while let Some(batch) = reader.next(&LENT)? {
                        if sender.send(Ok(batch)).is_err() {
                            break;
                        }
                    }
                    Ok(())
                });
                if let Err(error) = outcome {
                    let _ = sender.send(Err(error));
                }
            };
            self.threads.push(thread::Builder::new().name("mixpanel-decode".into()).spawn(read)?);
        }
        self.queue = Some(queue);
        Ok(())
    }
}

impl Reader for ReadAhead {
    /// Its own threads read, with the operating system's files.
    fn next(&mut self, _lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        if self.queue.is_none() {
            self.start()?;
        }
        // Every reader ends with its rows or with an error, also one that panics.
        match self.queue.as_ref().map(Receiver::recv) {
            Some(Ok(batch)) => batch.map(Some),
            _ => Ok(None),
        }
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.scan.cancel();
        self.queue.take();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::contract::{Code, Columns, Error, Lent, SqlType, texts};

    /// What the readers of a scan do, by turns.
    #[derive(Clone, Copy)]
    enum Turn {
        Row,
        Error,
        Panic,
        /// Waits until the scan is cancelled, and ends then.
        Wait,
    }

    /// A scan whose readers share a script; after its last turn they end.
    struct Scripted {
        turns: Vec<Turn>,
        threads: usize,
        /// How many of its readers can be made.
        readers: AtomicUsize,
        state: Arc<State>,
    }

    #[derive(Default)]
    struct State {
        taken: AtomicUsize,
        is_cancelled: Mutex<bool>,
        cancelled: Condvar,
    }

    fn scan(turns: impl IntoIterator<Item = Turn>, threads: usize) -> (ReadAhead, Arc<State>) {
        scan_with(turns, threads, usize::MAX)
    }

    fn scan_with(turns: impl IntoIterator<Item = Turn>, threads: usize, readers: usize) -> (ReadAhead, Arc<State>) {
        let state = Arc::<State>::default();
        let turns = turns.into_iter().collect();
        let scan = Scripted { turns, threads, readers: readers.into(), state: Arc::clone(&state) };
        (ReadAhead::new(Arc::new(scan)), state)
    }

    impl Scan for Scripted {
        fn max_threads(&self) -> usize {
            self.threads
        }

        fn reader(&self, thread: ReaderThread) -> Result<Box<dyn Reader>> {
            assert_eq!(thread, ReaderThread::Ours);
            match self.readers.fetch_sub(1, Ordering::Relaxed) {
                0 => Err(Error::new(Code::NetworkError, "no reader")),
                _ => Ok(Box::new(ScriptedReader(self.turns.clone(), Arc::clone(&self.state)))),
            }
        }

        fn cancel(&self) {
            *self.state.is_cancelled.lock().unwrap() = true;
            self.state.cancelled.notify_all();
        }
    }

    struct ScriptedReader(Vec<Turn>, Arc<State>);

    impl Reader for ScriptedReader {
        fn next(&mut self, _lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
            let Self(turns, state) = self;
            let at = state.taken.fetch_add(1, Ordering::Relaxed);
            match turns.get(at) {
                None => Ok(None),
                Some(Turn::Row) => {
                    let columns = Columns::new([("name", SqlType::Varchar)]);
                    Ok(Some(RecordBatch::try_new(columns.schema(), vec![texts([Some(at.to_string())])])?))
                }
                Some(Turn::Error) => Err(Error::new(Code::Truncated, "on purpose")),
                Some(Turn::Panic) => panic!("on purpose"),
                Some(Turn::Wait) => {
                    let is_cancelled = state.is_cancelled.lock().unwrap();
                    let _ended = state.cancelled.wait_while(is_cancelled, |is_cancelled| !*is_cancelled).unwrap();
                    Ok(None)
                }
            }
        }
    }

    /// The rows in the order in which they come, and the error that ends them.
    fn read(ahead: &mut ReadAhead) -> (Vec<usize>, Option<Error>) {
        let mut rows = vec![];
        loop {
            match ahead.next(&Lent::NOTHING) {
                Ok(Some(batch)) => {
                    let texts = arrow_array::cast::AsArray::as_string_view(batch.column(0));
                    rows.extend(texts.iter().flatten().map(|text| text.parse::<usize>().unwrap()));
                }
                Ok(None) => return (rows, None),
                Err(error) => return (rows, Some(error)),
            }
        }
    }

    fn is_cancelled(state: &State) -> bool {
        *state.is_cancelled.lock().unwrap()
    }

    #[test]
    fn all_rows_come_once_whoever_reads_them() {
        for threads in [1, 2, 8] {
            let (mut ahead, state) = scan([Turn::Row; 20], threads);
            let (mut rows, error) = read(&mut ahead);
            // One thread keeps their order.
            if threads > 1 {
                rows.sort_unstable();
            }
            assert_eq!((rows, error), ((0..20).collect(), None));
            // The end stays the end.
            assert!(ahead.next(&Lent::NOTHING).unwrap().is_none());
            drop(ahead);
            assert!(is_cancelled(&state));
        }
    }

    #[test]
    fn a_thread_that_dies_is_no_end_of_the_rows() {
        for (turn, code) in [(Turn::Panic, Code::Internal), (Turn::Error, Code::Truncated)] {
            for threads in [1, 2] {
                let (mut ahead, _) = scan([Turn::Row, Turn::Row, turn], threads);
                let (rows, error) = read(&mut ahead);
                let error = error.unwrap();
                assert!(rows.len() <= 2 && error.code() == code && error.to_string().contains("on purpose"), "{error}");
            }
        }
    }

    #[test]
    fn nothing_starts_before_rows_are_asked_for() {
        let (ahead, state) = scan([Turn::Row], 2);
        drop(ahead);
        assert_eq!(state.taken.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn no_more_is_read_ahead_than_there_is_room_for() {
        let threads = 2;
        let (mut ahead, state) = scan([Turn::Row; 2000], threads);
        for given in 1..=1000 {
            assert!(ahead.next(&Lent::NOTHING).unwrap().is_some());
            let taken = state.taken.load(Ordering::Relaxed);
            assert!(taken <= given + QUEUED_BATCHES + threads, "{taken} were read when {given} were asked for");
        }
        // Nor does anybody read on when nobody listens.
        drop(ahead);
        assert!(state.taken.load(Ordering::Relaxed) <= 1000 + QUEUED_BATCHES + 2 * threads);
    }

    #[test]
    fn dropping_it_ends_threads_that_wait_whatever_they_wait_for() {
        // For rows, and, where there is a second core, for room in the queue too.
        let turns = [Turn::Row, Turn::Wait].into_iter().chain([Turn::Row; 100]);
        let (mut ahead, state) = scan(turns, 2);
        assert!(ahead.next(&Lent::NOTHING).unwrap().is_some());
        drop(ahead);
        assert!(is_cancelled(&state));
    }

    #[test]
    fn a_reader_that_can_not_be_made_is_an_error() {
        for readers in [0, 1] {
            let (mut ahead, _) = scan_with([Turn::Row; 100], 2, readers);
            let cores = thread::available_parallelism().map_or(1, usize::from);
            if readers < cores {
                assert_eq!(ahead.next(&Lent::NOTHING).map(|_| ()).unwrap_err().code(), Code::NetworkError);
            }
        }
    }
}
