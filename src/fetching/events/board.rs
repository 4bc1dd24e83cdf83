//! Which window is where on its way to DuckDB?
//!
//! The download side asks for windows to fetch, oldest first, and brings what
//! has arrived; the reading side waits for what has arrived, oldest first, and
//! either settles a window or sends it back to be had again. Everybody else
//! only looks: progress, the record in `mixpanel_fetches()`.
//!
//! ```text
//!   Unplanned ──┬─▶ Waiting ──▶ Downloading ──▶ Arrived ──▶ Taken ──▶ Settled
//!      ▲        ├─▶ Awaited (another's) ──┐     ▲   │ ▲       │
//!      │        └─▶ Arrived (kept)        │     │   ▼ │       │
//!      └──────────────────────────────────┘     │  Checked    │
//!      └────────────────── no good, or gone ────┴─────────────┘
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use jiff::{Timestamp, civil::Date};
use tokio::sync::Notify;

use super::{
    answer::{Answered, Arrived, Unkept},
    keeper::{Awaited, Keeper, KeptAnswer, PlannedWindow, WindowOrigin, WindowPlan},
    plan::Window,
    verify,
};
use crate::{
    config::{Credentials, Target},
    contract::{Code, Error, Reason, Result},
    decode::Count,
    fetching::record::{DaysAnswered, Fetch},
    mixpanel::{Failure, Policy, Tries, redact},
};

/// A reader that has taken nothing for so long may be waiting for us: for the other side of a join that reads the same.
const STALLED: Duration = Duration::from_millis(500);

/// What to do with a window that could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Fail the query.
    Error,
    /// Leave the window out and say so in `mixpanel_fetches()`.
    Skip,
}

#[derive(Debug)]
enum State {
    /// Its days are to be planned anew, not before a moment where there is one.
    Unplanned(Option<Timestamp>),
    /// To be downloaded.
    Waiting,
    Downloading,
    /// Another one brings it: a claim.
    Awaited(String),
    Arrived(Arrived),
    /// It arrived, and is looked at and kept before a reader has it.
    Checked,
    /// A reader has it.
    Taken,
    /// Its rows are in hand, or it was left out.
    Settled,
    /// Others stand for it.
    Replaced,
}

#[derive(Debug)]
struct Slot {
    window: Window,
    /// The days that it is wanted for.
    days: Vec<Date>,
    state: State,
    claim: Option<String>,
    /// The window that broke off and that it is a part of.
    half_of: Option<usize>,
    /// Whether what it settled with is in the archive.
    is_kept: bool,
    /// Whether it is a kept answer of which days are cut away.
    is_cut: bool,
    tries: Tries,
    /// Before it is asked for again.
    pause: Duration,
}

impl Slot {
    fn is_over(&self) -> bool {
        matches!(self.state, State::Settled | State::Replaced)
    }

    fn again(&mut self, failure: Failure, fetch: &Fetch) -> Result<Duration> {
        let pause = self.tries.again(failure)?;
        Fetch::add(&fetch.retries, 1);
        Ok(pause)
    }

    /// Whether its answer may still show that no other one may be cut by days.
    fn is_open(&self) -> bool {
        !self.is_over() && !self.is_cut
    }

    /// Whether it is here or on its way, and nothing but memory has it.
    fn is_unread(&self) -> bool {
        matches!(self.state, State::Downloading | State::Checked | State::Arrived(Arrived::Answer(_)))
    }
}

#[derive(Debug)]
struct Slots {
    slots: Vec<Slot>,
    failure: Option<Error>,
    skipped: usize,
    closed: bool,
    /// When a reader last took something.
    taken_at: Instant,
    /// Whether rows of an answer that was cut by days went out.
    has_cut: bool,
}

/// A window to download.
#[derive(Debug)]
pub struct Task {
    pub index: usize,
    pub window: Window,
    pub claim: Option<String>,
    pub pause: Duration,
}

/// The windows of one scan.
#[derive(Debug)]
pub struct Board {
    slots: Mutex<Slots>,
    /// Wakes readers.
    arrived: Condvar,
    /// Wakes the download side: a window is to be fetched, or the scan is over.
    pub wanted: Notify,
    pub on_failure: OnFailure,
    pub fetch: Arc<Fetch>,
    pub keeper: Keeper,
    policy: Policy,
    /// What must not stand in an error, whatever an answer holds.
    credentials: Credentials,
}

