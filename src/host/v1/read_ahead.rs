//! Threads of our own that read a scan ahead.
//!
//! With `preserve_insertion_order`, its default, DuckDB reads a table function
//! of this API on one thread. That thread is busy enough with copying rows into
//! the table, so the readers of a scan that can use several threads get some of
//! ours, and the batches come to DuckDB's thread through a short queue.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread::{self, JoinHandle},
};

use arrow_array::RecordBatch;

use crate::{
    contract::{Reader, ReaderThread, Result, Scan},
    host::{contain::caught, place::Place},
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
                    while let Some(batch) = reader.next()? {
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
    fn next(&mut self) -> Result<Option<RecordBatch>> {
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
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;
    use crate::contract::{Code, Columns, Error, SqlType, texts};

    /// What the readers of a scan do, by turns.
    #[derive(Clone, Copy)]
    enum Turn {
        Row,
        Error,
        Panic,
    }

    struct Scripted {
        turns: &'static [Turn],
        next: Arc<AtomicUsize>,
        threads: usize,
        is_cancelled: Arc<AtomicBool>,
    }

    struct ScriptedReader(&'static [Turn], Arc<AtomicUsize>);

    impl Scan for Scripted {
        fn max_threads(&self) -> usize {
            self.threads
        }

        fn reader(&self, _thread: ReaderThread) -> Result<Box<dyn Reader>> {
            Ok(Box::new(ScriptedReader(self.turns, Arc::clone(&self.next))))
        }

        fn cancel(&self) {
            self.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    impl Reader for ScriptedReader {
        fn next(&mut self) -> Result<Option<RecordBatch>> {
            match self.0.get(self.1.fetch_add(1, Ordering::Relaxed)) {
                None => Ok(None),
                Some(Turn::Row) => {
                    let columns = Columns::new([("name", SqlType::Varchar)]);
                    Ok(Some(RecordBatch::try_new(columns.schema(), vec![texts([Some("a")])])?))
                }
                Some(Turn::Error) => Err(Error::new(Code::Truncated, "on purpose")),
                Some(Turn::Panic) => panic!("on purpose"),
            }
        }
    }

    fn read(turns: &'static [Turn], threads: usize) -> (usize, Option<Error>, bool) {
        let is_cancelled = Arc::<AtomicBool>::default();
        let scan = Scripted { turns, next: Arc::default(), threads, is_cancelled: Arc::clone(&is_cancelled) };
        let mut ahead = ReadAhead::new(Arc::new(scan));
        let mut rows = 0;
        let error = loop {
            match ahead.next() {
                Ok(Some(batch)) => rows += batch.num_rows(),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        drop(ahead);
        (rows, error, is_cancelled.load(Ordering::Relaxed))
    }

    #[test]
    fn all_rows_come_whoever_reads_them() {
        for threads in [1, 2, 8] {
            assert_eq!(read(&[Turn::Row; 20], threads), (20, None, true));
        }
    }

    #[test]
    fn a_thread_that_dies_is_no_end_of_the_rows() {
        for (turn, code, words) in
            [(Turn::Panic, Code::Internal, "on purpose"), (Turn::Error, Code::Truncated, "on purpose")]
        {
            for threads in [1, 2] {
                let turns: &'static [Turn] = match turn {
                    Turn::Panic => &[Turn::Row, Turn::Row, Turn::Panic],
                    _ => &[Turn::Row, Turn::Row, Turn::Error],
                };
                let (rows, error, is_cancelled) = read(turns, threads);
                let error = error.unwrap();
                assert!(
                    rows <= 2 && is_cancelled && error.code() == code && error.to_string().contains(words),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn nothing_starts_before_rows_are_asked_for() {
        let next = Arc::<AtomicUsize>::default();
        let scan = Scripted { turns: &[Turn::Row], next: Arc::clone(&next), threads: 2, is_cancelled: Arc::default() };
        drop(ReadAhead::new(Arc::new(scan)));
        assert_eq!(next.load(Ordering::Relaxed), 0);
    }
}
