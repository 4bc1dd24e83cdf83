//! May this request start now?
//!
//! A gate for each client. It waits where the wait is short (three export starts a
//! second, five queries at a time) and otherwise answers at once with the time at
//! which the hour gives something back; no request is made then, unless the caller
//! is willing to wait that long.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    Ledger, Project, Quota,
    book::{Book, Limit, Millis},
    ledger::timestamp,
    limits::{PATIENCE, Rule, moment},
};
use crate::{
    config::Target,
    contract::{Clock, Code, Error, Result},
};

/// Where the requests of one client to one project are counted. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate {
    pub ledger: Arc<Ledger>,
    pub places: Arc<Places>,
    pub project: Project,
    pub clock: Clock,
    /// So many requests an hour, where the user says so.
    pub hourly_limit: Option<usize>,
    /// How long to wait for the hour to give something back.
    pub max_wait: Duration,
    /// Whether tests switched all limits off.
    pub is_unlimited: bool,
}

/// Places among the requests that this process makes at the same time.
#[derive(Debug, Default)]
pub struct Places(Mutex<BTreeMap<(Quota, Project), Arc<Semaphore>>>);

impl Places {
    /// Those of this process.
    pub fn process() -> Arc<Self> {
        static PROCESS: OnceLock<Arc<Places>> = OnceLock::new();
        Arc::clone(PROCESS.get_or_init(Arc::default))
    }

    fn of(&self, quota: Quota, project: &Project) -> Arc<Semaphore> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let most = || Arc::new(Semaphore::new(quota.rule().concurrent));
        Arc::clone(places.entry((quota.shared(), project.clone())).or_insert_with(most))
    }
}

/// Why a request can't start now.
#[derive(Debug)]
pub enum Closed {
    /// The hour is used up until then.
    Until(Timestamp),
    Failed(Error),
}

impl Gate {
    /// The one of a target, whose books lie there.
    pub fn of(target: &Target, ledger: Arc<Ledger>, places: Arc<Places>) -> Self {
        Self {
            ledger,
            places,
            project: Project::of(target),
            clock: target.testing.clock.clone(),
            hourly_limit: target.keeping.hourly_limit,
            max_wait: target.max_wait,
            is_unlimited: target.testing.unlimited,
        }
    }

    /// The one of this process.
    ///
    /// Errors: `InvalidConfig` where the folder that the user named can't be used.
    pub fn process(target: &Target) -> Result<Self> {
        Ok(Self::of(target, Ledger::of(&target.keeping)?, Places::process()))
    }

    /// Waits for a place and a start, and for the hour as long as this gate is willing to.
    ///
    /// Errors: `RateLimited` where that would take longer; `IoError` where the count can't be had.
    pub async fn pass(&self, quota: Quota) -> Result<Permit> {
        let begun = self.clock.now();
        loop {
            let at = match self.attempt(quota, None).await {
                Ok(permit) => return Ok(permit),
                Err(Closed::Failed(error)) => return Err(error),
                Err(Closed::Until(at)) => at,
            };
            if at.duration_since(begun).unsigned_abs() > self.max_wait {
                return Err(self.spent(quota, at));
            }
            sleep_until(&self.clock, at).await;
        }
    }

