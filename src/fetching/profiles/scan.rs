//! How do pages become batches of rows?

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use arrow_array::RecordBatch;
use tokio::sync::{Notify, mpsc::Receiver};

use super::{
    download::{self, Message, Order},
    question::ProfilesQuestion,
};
use crate::{
    config::{Credentials, Target},
    contract::{ASK_EVERY, Code, Error, Lent, Reader, ReaderThread, Result, Scan},
    decode::{Column, DamageKind, Decoder, ProfileBlock},
    fetching::record::Fetch,
    mixpanel::redact,
};

/// One execution.
pub struct ProfilesScan {
    reader: Mutex<Option<ProfilesReader>>,
    record: Arc<Fetch>,
    progress: Arc<AtomicU64>,
    stop: Arc<Notify>,
}

impl ProfilesScan {
    pub fn new(
        target: Target,
        questions: Vec<ProfilesQuestion>,
        max_rows: Option<u64>,
        max_workers: usize,
        columns: &[Column],
        record: Arc<Fetch>,
    ) -> Self {
        let (progress, stop) = (Arc::<AtomicU64>::default(), Arc::<Notify>::default());
        let credentials = target.credentials.clone();
        let order = Order {
            target,
            questions,
            max_rows,
            max_workers,
            in_lines: columns.contains(&Column::Profile),
            record: Arc::clone(&record),
            progress: Arc::clone(&progress),
            stop: Arc::clone(&stop),
        };
        let (source, decoder) = (Source::Waiting(Box::new(order)), Decoder::of_profiles(columns));
        let reader = ProfilesReader { source, decoder, record: Arc::clone(&record), credentials };
        Self { reader: Mutex::new(Some(reader)), record, progress, stop }
    }
}

impl Scan for ProfilesScan {
    fn reader(&self, _thread: ReaderThread) -> Result<Box<dyn Reader>> {
        // One reader has the rows, every other one nothing.
        match self.reader.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take() {
            Some(reader) => Ok(Box::new(reader)),
            None => Ok(Box::new(Nothing)),
        }
    }

    fn json_is_sound(&self) -> bool {
        true
    }

    fn cancel(&self) {
        self.stop.notify_one();
        self.record.finish(None);
    }

    fn progress(&self) -> Option<f64> {
        Some(self.progress.load(Ordering::Relaxed) as f64 / 1000.0)
    }
}

impl Drop for ProfilesScan {
    fn drop(&mut self) {
        self.cancel();
    }
}

struct Nothing;

impl Reader for Nothing {
    fn next(&mut self, _lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        Ok(None)
    }
}

enum Source {
    /// Nobody has asked for a row yet, so nobody has asked Mixpanel.
    Waiting(Box<Order>),
    Pages(Receiver<Result<Message>>),
    Ended,
}

struct ProfilesReader {
    source: Source,
    decoder: Decoder,
    record: Arc<Fetch>,
    credentials: Credentials,
}

impl Reader for ProfilesReader {
    fn next(&mut self, lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        let read = self.read(lent.is_interrupted);
        let batch = read.map_err(|error| error.redacted(|text| redact(&self.credentials, text)));
        match &batch {
            Ok(Some(batch)) => Fetch::add(&self.record.rows, batch.num_rows() as u64),
            Ok(None) => self.record.finish(None),
            Err(error) => {
                self.source = Source::Ended;
                self.record.finish(Some(error.to_string()));
            }
        }
        batch
    }
}

impl ProfilesReader {
    fn read(&mut self, is_interrupted: &dyn Fn() -> bool) -> Result<Option<RecordBatch>> {
        let mut pages = match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Waiting(order) if order.questions.is_empty() => return Ok(None),
            Source::Waiting(order) => download::start(*order)?,
            Source::Pages(pages) => pages,
            Source::Ended => return Ok(None),
        };
        match receive(&mut pages, is_interrupted) {
            Some(Ok(Message::Profiles(profiles))) => {
                self.source = Source::Pages(pages);
                self.batch(profiles).map(Some)
            }
            Some(Ok(Message::End)) => Ok(None),
            None if is_interrupted() => Ok(None),
            Some(Err(error)) => Err(error),
            None if self.record.end().finished.is_some() => Ok(None),
            None => Err(Error::new(Code::Internal, "the download thread ended early")),
        }
    }

    fn batch(&self, profiles: ProfileBlock) -> Result<RecordBatch> {
        let count = profiles.len();
        let batch = self.decoder.decode_profiles(profiles).map_err(|damage| {
            let what = damage.told(str::to_owned);
            match damage.kind {
                DamageKind::TooLarge => {
                    Error::new(Code::TooLarge, what).fix("Request fewer properties with output_properties")
                }
                _ => Error::new(Code::Internal, what),
            }
        })?;
        match batch.num_rows() == count {
            true => Ok(batch),
            false => Err(Error::new(Code::Internal, format!("{count} profiles became {} rows", batch.num_rows()))),
        }
    }
}

/// The next message; `None` where there will be none, or the statement was interrupted.
fn receive<T>(messages: &mut Receiver<T>, is_interrupted: &dyn Fn() -> bool) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match messages.poll_recv(&mut context) {
            Poll::Ready(message) => return message,
            Poll::Pending if is_interrupted() => return None,
            Poll::Pending => thread::park_timeout(ASK_EVERY),
        }
    }
}

/// Wakes the reader's thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
