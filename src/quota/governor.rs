//! May this request start now?
//!
//! One governor for the process: Mixpanel counts requests for each project, not
//! for each connection of DuckDB. It waits where the wait is short (three export
//! starts a second, five queries at a time) and otherwise answers at once with
//! the time at which the hour gives something back; no request is made then.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, OnceLock},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    Quota,
    ledger::{Ledger, Millis},
    limits::{PATIENCE, moment},
};
use crate::{
    config::Target,
    contract::{Clock, Code, Error, Result},
};

/// The counts of every project, as one process sees them.
#[derive(Debug, Default)]
pub struct Governor {
    books: Mutex<BTreeMap<(Quota, Project), Book>>,
}

/// What one limit of one project is at.
#[derive(Debug)]
struct Book {
    ledger: Ledger,
    places: Arc<Semaphore>,
}

/// A project that limits are counted for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Project {
    id: Option<String>,
    /// Tells projects apart that have no id here (a project's secret) or live elsewhere (`MP_API_BASE_URL`).
    elsewhere: u64,
}

impl Project {
    pub fn of(target: &Target) -> Self {
        let mut hasher = DefaultHasher::new();
        target.base_url.hash(&mut hasher);
        if target.project_id.is_none() {
            target.credentials.secret().expose().hash(&mut hasher);
        }
        Self { id: target.project_id.clone(), elsewhere: hasher.finish() }
    }

    fn name(&self) -> String {
        self.id.as_ref().map_or_else(|| "this project".to_owned(), |id| format!("project {id}"))
    }
}

/// One line of `mixpanel_quota()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// `export`, `query` or `lexicon`.
    pub api: &'static str,
    /// `None` for a project known by its secret only.
    pub project_id: Option<String>,
    /// Requests of this process in the last period, or all of them where Mixpanel said that they are used.
    pub used: usize,
    pub limit: usize,
    /// The period that the limit holds for: an hour, a minute for the lexicon.
    pub period: Duration,
    /// When the next request comes back, where any is used.
    pub resets_at: Option<Timestamp>,
}

impl Governor {
    /// The one of this process.
    pub fn process() -> Arc<Self> {
        static PROCESS: OnceLock<Arc<Governor>> = OnceLock::new();
        Arc::clone(PROCESS.get_or_init(Arc::default))
    }

    /// Waits for a place and a start.
    ///
    /// Errors: `RateLimited` where that would take longer than a minute.
    pub async fn acquire(self: &Arc<Self>, project: &Project, quota: Quota, clock: &Clock) -> Result<Permit> {
        let now = || millis(clock.now());
        let spent = |at| spent(project, quota, at, clock.now());
        let mut permit = Permit {
            governor: Arc::clone(self),
            project: project.clone(),
            quota,
            start: None,
            left: false,
            place: None,
        };
        // Before the wait for a place: behind five slow queries, a spent hour is still worth saying at once.
        if quota.counted() {
            self.with(project, quota, |book| book.ledger.check(now())).map_err(spent)?;
        }
        let places = self.with(project, quota, |book| Arc::clone(&book.places));
        permit.place = places.acquire_owned().await.ok();
        while quota.counted() {
            let start = self.with(project, quota, |book| book.ledger.reserve(now())).map_err(spent)?;
            permit.start = Some(start);
            // Never much longer than patience allows, even if the clock is set back at this very moment.
            let wait = Duration::from_millis(u64::try_from(start - now()).unwrap_or(0)).min(2 * PATIENCE);
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            // Meanwhile Mixpanel may have said no to another request.
            if !self.with(project, quota, |book| book.ledger.is_paused(now())) {
                break;
            }
            permit.give_back();
        }
        Ok(permit)
    }

