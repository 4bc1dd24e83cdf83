//! How do the pages get here?
//!
//! One thread, with a small runtime of its own, asks one question after the
//! other: the first page, then several at once. What has arrived goes into a
//! short queue; while that is full nothing more is asked for. When nobody reads
//! any more, everything under way is dropped, which closes the connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tokio::{
    sync::{
        Notify,
        mpsc::{Receiver, Sender, channel},
    },
    task::{JoinError, JoinSet},
};

use super::{
    page::{Form, Page, Profiles},
    pages::{Held, Pages},
    question::Question,
    seen::{Novelty, Seen},
};
use crate::{
    config::Target,
    contract::{Code, Error, Reason, Result},
    fetching::record::Fetch,
    mixpanel::{Client, Quota, Request},
};

/// Pages that wait for the reader.
const QUEUED_PAGES: usize = 2;

/// Answers that are asked for again because they can't be read.
const MAX_DAMAGED: usize = 3;

/// Sessions that the server may forget before a question is given up.
const MAX_RESTARTS: usize = 3;

/// What comes to the reader.
pub enum Message {
    /// Profiles, each for the first time.
    Profiles(Profiles),
    /// All questions are answered. Without this the end is none.
    End,
}

/// What is to be downloaded, and how.
pub struct Order {
    pub target: Target,
    pub questions: Vec<Question>,
    pub max_workers: usize,
    pub form: Form,
    pub record: Arc<Fetch>,
    /// Thousandths of the way.
    pub progress: Arc<AtomicU64>,
    /// Told when nobody will read on.
    pub stop: Arc<Notify>,
}

struct Download {
    client: Client,
    order: Order,
    queue: Sender<Result<Message>>,
}

/// Why a session ended early.
enum Broken {
    /// The server has forgotten it, and said so.
    Forgotten(Error),
    Failed(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Broken::Failed(error)
    }
}

/// Starts to ask.
///
/// Errors: `RateLimited` where the hour has not enough requests left for the first pages of all questions.
pub fn start(order: Order) -> Result<Receiver<Result<Message>>> {
    let client = Client::new(&order.target)?;
    client.afford(Quota::Query, order.questions.len())?;
    let (queue, pages) = channel(QUEUED_PAGES);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let run = move || {
        runtime.block_on(drive(Arc::new(Download { client, order, queue })));
        runtime.shutdown_background();
    };
    thread::Builder::new().name("mixpanel-pages".into()).spawn(run)?;
    Ok(pages)
}

async fn drive(download: Arc<Download>) {
    let queue = &download.queue;
    let work = async {
        let outcome = download.questions().await.map(|()| Message::End);
        let _ = queue.send(outcome).await;
    };
    tokio::select! {
        () = work => {}
        () = queue.closed() => {}
        () = download.order.stop.notified() => {}
    }
}

impl Download {
    async fn questions(self: &Arc<Self>) -> Result<()> {
        let count = self.order.questions.len();
        let mut seen = Seen::default();
        for number in 0..count {
            self.question(number, &mut seen).await.map_err(|error| match count {
                1 => error,
                _ => error.context(self.place(number)),
            })?;
        }
        Ok(())
    }

    /// One of several questions, as messages say it.
    fn place(&self, number: usize) -> String {
        format!("question {} of {}", number + 1, self.order.questions.len())
    }

    /// Hands out the answer to one question.
    async fn question(self: &Arc<Self>, number: usize, seen: &mut Seen) -> Result<()> {
        let mut restarts = 0;
        loop {
            seen.begin(number);
            match self.session(number, seen).await {
                Ok(()) => return Ok(()),
                Err(Broken::Failed(error)) => return Err(error),
                Err(Broken::Forgotten(error)) if restarts == MAX_RESTARTS => {
                    let what = format!("Mixpanel forgot the session {} times before all pages were read", restarts + 1);
                    return Err(Error::new(Code::ServerError, what).server(error.words().unwrap_or_default()).fix(
                        "Run it again, into a table and not row by row: Mixpanel keeps a session for a short time only",
                    ));
                }
                Err(Broken::Forgotten(_)) => {
                    restarts += 1;
                    Fetch::add(&self.order.record.retries, 1);
                    tokio::time::sleep(self.client.retry_policy().pause(restarts)).await;
                }
            }
        }
    }