impl Board {
    pub fn new(plan: WindowPlan, on_failure: OnFailure, fetch: Arc<Fetch>, keeper: Keeper, target: &Target) -> Self {
        let policy = Policy::of(target);
        let slots: Vec<Slot> = plan.windows.into_iter().map(|planned| slot(planned, Tries::new(policy))).collect();
        Fetch::add(&fetch.windows, slots.len() as u64);
        Self {
            slots: Mutex::new(Slots {
                slots,
                failure: None,
                skipped: 0,
                closed: false,
                taken_at: Instant::now(),
                has_cut: false,
            }),
            arrived: Condvar::new(),
            wanted: Notify::new(),
            on_failure,
            fetch,
            keeper,
            policy,
            credentials: target.credentials.clone(),
        }
    }

    /// What must not be seen in errors.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn redacted(&self, error: Error) -> Error {
        error.redacted(|text| redact(&self.credentials, text))
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn changed(&self) {
        self.arrived.notify_all();
        self.wanted.notify_one();
    }

    /// The oldest window that is to be downloaded; `None` while there is none or `ahead` of them are unread.
    pub fn next_to_download(&self, ahead: usize) -> Option<Task> {
        let mut slots = self.lock();
        if slots.closed || slots.is_full(ahead) {
            return None;
        }
        let (index, slot) =
            slots.slots.iter_mut().enumerate().find(|(_, slot)| matches!(slot.state, State::Waiting))?;
        slot.state = State::Downloading;
        Some(Task { index, window: slot.window, claim: slot.claim.clone(), pause: slot.pause })
    }

    /// An answer that is to be looked at and kept before a reader has it: where so many are unread that nothing would be
    /// downloaded any more, and no reader has come for a while; and where nobody reads any more. A reader that comes looks at
    /// what it takes itself.
    pub fn next_to_check(&self, ahead: usize) -> Option<(usize, Window, Box<Answered>)> {
        if !self.keeper.keeps() {
            return None;
        }
        let mut slots = self.lock();
        let is_stalled = slots.is_full(ahead) && slots.taken_at.elapsed() >= STALLED;
        if !slots.closed && !is_stalled {
            return None;
        }
        let unkept =
            |slot: &Slot| matches!(&slot.state, State::Arrived(Arrived::Answer(answer)) if answer.is_to_be_kept());
        let (index, slot) = slots.slots.iter_mut().enumerate().find(|(_, slot)| unkept(slot))?;
        match std::mem::replace(&mut slot.state, State::Checked) {
            State::Arrived(Arrived::Answer(answer)) => Some((index, slot.window, answer)),
            // Just found to be one.
            state => {
                slot.state = state;
                None
            }
        }
    }

    /// The windows that are to be planned now, and their days, in order; `None` where there are none.
    pub fn unplanned(&self) -> Option<(Vec<usize>, Vec<Date>)> {
        let slots = self.lock();
        if slots.closed || !slots.slots.iter().any(|slot| matches!(slot.state, State::Unplanned(_))) {
            return None;
        }
        let now = self.keeper.now();
        let is_due = |slot: &Slot| matches!(slot.state, State::Unplanned(at) if at.is_none_or(|at| at <= now));
        let due = slots.slots.iter().enumerate().filter(|(_, slot)| is_due(slot));
        let indexes: Vec<usize> = due.clone().map(|(index, _)| index).collect();
        let mut days: Vec<Date> = due.flat_map(|(_, slot)| slot.days.iter().copied()).collect();
        days.sort_unstable();
        (!indexes.is_empty()).then_some((indexes, days))
    }

    /// Whether anything is waited for that tells nobody when it comes: what others bring, a moment, a reader that does not.
    pub fn has_to_look(&self, ahead: usize) -> bool {
        let slots = self.lock();
        let is_silent = |slot: &Slot| matches!(slot.state, State::Awaited(_) | State::Unplanned(_));
        !slots.closed && (slots.slots.iter().any(is_silent) || self.keeper.keeps() && slots.is_full(ahead))
    }

    /// The claims of others that are waited for.
    pub fn awaited(&self) -> Vec<(usize, String)> {
        let slots = self.lock();
        let claim = |(index, slot): (usize, &Slot)| match &slot.state {
            State::Awaited(claim) => Some((index, claim.clone())),
            _ => None,
        };
        slots.slots.iter().enumerate().filter_map(claim).collect()
    }

    /// What became of a claim that is waited for.
    pub fn looked(&self, index: usize, awaited: Awaited) {
        match awaited {
            Awaited::Coming => {}
            Awaited::Over => self.plan_anew(index, None),
            Awaited::Failed(error) => self.give_up(index, Error::repeated(&error)),
        }
    }

