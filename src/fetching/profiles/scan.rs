//! How do pages become batches of rows?

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use tokio::sync::{Notify, mpsc::Receiver};

use super::{
    download::{self, Message, Order},
    page::{Form, Profiles},
    question::Question,
};
use crate::{
    config::{Credentials, Target},
    contract::{Code, Columns, Error, Reader, ReaderThread, Result, Scan, SqlType, texts},
    decode::{Column, Days, Decoder},
    fetching::record::Fetch,
    mixpanel::redact,
};

/// Which columns there are.
pub enum Shape {
    /// Those of the decoder.
    Columns(Vec<Column>),
    /// One column, the profile as it came; asked for so many times.
    Raw(usize),
}

/// One execution.
pub struct ProfilesScan {
    reader: Mutex<Option<ProfilesReader>>,
    /// The decoder sees to its columns; whole profiles are as they came.
    is_decoded: bool,
    record: Arc<Fetch>,
    progress: Arc<AtomicU64>,
    stop: Arc<Notify>,
}

impl ProfilesScan {
    pub fn new(target: Target, questions: Vec<Question>, max_workers: usize, shape: Shape, record: Arc<Fetch>) -> Self {
        let (progress, stop) = (Arc::<AtomicU64>::default(), Arc::<Notify>::default());
        let (form, make) = match shape {
            Shape::Columns(columns) => (Form::Lines, Make::Decode(Decoder::of_profiles(&columns))),
            Shape::Raw(times) => {
                let schema = Columns::new([("profile", SqlType::Json)]).schema();
                (Form::Raw, Make::Raw(schema, vec![0; times]))
            }
        };
        let credentials = target.credentials.clone();
        let order = Order {
            target,
            questions,
            max_workers,
            form,
            record: Arc::clone(&record),
            progress: Arc::clone(&progress),
            stop: Arc::clone(&stop),
        };
        let reader =
            ProfilesReader { source: Source::Waiting(Box::new(order)), make, record: Arc::clone(&record), credentials };
        Self { reader: Mutex::new(Some(reader)), is_decoded: form == Form::Lines, record, progress, stop }
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
        self.is_decoded
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
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        Ok(None)
    }
}

enum Source {
    /// Nobody has asked for a row yet, so nobody has asked Mixpanel.
    Waiting(Box<Order>),
    Pages(Receiver<Result<Message>>),
    Ended,
}

enum Make {
    Decode(Decoder),
    /// The columns asked for, of the one there is.
    Raw(SchemaRef, Vec<usize>),
}

struct ProfilesReader {
    source: Source,
    make: Make,
    record: Arc<Fetch>,
    credentials: Credentials,
}

impl Reader for ProfilesReader {
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let batch = self.read().map_err(|error| error.redacted(|text| redact(&self.credentials, text)));
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
    fn read(&mut self) -> Result<Option<RecordBatch>> {
        let mut pages = match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Waiting(order) if order.questions.is_empty() => return Ok(None),
            Source::Waiting(order) => download::start(*order)?,
            Source::Pages(pages) => pages,
            Source::Ended => return Ok(None),
        };
        match pages.blocking_recv() {
            Some(Ok(Message::Profiles(profiles))) => {
                self.source = Source::Pages(pages);
                self.batch(profiles).map(Some)
            }
            Some(Ok(Message::End)) => Ok(None),
            Some(Err(error)) => Err(error),
            None if self.record.end().finished.is_some() => Ok(None),
            None => Err(Error::new(Code::Internal, "the download thread ended before its work")),
        }
    }

    fn batch(&self, profiles: Profiles) -> Result<RecordBatch> {
        let count = profiles.len();
        let batch = match &self.make {
            Make::Decode(decoder) => {
                let read = decoder.decode(profiles.text.into_bytes(), Days::ALL);
                read.map_err(|damage| {
                    let what = damage.told(|text| redact(&self.credentials, text));
                    Error::new(Code::UnexpectedResponse, format!("a profile can't be read: {what}"))
                        .fix("Run it again with raw := true to see the profiles as they come")
                })?
                .batch
            }
            Make::Raw(schema, columns) => {
                let profiles = texts(profiles.texts().map(Some));
                RecordBatch::try_new(Arc::clone(schema), vec![profiles])?.project(columns)?
            }
        };
        match batch.num_rows() == count {
            true => Ok(batch),
            false => Err(Error::new(Code::Internal, format!("{count} profiles became {} rows", batch.num_rows()))),
        }
    }
}