    /// Asks for all pages in one session.
    async fn session(self: &Arc<Self>, number: usize, seen: &mut Seen) -> Result<(), Broken> {
        let Some(question) = self.order.questions.get(number) else { return Ok(()) };
        let done = self.order.record.windows_done.load(Ordering::Relaxed);
        let first = self.clone().fetch(0, question.first()).await?;
        let (announced, session) = (first.announced(), first.session.clone().unwrap_or_default());
        let (held, profiles) = fresh(first.profiles, seen);
        let mut pages = Pages::new(announced, held);
        self.note(number, done, &pages);
        self.hand_out(profiles).await;
        let mut tasks = JoinSet::new();
        loop {
            while let Some(page) = pages.next(self.order.max_workers as u64) {
                let (download, request) = (Arc::clone(self), question.page(&session, page));
                tasks.spawn(async move { (page, download.fetch(page, request).await) });
            }
            let Some(ended) = tasks.join_next().await else { break };
            let (page, answer) = ended.map_err(failed)?;
            let answer = answer.map_err(|error| match error.reason() {
                Some(Reason::SessionForgotten) => Broken::Forgotten(error),
                _ => Broken::Failed(error),
            })?;
            let (held, profiles) = fresh(answer.profiles, seen);
            pages.arrived(page, held);
            self.note(number, done, &pages);
            self.hand_out(profiles).await;
        }
        if let Some(warning) = pages.check()? {
            let warning =
                if self.order.questions.len() == 1 { warning } else { format!("{}: {warning}", self.place(number)) };
            self.order.record.warn("FEWER_PROFILES", warning);
        }
        Ok(())
    }

    /// One page, asked for until it is here, whole, or can't be had.
    async fn fetch(self: Arc<Self>, page: u64, request: Request) -> Result<Page> {
        let record = &self.order.record;
        let mut damaged = 0;
        let outcome = loop {
            let retry = || Fetch::add(&record.retries, 1);
            let answer = self.client.json_noting(&request, |_| retry()).await;
            record.requests.store(self.client.requests(), Ordering::Relaxed);
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => break Err(error),
            };
            Fetch::add(&record.bytes, answer.received);
            match Page::read(&answer.body, self.order.form) {
                // The server means what it says, and would say it again.
                Err(error) if !Page::may_be_damaged(&answer.body) => break Err(error),
                Err(_) if damaged + 1 < MAX_DAMAGED => {
                    damaged += 1;
                    retry();
                    tokio::time::sleep(self.client.retry_policy().pause(damaged)).await;
                }
                Err(error) => break Err(error.context(format!("after {MAX_DAMAGED} attempts"))),
                page => break page,
            }
        };
        outcome.map_err(|error| error.context(format!("page {page}")))
    }

    /// Gives profiles to the reader, waiting for room.
    async fn hand_out(&self, profiles: Profiles) {
        if profiles.len() > 0 {
            // Nobody reads any more: `drive` sees that too.
            let _ = self.queue.send(Ok(Message::Profiles(profiles))).await;
        }
    }

    /// Writes down how far it is: a page is here, of a session before which so many pages were done.
    fn note(&self, number: usize, done_before: u64, pages: &Pages) {
        let (record, count) = (&self.order.record, self.order.questions.len());
        Fetch::add(&record.windows_done, 1);
        let later = (count - number).saturating_sub(1) as u64;
        record.windows.store(done_before + pages.count() + later, Ordering::Relaxed);
        let way = (number as f64 + pages.progress()) / count as f64;
        // Never backwards, as a question that is asked anew would have it.
        self.order.progress.fetch_max((way * 1000.0) as u64, Ordering::Relaxed);
    }
}

/// What a page held, and those of its profiles that were never handed out.
fn fresh(profiles: Profiles, seen: &mut Seen) -> (Held, Profiles) {
    let mut held = Held { profiles: profiles.len() as u64, ..Held::default() };
    let fresh = profiles.retain(|identity| {
        let came = seen.add(identity);
        held.new += u64::from(came.novelty != Novelty::Repeated);
        held.unlike += u64::from(came.is_first_alike);
        came.novelty == Novelty::New
    });
    (held, fresh)
}

fn failed(error: JoinError) -> Error {
    Error::new(Code::Internal, format!("a download failed: {error}"))
}
