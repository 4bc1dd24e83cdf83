//! How do the pages get here?
//!
//! One thread asks one question after the other: the first page, then several at
//! once. What has arrived goes into a short queue; while that is full nothing more
//! is asked for. When nobody reads any more, everything under way is dropped,
//! which closes the connections.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    sync::{
        Notify,
        mpsc::{Receiver, Sender, channel},
    },
    task::JoinSet,
};

use super::{
    page::{Page, Unread},
    pages::{Held, Pages},
    question::ProfilesQuestion,
    seen::{Novelty, Seen},
};
use crate::{
    config::Target,
    contract::{Code, Error, Reason, Result},
    decode::ProfileBlock,
    fetching::{client::FetchClient, record::Fetch, thread},
    mixpanel::{Failure, Quota, Request},
};

/// Pages that wait for the reader.
const QUEUED_PAGES: usize = 2;

/// What comes to the reader.
pub enum Message {
    /// Profiles, each for the first time.
    Profiles(ProfileBlock),
    /// All questions are answered. Without this the end is none.
    End,
}

/// What is to be downloaded, and how.
pub struct Order {
    pub target: Target,
    pub questions: Vec<ProfilesQuestion>,
    /// No more profiles than this are wanted. Pages are then asked for one by one, so that the first ones are those.
    pub max_rows: Option<u64>,
    pub max_workers: usize,
    /// Whether profiles keep their line ends.
    pub in_lines: bool,
    pub record: Arc<Fetch>,
    /// Thousandths of the way.
    pub progress: Arc<AtomicU64>,
    /// Told when nobody will read on.
    pub stop: Arc<Notify>,
}

struct Download {
    client: FetchClient,
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
    let client = FetchClient::new(&order.target, Quota::Query, order.questions.len(), Arc::clone(&order.record))?;
    let (queue, pages) = channel(QUEUED_PAGES);
    let download = Arc::new(Download { client, order, queue: queue.clone() });
    // Whatever ends the thread, the reader must not take it for the end of the pages. One that is gone needs no word.
    thread::run("mixpanel-pages", drive(download), move |error| drop(queue.blocking_send(Err(error))))?;
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
        let mut given = 0;
        for number in 0..count {
            if self.order.max_rows.is_some_and(|most| given >= most) {
                break;
            }
            self.question(number, &mut seen, &mut given).await.map_err(|error| match count {
                1 => error,
                _ => error.context(self.place(number)),
            })?;
        }
        Ok(())
    }

    /// One of several questions, as messages say it.
    fn place(&self, number: usize) -> String {
        format!("request {} of {}", number + 1, self.order.questions.len())
    }

    /// Hands out the answer to one question. `given` counts the profiles that were.
    async fn question(self: &Arc<Self>, number: usize, seen: &mut Seen, given: &mut u64) -> Result<()> {
        let wanted = self.order.max_rows.map(|most| most.saturating_sub(*given));
        let mut tries = self.client.tries();
        let mut forgotten = 0;
        loop {
            seen.begin(number);
            let error = match self.session(number, seen, wanted, given).await {
                Ok(()) => return Ok(()),
                Err(Broken::Failed(error)) => return Err(error),
                Err(Broken::Forgotten(error)) => error,
            };
            forgotten += 1;
            let pause = tries.again(Failure::damaged(error)).map_err(|error| {
                let what = format!("Mixpanel forgot the session {forgotten} times before all pages were read");
                Error::new(Code::ServerError, what).server(error.words().unwrap_or_default()).fix(
                    "Run it again and write the result into a table, not row by row. Mixpanel keeps a session only for \
                     a short time",
                )
            })?;
            Fetch::add(&self.order.record.retries, 1);
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks for all pages in one session.
    async fn session(
        self: &Arc<Self>,
        number: usize,
        seen: &mut Seen,
        wanted: Option<u64>,
        given: &mut u64,
    ) -> Result<(), Broken> {
        let Some(question) = self.order.questions.get(number) else { return Ok(()) };
        let done = self.order.record.windows_done.load(Ordering::Relaxed);
        let first = self.clone().fetch(0, question.first()).await?;
        let (announced, session) = (first.announced(), first.session.clone().unwrap_or_default());
        let (held, profiles) = fresh(first, seen);
        let mut pages = Pages::new(announced, held, wanted);
        self.note(number, done, &pages);
        self.hand_out(profiles, given).await;
        let mut tasks = JoinSet::new();
        loop {
            while let Some(page) = pages.next(self.at_once()) {
                let (download, request) = (Arc::clone(self), question.page(&session, page));
                tasks.spawn(async move { (page, download.fetch(page, request).await) });
            }
            let Some(ended) = tasks.join_next().await else { break };
            let (page, answer) = ended.map_err(thread::broken)?;
            let answer = answer.map_err(|error| match error.reason() {
                Some(Reason::SessionForgotten) => Broken::Forgotten(error),
                _ => Broken::Failed(error),
            })?;
            let (held, profiles) = fresh(answer, seen);
            pages.arrived(page, held);
            self.note(number, done, &pages);
            self.hand_out(profiles, given).await;
        }
        if let Some(warning) = pages.check()? {
            let warning =
                if self.order.questions.len() == 1 { warning } else { format!("{}: {warning}", self.place(number)) };
            self.order.record.warn("FEWER_PROFILES", warning);
        }
        Ok(())
    }

    /// How many pages are asked for at the same time.
    fn at_once(&self) -> u64 {
        match self.order.max_rows {
            Some(_) => 1,
            None => self.order.max_workers as u64,
        }
    }

    /// One page, asked for until it is here, whole, or no try is left.
    async fn fetch(self: Arc<Self>, page: u64, request: Request) -> Result<Page> {
        let outcome = self.client.persist(&mut self.client.tries(), || self.attempt(&request)).await;
        outcome.map_err(|error| error.context(format!("page {page}")))
    }

    async fn attempt(&self, request: &Request) -> Result<Page, Failure> {
        let text = self.client.text(request).await?;
        let length = text.len();
        Page::read(text.into(), self.order.in_lines).map_err(|unread| match unread {
            Unread::BrokenOff => self.client.broken_off(request, length),
            Unread::Damaged(error) => Failure::damaged(error),
            Unread::Meant(error) => Failure::never(error),
        })
    }

    /// Gives profiles to the reader, waiting for room.
    async fn hand_out(&self, mut profiles: ProfileBlock, given: &mut u64) {
        if let Some(most) = self.order.max_rows {
            let room = usize::try_from(most.saturating_sub(*given)).unwrap_or(usize::MAX);
            profiles.retain(&vec![true; room.min(profiles.len())]);
        }
        *given += profiles.len() as u64;
        if !profiles.is_empty() {
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
fn fresh(page: Page, seen: &mut Seen) -> (Held, ProfileBlock) {
    let Page { mut profiles, identities, .. } = page;
    let mut held = Held { profiles: profiles.len() as u64, ..Held::default() };
    let is_new = identities.into_iter().map(|identity| {
        let came = seen.add(identity);
        held.new += u64::from(came.novelty != Novelty::Repeated);
        held.unlike += u64::from(came.is_first_alike);
        came.novelty == Novelty::New
    });
    let is_new: Vec<bool> = is_new.collect();
    profiles.retain(&is_new);
    (held, profiles)
}