    /// Sends a window back to be planned, not before a moment where there is one.
    pub fn plan_anew(&self, index: usize, not_before: Option<Timestamp>) {
        let mut slots = self.lock();
        let Some(slot) = slots.slots.get_mut(index) else { return };
        (slot.state, slot.is_cut) = (State::Unplanned(not_before), false);
        let claim = slot.claim.take();
        drop(slots);
        if let Some(claim) = claim {
            self.keeper.release(&claim, None);
        }
        self.fetch.wait_until(not_before);
        self.changed();
    }

    /// Puts planned windows in the place of others.
    pub fn replace(&self, indexes: &[usize], plan: WindowPlan) {
        self.fetch.wait_until(None);
        let mut slots = self.lock();
        let others = slots.slots.iter_mut().enumerate().filter(|(index, _)| indexes.contains(index));
        others.for_each(|(_, old)| old.state = State::Replaced);
        Fetch::add(&self.fetch.windows, plan.windows.len() as u64);
        self.fetch.windows.fetch_sub(indexes.len() as u64, std::sync::atomic::Ordering::Relaxed);
        slots.slots.extend(plan.windows.into_iter().map(|planned| slot(planned, Tries::new(self.policy))));
        drop(slots);
        self.changed();
    }

    /// A window broke off: its halves are asked for in its place.
    pub fn halve(&self, index: usize, halves: [Window; 2], pause: Duration) {
        let claim = self.lock().slots.get(index).and_then(|slot| slot.claim.clone());
        let claims = match self.keeper.halve(claim.as_deref(), halves) {
            Ok(claims) => claims,
            Err(error) => return self.give_up(index, error),
        };
        let mut slots = self.lock();
        let Some(old) = slots.slots.get_mut(index) else { return };
        let days = std::mem::take(&mut old.days);
        let (half_of, tries) = (Some(old.half_of.unwrap_or(index)), old.tries);
        (old.state, old.claim) = (State::Replaced, None);
        for (window, claim) in halves.into_iter().zip(claims) {
            let days = days.iter().copied().filter(|day| window.has(*day)).collect();
            slots.slots.push(Slot {
                window,
                days,
                state: State::Waiting,
                claim,
                half_of,
                is_kept: false,
                is_cut: false,
                tries,
                pause,
            });
        }
        Fetch::add(&self.fetch.windows, 1);
        drop(slots);
        self.changed();
    }