    /// Waits for a place and a start, no longer than a minute. `claim`: whose request was set aside.
    pub async fn attempt(&self, quota: Quota, claim: Option<&str>) -> Result<Permit, Closed> {
        let mut permit = Permit { gate: self.clone(), quota, start: None, has_left: false, place: None };
        if self.is_unlimited {
            return Ok(permit);
        }
        // Before the wait for a place: behind five slow queries, a spent hour is still worth saying at once.
        if quota.counted() {
            self.book(quota, claim, |book, rule, limit, claim, now| book.check(rule, limit, claim, now))?;
        }
        permit.place = self.places.of(quota, &self.project).acquire_owned().await.ok();
        while quota.counted() {
            let start = self.book(quota, claim, |book, rule, limit, claim, now| book.start(rule, limit, claim, now))?;
            permit.start = Some(start);
            // Never much longer than patience allows, even if the clock is set back at this very moment.
            let wait = Duration::from_millis(u64::try_from(start - self.now()).unwrap_or(0)).min(2 * PATIENCE);
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
                // Meanwhile Mixpanel may have said no to another request.
                if self.with(quota, |book, _, _, now| book.is_paused(now)).map_err(Closed::Failed)? {
                    permit.give_back();
                    continue;
                }
            }
            break;
        }
        Ok(permit)
    }

    /// Whether so many requests may be made within the hour, so that a fetch that can't come to its end does not
    /// begin. Reserves nothing.
    ///
    /// Errors: `RateLimited`, with what is left.
    pub fn afford(&self, quota: Quota, requests: usize) -> Result<()> {
        if self.is_unlimited {
            return Ok(());
        }
        let look =
            |book: &mut Book, rule: &Rule, limit: Limit, now| (limit, book.left(limit, now), book.resets_at(rule, now));
        let (limit, left, resets_at) = self.with(quota, look)?;
        match requests <= left {
            true => Ok(()),
            false => Err(self.short(quota, requests, left, limit, resets_at.map(timestamp))),
        }
    }

    /// The error that says that something takes more requests than are left.
    pub fn short(
        &self,
        quota: Quota,
        requests: usize,
        left: usize,
        limit: Limit,
        resets_at: Option<Timestamp>,
    ) -> Error {
        let (rule, now) = (quota.rule(), self.clock.now());
        let requests = if requests == 1 { "1 request".to_owned() } else { format!("{requests} requests") };
        let what = format!(
            "this needs {requests} of the {} API, but {left} of {} {} are left for {}. No request was made",
            rule.name,
            limit.requests,
            rule.per,
            self.project.name()
        );
        let next = resets_at.map(|at| format!(". The next request becomes available at {}", moment(at, now)));
        let less = match quota {
            Quota::Export => "fewer days, or more days per request (window_days)",
            Quota::Query | Quota::QueryPage | Quota::Lexicon => "less at a time",
        };
        // Where nothing is left, less is not less than that.
        let fix = if left == 0 { "Run it again later".to_owned() } else { format!("Request {less}") };
        Error::new(Code::RateLimited, what).fix(fix + &next.unwrap_or_default())
    }

    /// Mixpanel said no: nothing starts for so long, or for a while where it did not say how long. Returns until when.
    pub fn pause(&self, quota: Quota, length: Option<Duration>) -> Option<Timestamp> {
        if self.is_unlimited {
            return None;
        }
        let until = self.with(quota, move |book, _, _, now| book.pause(length, now));
        // A count that can't be had is said by the next request.
        until.ok().map(timestamp)
    }

    /// Mixpanel said how many requests it allows, or how many are left.
    pub fn learn(&self, quota: Quota, allowed: Option<usize>, left: Option<usize>) {
        let _ = self.with(quota, move |book, rule, _, now| book.learn(rule, allowed, left, now));
    }

    /// Reads or changes the book of a limit.
    pub fn with<T: Send + 'static>(
        &self,
        quota: Quota,
        act: impl FnOnce(&mut Book, &Rule, Limit, Millis) -> T + Send + 'static,
    ) -> Result<T> {
        let (rule, now) = (quota.rule(), self.now());
        let user = match self.is_unlimited {
            true => Some(usize::MAX / 2),
            false => self.hourly_limit.filter(|_| quota.is_hourly()),
        };
        self.ledger.with(&self.project, quota, now, move |book| {
            let limit = book.limit(&rule, user);
            act(book, &rule, limit, now)
        })
    }

    fn book<T: Send + 'static>(
        &self,
        quota: Quota,
        claim: Option<&str>,
        act: impl FnOnce(&mut Book, &Rule, Limit, Option<&str>, Millis) -> Result<T, Millis> + Send + 'static,
    ) -> Result<T, Closed> {
        let claim = claim.map(str::to_owned);
        self.with(quota, move |book, rule, limit, now| act(book, rule, limit, claim.as_deref(), now))
            .map_err(Closed::Failed)?
            .map_err(|at| Closed::Until(timestamp(at)))
    }

    /// The error that says when the next request is possible.
    pub fn spent(&self, quota: Quota, at: Timestamp) -> Error {
        let (rule, project) = (quota.rule(), self.project.name());
        let allowed = self.with(quota, |_, _, limit, _| limit.requests).unwrap_or(rule.requests);
        let what = format!(
            "{project} can make no request of the {} API now (limit: {allowed} requests {})",
            rule.name, rule.per
        );
        let at = moment(at, self.clock.now());
        Error::new(Code::RateLimited, what).fix(format!("Run it again at {at}. mixpanel_quota() shows what is used"))
    }

    fn now(&self) -> Millis {
        self.clock.now().as_millisecond()
    }
}

