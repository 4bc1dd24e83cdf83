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