    /// Whether the download side has nothing left to do. `is_late`: what is under way is no longer waited for.
    pub fn is_over(&self, is_late: bool) -> bool {
        let slots = self.lock();
        let is_open = |slot: &Slot| match &slot.state {
            State::Downloading | State::Checked => true,
            State::Arrived(Arrived::Answer(answer)) => answer.is_to_be_kept(),
            _ => false,
        };
        match slots.closed {
            true => is_late || !self.keeper.keeps() || !slots.slots.iter().any(is_open),
            false => slots.slots.iter().all(Slot::is_over),
        }
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// A window is here, whole.
    pub fn bring(&self, index: usize, arrived: Arrived) {
        if let Some(slot) = self.lock().slots.get_mut(index) {
            slot.state = State::Arrived(arrived);
        }
        self.changed();
    }

    /// What was looked at is for readers now.
    pub fn checked(&self, index: usize, arrived: Arrived) {
        let mut slots = self.lock();
        let closed = slots.closed;
        if let Some(slot) = slots.slots.get_mut(index) {
            slot.is_kept |= matches!(arrived, Arrived::Kept(_));
            slot.state = if closed { State::Settled } else { State::Arrived(arrived) };
        }
        drop(slots);
        self.changed();
    }

    /// The oldest window that has arrived, waiting for one if need be; `None` when there are no more, or when none came
    /// for as long as `patience` and `leave` agrees. Kept answers of which days are cut away come last: any other answer may
    /// show that they must not be.
    pub fn take(
        &self,
        patience: Option<Duration>,
        leave: impl Fn() -> bool,
    ) -> Result<Option<(Taken<'_>, Window, Arrived)>> {
        let mut slots = self.lock();
        loop {
            if let Some(error) = &slots.failure {
                return Err(error.clone());
            }
            if slots.closed || slots.slots.iter().all(Slot::is_over) {
                return Ok(None);
            }
            let may_cut = !slots.slots.iter().any(Slot::is_open);
            let is_here = |slot: &Slot| matches!(slot.state, State::Arrived(_)) && (may_cut || !slot.is_cut);
            let here = slots.slots.iter_mut().enumerate().filter(|(_, slot)| is_here(slot));
            if let Some((index, slot)) = here.min_by_key(|(_, slot)| slot.window.from)
                && let State::Arrived(mut arrived) = std::mem::replace(&mut slot.state, State::Taken)
            {
                let window = slot.window;
                slots.taken_at = Instant::now();
                drop(slots);
                self.wanted.notify_one();
                let unkept = match &mut arrived {
                    Arrived::Answer(answer) => answer.unkept(),
                    Arrived::Kept(_) => None,
                };
                return Ok(Some((Taken { board: self, index, open: true, unkept }, window, arrived)));
            }
            let wait = patience.unwrap_or(Duration::from_secs(3600));
            let (woken, timeout) =
                self.arrived.wait_timeout(slots, wait).unwrap_or_else(|poisoned| poisoned.into_inner());
            slots = woken;
            if timeout.timed_out() && patience.is_some() && leave() {
                return Ok(None);
            }
        }
    }

    /// Keeps an answer whose lines are good and are an answer. Returns whether it is kept.
    pub fn keep(
        &self,
        index: usize,
        window: Window,
        Unkept { partial, asked_at }: Unkept,
        count: Count,
    ) -> Option<KeptAnswer> {
        if count.rows == 0 && self.keeper.has_rows_of(window) {
            let what = "no rows came, and the archive has rows of these days: they stay there";
            self.fetch.warn("NO_ROWS", format!("{window}: {what}"));
        }
        let kept = self.keeper.keep(partial, window, count, asked_at)?;
        let mut slots = self.lock();
        let claim = slots.slots.get_mut(index).and_then(|slot| slot.claim.take());
        if let Some(slot) = slots.slots.get_mut(index) {
            slot.is_kept = true;
        }
        slots.begin_anew(index, self.policy);
        drop(slots);
        Fetch::add(&self.fetch.windows_kept, 1);
        if let Some(claim) = claim {
            self.keeper.release(&claim, None);
        }
        Some(kept)
    }

    /// The window's lines are good, and it will not be fetched again. Whether its rows are: they may answer another
    /// question.
    fn settle(&self, index: usize, count: Count, unkept: Option<Unkept>, asked: Asked) -> bool {
        let Some(window) = self.lock().slots.get(index).map(|slot| slot.window) else { return false };
        let warning = match verify::within_days(count) {
            Ok(warning) => warning,
            Err(error) => {
                self.give_up(index, error);
                return false;
            }
        };
        let is_kept = unkept.is_some_and(|unkept| self.keep(index, window, unkept, count).is_some());
        if let Some(warning) = warning {
            self.fetch.warn("ROWS_OUTSIDE_DAYS", format!("{window}: {warning}"));
        }
        if count.on_days < count.rows {
            self.keeper.note_other_days();
        }
        let is_cut_wrong = self.keeper.has_other_days();
        let mut slots = self.lock();
        let is_mixed = is_cut_wrong && slots.has_cut;
        let mut claim = None;
        if let Some(slot) = slots.slots.get_mut(index) {
            // Before anybody can see that all windows are done, and look into the record.
            let Asked { at, is_empty } = asked;
            self.fetch.answered(DaysAnswered { days: slot.days.clone(), asked_at: at, is_empty });
            slot.state = State::Settled;
            slot.is_kept |= is_kept;
            claim = slot.claim.take();
        }
        drop(slots);
        if let Some(claim) = claim {
            self.keeper.release(&claim, None);
        }
        Fetch::add(&self.fetch.windows_done, 1);
        if is_mixed {
            let what =
                "the days of this project are not those of UTC, and rows of kept answers were chosen as if they were";
            self.fail(Error::new(Code::UnexpectedResponse, what).fix("Run it again: it is known now"));
            return false;
        }
        self.changed();
        true
    }

    /// Rows of a kept answer go out, of which others were cut away by their days. Whether they may.
    pub fn may_cut(&self) -> bool {
        let may_cut = !self.keeper.has_other_days();
        self.lock().has_cut |= may_cut;
        may_cut
    }

    /// What arrived is of no use, and no row of it was emitted: fetch it again if that may help.
    pub fn again(&self, index: usize, damage: Error) {
        let mut slots = self.lock();
        let Some(slot) = slots.slots.get_mut(index) else { return };
        match slot.again(verify::failure(damage), &self.fetch) {
            Ok(pause) => {
                (slot.state, slot.pause) = (State::Waiting, pause);
                drop(slots);
                self.changed();
            }
            Err(error) => {
                drop(slots);
                self.give_up(index, error);
            }
        }
    }

    /// A try failed: the pause before the next one. Errors: the failure's, where there is no next one.
    pub fn try_again(&self, index: usize, failure: Failure) -> Result<Duration> {
        match self.lock().slots.get_mut(index) {
            Some(slot) => slot.again(failure, &self.fetch),
            None => Err(failure.error),
        }
    }

    /// The window can't be had.
    pub fn give_up(&self, index: usize, error: Error) {
        let mut slots = self.lock();
        let Some(slot) = slots.slots.get_mut(index) else { return };
        let (window, claim) = (slot.window, slot.claim.take());
        let error = self.redacted(error.context(window));
        // Where nothing can be had, leaving out would be an empty answer to a wrong password.
        let all = slots.slots.iter().filter(|slot| !matches!(slot.state, State::Replaced)).count();
        let fails = self.on_failure == OnFailure::Error || is_fatal(&error) || slots.skipped + 1 == all;
        if !fails && let Some(slot) = slots.slots.get_mut(index) {
            // Before anybody can see that all windows are done, and look into the record.
            self.fetch.left_out(window.to_string(), error.to_string());
            slot.state = State::Settled;
            slots.skipped += 1;
        }
        drop(slots);
        if let Some(claim) = claim {
            // Whoever waits for it would ask the same.
            self.keeper.release(&claim, Some(error.to_string()));
        }
        if fails {
            return self.fail(error);
        }
        self.changed();
    }

    /// The whole scan fails.
    pub fn fail(&self, error: Error) {
        let error = self.redacted(error);
        let mut slots = self.lock();
        if slots.failure.is_none() && !slots.closed {
            let error = match self.keeper.keeps() {
                true => error.also(&slots.left()),
                false => error,
            };
            self.fetch.finish(Some(error.to_string()));
            slots.failure = Some(error);
        }
        slots.closed = true;
        drop(slots);
        self.let_go();
        self.changed();
    }

    /// Nobody will read any more: everything is in hand, the query's limit is reached, or the scan was dropped.
    pub fn close(&self) {
        if self.keeper.is_in_a_fork() {
            return;
        }
        let mut slots = self.lock();
        slots.closed = true;
        // What has arrived, was not read and will not be kept gives its memory back now.
        let keeps = self.keeper.keeps();
        for slot in &mut slots.slots {
            if let State::Arrived(arrived) = &slot.state {
                let stays = keeps && matches!(arrived, Arrived::Answer(answer) if answer.is_to_be_kept());
                if !stays {
                    slot.state = State::Settled;
                }
            }
        }
        drop(slots);
        self.fetch.finish(None);
        self.let_go();
        self.changed();
    }

    /// Ends the claims on what was not asked for yet.
    fn let_go(&self) {
        let mut slots = self.lock();
        let idle = slots.slots.iter_mut().filter(|slot| matches!(slot.state, State::Waiting | State::Settled));
        let claims: Vec<String> = idle.filter_map(|slot| slot.claim.take()).collect();
        drop(slots);
        claims.iter().for_each(|claim| self.keeper.release(claim, None));
    }

    /// The share of the days that are done, an unread one counting half.
    pub fn progress(&self) -> f64 {
        let slots = self.lock();
        let share = |slot: &Slot| match slot.state {
            State::Unplanned(_) | State::Waiting | State::Downloading | State::Awaited(_) => 0.0,
            State::Arrived(_) | State::Checked | State::Taken => 0.5,
            State::Settled => 1.0,
            State::Replaced => 0.0,
        };
        let counted = || slots.slots.iter().filter(|slot| !matches!(slot.state, State::Replaced));
        let done: f64 = counted().map(|slot| share(slot) * slot.days.len() as f64).sum();
        let days: usize = counted().map(|slot| slot.days.len()).sum();
        done / days.max(1) as f64
    }
}

impl Slots {
    /// Whether so many are unread that nothing more is to be downloaded.
    fn is_full(&self, ahead: usize) -> bool {
        self.slots.iter().filter(|slot| slot.is_unread()).count() >= ahead
    }