    /// Whether so many requests may be made within the hour, so that a fetch that can't come to its end does not
    /// begin. Reserves nothing.
    ///
    /// Errors: `RateLimited`, with what is left.
    pub fn afford(&self, project: &Project, quota: Quota, requests: usize, now: Timestamp) -> Result<()> {
        let rule = quota.rule();
        let (used, resets_at) =
            self.with(project, quota, |book| (book.ledger.used(millis(now)), book.ledger.resets_at(millis(now))));
        let left = rule.requests.saturating_sub(used);
        if requests <= left {
            return Ok(());
        }
        let what = format!(
            "this takes {requests} requests of the {} API, and {left} of the {} {} are left for {}; none was made",
            rule.name,
            rule.requests,
            rule.per,
            project.name()
        );
        let next = resets_at.map(|at| format!("; the next one comes back at {}", moment(timestamp(at), now)));
        let less = match quota {
            Quota::Export => "fewer days, or more days a request (window_days)",
            Quota::Query | Quota::QueryPage | Quota::Lexicon => "less at a time",
        };
        Err(Error::new(Code::RateLimited, what).fix(format!("Ask for {less}{}", next.unwrap_or_default())))
    }

    /// Mixpanel said no: nothing starts for so long, or for a while where it did not say how long. Returns until when.
    pub fn pause(&self, project: &Project, quota: Quota, length: Option<Duration>, now: Timestamp) -> Timestamp {
        timestamp(self.with(project, quota, |book| book.ledger.pause(length, millis(now))))
    }

    /// What is used of every limit that this process has touched.
    pub fn usage(&self, now: Timestamp) -> Vec<Usage> {
        let now = millis(now);
        let usage = |(&(quota, ref project), book): (&(Quota, Project), &mut Book)| Usage {
            api: quota.rule().name,
            project_id: project.id.clone(),
            used: book.ledger.used(now),
            limit: quota.rule().requests,
            period: quota.rule().period,
            resets_at: book.ledger.resets_at(now).map(timestamp),
        };
        self.lock().iter_mut().map(usage).collect()
    }

    fn with<T>(&self, project: &Project, quota: Quota, act: impl FnOnce(&mut Book) -> T) -> T {
        let quota = quota.shared();
        let mut books = self.lock();
        act(books.entry((quota, project.clone())).or_insert_with(|| {
            let rule = quota.rule();
            Book { ledger: Ledger::new(&rule), places: Arc::new(Semaphore::new(rule.concurrent)) }
        }))
    }

    /// Held for a few instructions, never across a wait.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Quota, Project), Book>> {
        self.books.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A place among the concurrent requests, held until the answer is read, and a start that counts.
#[derive(Debug)]
pub struct Permit {
    governor: Arc<Governor>,
    project: Project,
    quota: Quota,
    start: Option<Millis>,
    left: bool,
    place: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// The request leaves: from here it counts, even if nobody waits for its answer.
    pub fn leave(&mut self) {
        self.left = true;
    }

    /// The request did not arrive or was refused for its number: it does not count. Where Mixpanel does count a
    /// refusal, its next one corrects us; counting what it does not would lock users out for nothing.
    pub fn refused(&mut self) {
        self.left = false;
        self.give_back();
    }

    fn give_back(&mut self) {
        if let Some(start) = self.start.take() {
            self.governor.with(&self.project, self.quota, |book| book.ledger.forget(start));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.left {
            self.give_back();
        }
    }
}

fn spent(project: &Project, quota: Quota, at: Millis, now: Timestamp) -> Error {
    let (rule, project) = (quota.rule(), project.name());
    let what = format!(
        "{project} may make no request of the {} API now (Mixpanel allows {} {}); none was made",
        rule.name, rule.requests, rule.per
    );
    Error::new(Code::RateLimited, what)
        .fix(format!("The next one is possible at {}; mixpanel_quota() shows what is used", moment(timestamp(at), now)))
}

fn millis(moment: Timestamp) -> Millis {
    moment.as_millisecond()
}

fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{block_on, testing::target};
    use super::*;

    fn project() -> Project {
        Project::of(&target())
    }

    fn take(governor: &Arc<Governor>, quota: Quota) -> Result<Permit> {
        block_on(governor.acquire(&project(), quota, &Clock::default())).and_then(|permit| permit)
    }