/// Until the clock says so, which may be moved meanwhile.
async fn sleep_until(clock: &Clock, at: Timestamp) {
    const LOOK: Duration = Duration::from_millis(250);
    while let Ok(left) = Duration::try_from(at.duration_since(clock.now()))
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

/// A place among the concurrent requests, held until the answer is read, and a start that counts.
#[derive(Debug)]
pub struct Permit {
    gate: Gate,
    quota: Quota,
    start: Option<Millis>,
    has_left: bool,
    place: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// The request leaves: from here it counts, even if nobody waits for its answer.
    pub fn leave(&mut self) {
        self.has_left = true;
    }

    /// The request did not arrive or was refused for its number: it does not count. Where Mixpanel does count a
    /// refusal, its next one corrects us; counting what it does not would lock users out for nothing.
    pub fn refused(&mut self) {
        self.has_left = false;
        self.give_back();
    }

    fn give_back(&mut self) {
        if let Some(start) = self.start.take() {
            // Where that fails, one request too many is counted for an hour.
            let _ = self.gate.with(self.quota, move |book, _, _, _| book.forget(start));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.has_left {
            self.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixpanel::{block_on, testing::target};

    fn gate() -> Gate {
        gate_of(&target())
    }

    fn gate_of(target: &Target) -> Gate {
        Gate::of(target, Ledger::for_test(), Arc::default())
    }

    fn take(gate: &Gate, quota: Quota) -> Result<Permit> {
        block_on(gate.pass(quota)).and_then(|permit| permit)
    }

    fn used(gate: &Gate) -> usize {
        gate.ledger.usage(None, gate.clock.now())[0].used
    }

    #[test]
    fn a_spent_hour_is_said_at_once_with_the_time() {
        let gate = gate();
        for _ in 0..60 {
            take(&gate, Quota::Query).unwrap().leave();
        }
        let error = take(&gate, Quota::Query).unwrap_err();
        assert_eq!(error.code(), Code::RateLimited);
        let message = error.to_string();
        assert!(
            message.contains("project 12345 can make no request of the query API now (limit: 60 requests an hour)"),
            "{message}"
        );
        assert!(message.contains(" UTC (in 60 minutes)"), "{message}");
        // Further pages of what was counted go on.
        assert!(take(&gate, Quota::QueryPage).is_ok());
        let usage = gate.ledger.usage(None, gate.clock.now());
        assert_eq!(usage.len(), 1);
        assert_eq!((usage[0].api, usage[0].used, usage[0].left, usage[0].limit.requests), ("query", 60, 0, 60));
        assert!(usage[0].resets_at.is_some());
    }

    #[test]
    fn a_limit_of_the_users_own_holds_for_the_hour() {
        let gate = Gate { hourly_limit: Some(2), ..gate() };
        (0..2).for_each(|_| take(&gate, Quota::Export).unwrap().leave());
        let message = take(&gate, Quota::Export).unwrap_err().to_string();
        assert!(message.contains("(limit: 2 requests an hour)"), "{message}");
        assert!(gate.afford(Quota::Export, 1).is_err());
        assert!(gate.afford(Quota::Query, 2).is_ok());
        // The lexicon's limit is for a minute.
        (0..5).for_each(|_| take(&gate, Quota::Lexicon).unwrap().leave());
    }

    #[test]
    fn who_is_willing_waits_for_the_hour() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let seconds = Arc::new(std::sync::atomic::AtomicI64::new(0));
        let gate = Gate { clock: Clock::moved_by(Arc::clone(&seconds)), hourly_limit: Some(1), ..gate() };
        runtime.block_on(async {
            gate.pass(Quota::Query).await.unwrap().leave();
            let short = Gate { max_wait: Duration::from_secs(1800), ..gate.clone() };
            assert_eq!(short.pass(Quota::Query).await.unwrap_err().code(), Code::RateLimited);
            let long = Gate { max_wait: Duration::from_secs(3600), ..gate.clone() };
            let waiting = async { long.pass(Quota::Query).await.map(|_| ()) };
            let hour = async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                seconds.store(3600, std::sync::atomic::Ordering::Relaxed);
            };
            let (passed, ()) = tokio::join!(waiting, hour);
            passed.unwrap();
        });
    }

    #[test]
    fn only_what_left_counts() {
        let gate = gate();
        drop(take(&gate, Quota::Query).unwrap());
        let mut refused = take(&gate, Quota::Query).unwrap();
        refused.leave();
        refused.refused();
        drop(refused);
        assert_eq!(used(&gate), 0);
        take(&gate, Quota::Query).unwrap().leave();
        assert_eq!(used(&gate), 1);
    }

    #[test]
    fn a_place_is_waited_for() {
        let gate = gate();
        let mut held: Vec<_> = (0..5).map(|_| take(&gate, Quota::Query).unwrap()).collect();
        let sixth = || tokio::time::timeout(Duration::from_millis(20), gate.pass(Quota::Query));
        assert!(block_on(async { sixth().await.is_err() }).unwrap());
        held.pop();
        assert!(block_on(async { sixth().await.is_ok() }).unwrap());
    }

    /// A fourth start waits for the pace of the export API; meanwhile Mixpanel refuses another request.
    #[test]
    fn a_pause_that_came_during_the_wait_for_a_start_holds_for_it_too() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let gate = gate();
        let (error, left) = runtime.block_on(async {
            for _ in 0..3 {
                gate.pass(Quota::Export).await.unwrap().leave();
            }
            let refused = async {
                tokio::task::yield_now().await;
                gate.pause(Quota::Export, Some(Duration::from_secs(600)));
            };
            let (fourth, ()) = tokio::join!(gate.pass(Quota::Export), refused);
            let after_the_pause = gate.now() + 600_001;
            let left = gate.with(Quota::Export, move |book, _, limit, _| book.left(limit, after_the_pause));
            (fourth.unwrap_err(), left.unwrap())
        });
        assert_eq!(error.code(), Code::RateLimited);
        assert!(error.to_string().contains("in 10 minutes"), "{error}");
        assert_eq!(left, 57, "the start that did not happen was given back");
    }

    #[test]
    fn a_pause_holds_for_its_project_and_api_only() {
        let gate = gate();
        gate.pause(Quota::Export, Some(Duration::from_secs(600)));
        assert!(take(&gate, Quota::Export).unwrap_err().to_string().contains("in 10 minutes"));
        assert!(take(&gate, Quota::Query).is_ok());
        let other = Project::of(&Target { project_id: Some("9".into()), ..target() });
        assert!(take(&Gate { project: other, ..gate }, Quota::Export).is_ok());
    }
}