    /// A half that is kept starts the count of the others anew, of those that are under way too.
    fn begin_anew(&mut self, kept: usize, policy: Policy) {
        let family = self.slots.get(kept).and_then(|slot| slot.half_of);
        let others = self.slots.iter_mut().filter(|slot| family.is_some() && slot.half_of == family);
        others.for_each(|slot| slot.tries = Tries::new(policy));
    }

    /// What is there of the days, for who reads why the others did not come.
    fn left(&self) -> String {
        let mut days = BTreeMap::new();
        let mut requests = 0;
        for slot in self.slots.iter().filter(|slot| !matches!(slot.state, State::Replaced)) {
            let is_here = slot.is_kept || matches!(slot.state, State::Arrived(Arrived::Kept(_)));
            requests += usize::from(!is_here);
            days.extend(slot.days.iter().map(|day| (*day, is_here)));
        }
        let here = days.values().filter(|is_here| **is_here).count();
        let all = days.len();
        let (days, requests) = (
            if all == 1 { "1 day".to_owned() } else { format!("{all} days") },
            if requests == 1 { "1 request".to_owned() } else { format!("about {requests} requests") },
        );
        format!("{here} of {days} are kept, and the next run makes {requests} for the others")
    }
}

fn slot(PlannedWindow { window, days, origin }: PlannedWindow, tries: Tries) -> Slot {
    let is_cut = matches!(&origin, WindowOrigin::Copy(kept) if kept.selection.cuts_days());
    let (state, claim, is_kept) = match origin {
        WindowOrigin::Mixpanel(claim) => (State::Waiting, claim, false),
        WindowOrigin::Copy(kept) => (State::Arrived(Arrived::Kept(kept)), None, true),
        WindowOrigin::Claim(claim) => (State::Awaited(claim), None, false),
    };
    Slot { window, days, state, claim, half_of: None, is_kept, is_cut, tries, pause: Duration::ZERO }
}

/// What is to be known of an answer when its rows are gone.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// When Mixpanel was asked.
    pub at: Timestamp,
    /// Whether it held nothing at all.
    pub is_empty: bool,
}