    #[test]
    fn a_spent_hour_is_said_at_once_with_the_time() {
        let governor = Arc::<Governor>::default();
        for _ in 0..60 {
            take(&governor, Quota::Query).unwrap().leave();
        }
        let error = take(&governor, Quota::Query).unwrap_err();
        assert_eq!(error.code(), Code::RateLimited);
        let message = error.to_string();
        assert!(
            message.contains("project 12345 may make no request of the query API now (Mixpanel allows 60 an hour)"),
            "{message}"
        );
        assert!(message.contains(" UTC (in 60 minutes)"), "{message}");
        // Further pages of what was counted go on.
        assert!(take(&governor, Quota::QueryPage).is_ok());
        let usage = governor.usage(Clock::default().now());
        assert_eq!(usage.len(), 1);
        assert_eq!((usage[0].api, usage[0].used, usage[0].limit), ("query", 60, 60));
        assert!(usage[0].resets_at.is_some());
    }

    #[test]
    fn only_what_left_counts() {
        let governor = Arc::<Governor>::default();
        drop(take(&governor, Quota::Query).unwrap());
        let mut refused = take(&governor, Quota::Query).unwrap();
        refused.leave();
        refused.refused();
        drop(refused);
        assert_eq!(governor.usage(Clock::default().now())[0].used, 0);
        take(&governor, Quota::Query).unwrap().leave();
        assert_eq!(governor.usage(Clock::default().now())[0].used, 1);
    }

    #[test]
    fn a_place_is_waited_for() {
        let governor = Arc::<Governor>::default();
        let mut held: Vec<_> = (0..5).map(|_| take(&governor, Quota::Query).unwrap()).collect();
        let (project, clock) = (project(), Clock::default());
        let sixth =
            || tokio::time::timeout(Duration::from_millis(20), governor.acquire(&project, Quota::Query, &clock));
        assert!(block_on(async { sixth().await.is_err() }).unwrap());
        held.pop();
        assert!(block_on(async { sixth().await.is_ok() }).unwrap());
    }

    /// A fourth start waits for the pace of the export API; meanwhile Mixpanel refuses another request.
    #[test]
    fn a_pause_that_came_during_the_wait_for_a_start_holds_for_it_too() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let governor = Arc::<Governor>::default();
        let (project, clock) = (project(), Clock::default());
        let (error, used) = runtime.block_on(async {
            for _ in 0..3 {
                governor.acquire(&project, Quota::Export, &clock).await.unwrap().leave();
            }
            let refused = async {
                tokio::task::yield_now().await;
                governor.pause(&project, Quota::Export, Some(Duration::from_secs(600)), clock.now());
            };
            let (fourth, ()) = tokio::join!(governor.acquire(&project, Quota::Export, &clock), refused);
            (fourth.unwrap_err(), governor.with(&project, Quota::Export, |book| book.ledger.made()))
        });
        assert_eq!(error.code(), Code::RateLimited);
        assert!(error.to_string().contains("in 10 minutes"), "{error}");
        assert_eq!(used, 3, "the start that did not happen was given back");
    }

    #[test]
    fn a_pause_holds_for_its_project_and_api_only() {
        let governor = Arc::<Governor>::default();
        governor.pause(&project(), Quota::Export, Some(Duration::from_secs(600)), Clock::default().now());
        assert!(take(&governor, Quota::Export).unwrap_err().to_string().contains("in 10 minutes"));
        assert!(take(&governor, Quota::Query).is_ok());
        let other = Project::of(&Target { project_id: Some("9".into()), ..target() });
        assert!(block_on(governor.acquire(&other, Quota::Export, &Clock::default())).unwrap().is_ok());
    }

    #[test]
    fn projects_are_told_apart_without_an_id_too() {
        let secret = |text| Target {
            project_id: None,
            credentials: crate::config::Credentials::ProjectSecret(crate::config::Secret::new(text)),
            ..target()
        };
        assert_eq!(Project::of(&secret("a")), Project::of(&secret("a")));
        assert_ne!(Project::of(&secret("a")), Project::of(&secret("b")));
        assert_ne!(Project::of(&target()), Project::of(&Target { base_url: None, ..target() }));
    }
}
