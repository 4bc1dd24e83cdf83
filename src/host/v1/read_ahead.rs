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

use crate::contract::{Code, Error, Reader, Result, Scan};

/// Batches that wait for DuckDB's thread; each reader holds one more.
const QUEUED_BATCHES: usize = 2;

pub struct ReadAhead {
    // In the order in which they must go: dropping the scan ends what the readers wait for, dropping the queue
    // ends their sending, and then the threads can be joined.
    scan: Option<Arc<dyn Scan>>,
    queue: Option<Receiver<Result<RecordBatch>>>,
    threads: Vec<JoinHandle<()>>,
}

impl ReadAhead {
    pub fn start(scan: Arc<dyn Scan>) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (sender, queue) = sync_channel(QUEUED_BATCHES);
        let mut threads = Vec::new();
        for _ in 0..scan.max_threads().min(cores) {
            let mut reader = scan.reader()?;
            let sender = sender.clone();
            let read = move || {
                while let Some(batch) = reader.next().transpose() {
                    let failed = batch.is_err();
                    if sender.send(batch).is_err() || failed {
                        break;
                    }
                }
            };
            threads.push(thread::Builder::new().name("mixpanel-decode".into()).spawn(read)?);
        }
        Ok(Self { scan: Some(scan), queue: Some(queue), threads })
    }
}

impl Reader for ReadAhead {
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let received = self.queue.as_ref().map(|queue| queue.recv());
        match received {
            Some(Ok(batch)) => batch.map(Some),
            _ => {
                // Every reader has ended; one that panicked must not look like the end of the data.
                let panicked = self.threads.drain(..).filter_map(|thread| thread.join().err()).count();
                match panicked {
                    0 => Ok(None),
                    _ => Err(Error::new(Code::Internal, "a decoding thread failed")),
                }
            }
        }
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        self.scan.take();
        self.queue.take();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