/// A window that a reader has. If the reader comes to grief with it, nobody waits for it for ever.
pub struct Taken<'a> {
    board: &'a Board,
    index: usize,
    open: bool,
    unkept: Option<Unkept>,
}

impl Taken<'_> {
    /// The window's lines are good, and it will not be fetched again. Whether its rows are, which may answer another
    /// question.
    pub fn settle(mut self, count: Count, asked: Asked) -> bool {
        self.open = false;
        self.board.settle(self.index, count, self.unkept.take(), asked)
    }

    /// What arrived is of no use, and no row of it was emitted: fetch it again if that may help.
    pub fn again(mut self, damage: Error) {
        self.open = false;
        self.board.again(self.index, damage);
    }

    /// The kept answer is gone, damaged, or may not be cut: its days are to be had in another way.
    pub fn plan_anew(mut self) {
        self.open = false;
        self.board.plan_anew(self.index, None);
    }

    /// It can't be read, and not because of what it is.
    pub fn give_up(mut self, error: Error) {
        self.open = false;
        self.board.give_up(self.index, error);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.open {
            self.board.fail(Error::new(Code::Internal, "a window could not be decoded"));
        }
    }
}

/// What is wrong with every window alike is not a window's failure. Days that the plan does not keep are wrong with the
/// oldest only, and a spent hour with those that come after it.
fn is_fatal(error: &Error) -> bool {
    if matches!(error.reason(), Some(Reason::HistoryLimit(_))) {
        return false;
    }
    matches!(
        error.code(),
        Code::AuthenticationFailed
            | Code::PaymentRequired
            | Code::PermissionDenied
            | Code::NotFound
            | Code::InvalidConfig
            | Code::IoError
            | Code::OutOfMemory
            | Code::Internal
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{super::spool::Allowance, *};
    use crate::{config::Secret, contract::Clock, decode::Selection, fetching::record, mixpanel::testing::target};

    fn board(count: i8, on_failure: OnFailure) -> Board {
        let days: Vec<_> = (1..=count).map(|day| Window { from: date(2025, 1, day), to: date(2025, 1, day) }).collect();
        let credentials = Credentials::OAuthToken(Secret::new("hidden-token"));
        let target = Target { credentials, ..target() };
        let planned =
            |window: Window| PlannedWindow { window, days: vec![window.from], origin: WindowOrigin::Mixpanel(None) };
        let plan = WindowPlan { windows: days.into_iter().map(planned).collect(), shortage: None };
        let record = record::start("test", "{}".into(), 0, Clock::default());
        Board::new(plan, on_failure, record, Keeper::for_test(&target), &target)
    }

    const ASKED: Asked = Asked { at: Timestamp::UNIX_EPOCH, is_empty: true };

    fn arrived() -> Arrived {
        Arrived::Answer(Box::new(Answered::empty(&Allowance::default(), Timestamp::UNIX_EPOCH)))
    }

    fn broken() -> Error {
        Error::new(Code::Truncated, "cut")
    }

    #[test]
    fn windows_go_out_oldest_first_and_no_further_than_asked() {
        let board = board(3, OnFailure::Error);
        assert_eq!(board.next_to_download(2).map(|task| task.index), Some(0));
        assert_eq!(board.next_to_download(2).map(|task| task.index), Some(1));
        assert!(board.next_to_download(2).is_none());
        board.bring(1, arrived());
        let (_taken, window, _) = board.take(None, || false).unwrap().unwrap();
        assert_eq!(window.from, date(2025, 1, 2));
        assert_eq!(board.next_to_download(2).map(|task| task.index), Some(2));
    }

    /// A kept answer for days from one to another, of which some are wanted.
    fn kept(first: i8, last: i8, wanted: &[i8]) -> PlannedWindow {
        let day = |number: i8| date(2025, 1, number);
        let days: Vec<Date> = wanted.iter().map(|number| day(*number)).collect();
        let name = format!("{}_{}.1735862400123.0.0.99.00000000.jsonl.gz", day(first), day(last));
        let copy = crate::archive::Copy::read(&name).unwrap();
        let is_whole = copy.days().count() == days.len();
        let selection = Selection::new((copy.from, copy.to), (!is_whole).then_some(&*days), None);
        let window = Window { from: days[0], to: days[days.len() - 1] };
        PlannedWindow { window, days, origin: WindowOrigin::Copy(KeptAnswer { copy, place: name.into(), selection }) }
    }

    #[test]
    fn kept_answers_of_which_days_are_cut_away_come_last() {
        let board = board(2, OnFailure::Error);
        let windows = vec![kept(3, 5, &[4]), kept(6, 7, &[6, 7])];
        board.replace(&[], WindowPlan { windows, shortage: None });
        let take = || board.take(Some(Duration::from_millis(1)), || true).unwrap();
        let (whole, window, _) = take().unwrap();
        assert_eq!(window.from, date(2025, 1, 6));
        // One is read, and two are still to be asked for: any of them may show that the third must not be cut.
        assert!(take().is_none());
        whole.settle(Count::default(), ASKED);
        for index in 0..2 {
            assert!(take().is_none());
            board.next_to_download(8);
            board.bring(index, arrived());
            take().unwrap().0.settle(Count { rows: 1, on_days: 1, outside: 0 }, ASKED);
        }
        let (cut, window, _) = take().unwrap();
        assert_eq!(window.from, date(2025, 1, 4));
        assert!(board.may_cut());
        cut.settle(Count::default(), ASKED);
        assert!(board.is_over(false) && board.take(None, || false).unwrap().is_none());
    }

    #[test]
    fn what_shows_other_days_comes_before_anything_is_cut() {
        let board = board(1, OnFailure::Error);
        board.replace(&[], WindowPlan { windows: vec![kept(3, 5, &[4])], shortage: None });
        board.next_to_download(8);
        board.bring(0, arrived());
        board.take(None, || false).unwrap().unwrap().0.settle(Count { rows: 2, on_days: 1, outside: 0 }, ASKED);
        let (cut, ..) = board.take(None, || false).unwrap().unwrap();
        assert!(!board.may_cut());
        cut.plan_anew();
        assert_eq!(board.unplanned(), Some((vec![1], vec![date(2025, 1, 4)])));
    }

    #[test]
    fn a_settled_scan_is_over() {
        let board = board(1, OnFailure::Error);
        board.next_to_download(1);
        board.bring(0, arrived());
        let (taken, ..) = board.take(None, || false).unwrap().unwrap();
        assert!(!board.is_over(false));
        taken.settle(Count::default(), ASKED);
        assert!(board.is_over(false) && board.take(None, || false).unwrap().is_none());
        assert_eq!(board.progress(), 1.0);
    }

    #[test]
    fn progress_is_the_share_of_the_days() {
        let board = board(2, OnFailure::Error);
        board.lock().slots[1].days = (2..=4).map(|day| date(2025, 1, day)).collect();
        board.next_to_download(2);
        board.bring(0, arrived());
        assert_eq!(board.progress(), 0.125);
        let (taken, ..) = board.take(None, || false).unwrap().unwrap();
        taken.settle(Count::default(), Asked { at: Timestamp::UNIX_EPOCH, is_empty: true });
        assert_eq!(board.progress(), 0.25);
    }

    #[test]
    fn a_damaged_window_is_fetched_again_and_then_named() {
        let board = board(2, OnFailure::Error);
        for _ in 0..Policy::default().damaged {
            let task = board.next_to_download(8).unwrap();
            assert_eq!(task.index, 0);
            board.bring(0, arrived());
            board.take(None, || false).unwrap().unwrap().0.again(broken());
        }
        let error = board.take(None, || false).err().unwrap().to_string();
        assert!(error.contains("2025-01-01: after 4 attempts: cut"), "{error}");
        assert!(board.is_over(false));
    }

    /// A board of one window of four days, that broke off: its halves are under way.
    fn halved() -> Board {
        let board = board(1, OnFailure::Error);
        let day = |day| date(2025, 1, day);
        let halves = [Window { from: day(1), to: day(2) }, Window { from: day(3), to: day(4) }];
        board.next_to_download(8);
        board.halve(0, halves, Duration::ZERO);
        assert_eq!([(); 2].map(|()| board.next_to_download(8).unwrap().index), [1, 2]);
        board
    }

    fn failures(board: &Board, index: usize) -> usize {
        (0..99).take_while(|_| board.try_again(index, Failure::backoff(broken())).is_ok()).count()
    }

    #[test]
    fn six_tries_in_a_row_end_a_half_and_one_that_is_kept_starts_the_count_anew() {
        let board = halved();
        for _ in 0..4 {
            board.try_again(2, Failure::backoff(broken())).unwrap();
        }
        // While the other one is still under way.
        board.lock().begin_anew(1, board.policy);
        assert_eq!(failures(&board, 2), 5);
        let board = halved();
        for _ in 0..4 {
            board.try_again(2, Failure::backoff(broken())).unwrap();
        }
        assert_eq!(failures(&board, 2), 1);
    }

    #[test]
    fn skipping_leaves_out_one_window_but_not_all() {
        let board = board(2, OnFailure::Skip);
        board.give_up(0, broken());
        assert!(!board.is_over(false));
        assert_eq!(board.fetch.end().failed.len(), 1);
        board.give_up(1, broken());
        assert!(board.take(None, || false).is_err());
    }

    #[test]
    fn days_that_the_plan_does_not_keep_can_be_skipped() {
        let board = board(2, OnFailure::Skip);
        let error = Error::new(Code::PermissionDenied, "HTTP 403").because(Reason::HistoryLimit(Some(90)));
        board.give_up(0, error);
        assert!(!board.is_over(false));
        assert_eq!(board.fetch.end().failed.len(), 1);
    }

    #[test]
    fn a_wrong_password_is_never_skipped() {
        let board = board(2, OnFailure::Skip);
        board.give_up(0, Error::new(Code::AuthenticationFailed, "HTTP 401"));
        assert_eq!(board.take(None, || false).err().unwrap().code(), Code::AuthenticationFailed);
    }

    #[test]
    fn an_answer_that_repeats_the_credentials_does_not_spread_them() {
        let board = board(1, OnFailure::Error);
        board.give_up(0, Error::new(Code::Truncated, "line 1 says hidden-token").server("hidden-token"));
        let error = board.take(None, || false).err().unwrap().to_string();
        assert!(error.contains("line 1 says") && !error.contains("hidden-token"), "{error}");
    }

    #[test]
    fn a_window_that_is_dropped_fails_the_scan() {
        let board = board(1, OnFailure::Error);
        board.next_to_download(1);
        board.bring(0, arrived());
        drop(board.take(None, || false).unwrap());
        assert_eq!(board.take(None, || false).err().map(|error| error.code()), Some(Code::Internal));
    }

    #[test]
    fn only_a_reader_that_may_leave_does() {
        let board = board(1, OnFailure::Error);
        assert!(board.take(Some(Duration::from_millis(1)), || true).unwrap().is_none());
        assert!(!board.is_over(false));
    }

    #[test]
    fn what_another_request_does_not_mend_is_not_asked_for_again() {
        let board = board(1, OnFailure::Error);
        board.next_to_download(1);
        board.bring(0, arrived());
        board.take(None, || false).unwrap().unwrap().0.again(Error::new(Code::InvalidRequest, "bad filter"));
        assert!(board.is_over(false) && board.next_to_download(1).is_none());
    }

    #[test]
    fn closing_wakes_a_waiting_reader() {
        let board = Arc::new(board(1, OnFailure::Error));
        let waiting = std::thread::spawn({
            let board = Arc::clone(&board);
            move || board.take(None, || false).unwrap().is_none()
        });
        board.close();
        assert!(waiting.join().unwrap());
    }
}
