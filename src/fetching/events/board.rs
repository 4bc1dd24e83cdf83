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

mod reading;

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use jiff::{Timestamp, civil::Date};
use tokio::sync::Notify;

use super::{
    answer::{Answered, Arrived, Unkept},
    keeper::{Awaited, Keeper, KeptAnswer, WindowPlan},
    plan::Window,
    slots::{Slots, State, WindowSlot, slot},
    verify,
};
use crate::{
    config::{Credentials, Target},
    contract::{Code, Error, Reason, Result},
    decode::Count,
    fetching::record::Fetch,
    mixpanel::{Failure, Policy, Tries, redact},
};

pub use reading::{Asked, Taken};

/// Readers that have taken nothing of what is here for so long may be waiting for us, for the other side of a join that reads
/// the same, or for a person who looks at the first rows.
const STALLED: Duration = Duration::from_millis(500);

/// Who waits an hour waits for what was used a moment before it began.
const MARGIN: Duration = Duration::from_secs(10);

/// What to do with a window that could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Fail the query.
    Error,
    /// Leave the window out and say so in `mixpanel_fetches()`.
    Skip,
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
        let slots: Vec<WindowSlot> =
            plan.windows.into_iter().map(|planned| slot(planned, Tries::new(policy))).collect();
        Fetch::add(&fetch.windows, slots.len() as u64);
        Self {
            slots: Mutex::new(Slots {
                slots,
                failure: None,
                coming: None,
                skipped: 0,
                closed: false,
                came_at: keeper.now(),
                idle_since: Instant::now(),
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

    /// The next window that is to be downloaded; `None` while there is none or `ahead` of them are unread.
    pub fn next_to_download(&self, ahead: usize) -> Option<Task> {
        let mut slots = self.lock();
        if slots.closed || slots.is_full(ahead) {
            return None;
        }
        let index = slots.next_waiting()?;
        let slot = slots.slots.get_mut(index)?;
        slot.state = State::Downloading;
        Some(Task { index, window: slot.window, claim: slot.claim.clone(), pause: slot.pause })
    }

    /// An answer that is to be looked at and kept before a reader has it: where no reader has come for a while, since others
    /// may wait for what it holds; and where nobody reads any more. A reader that comes looks at what it takes itself.
    pub fn next_to_check(&self) -> Option<(usize, Window, Box<Answered>)> {
        if !self.keeper.keeps() {
            return None;
        }
        let mut slots = self.lock();
        if !slots.closed && slots.idle_since.elapsed() < STALLED {
            return None;
        }
        let (index, slot) = slots.slots.iter_mut().enumerate().find(|(_, slot)| slot.is_to_be_kept())?;
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
        let is_due = |slot: &WindowSlot| matches!(slot.state, State::Unplanned(at) if at.is_none_or(|at| at <= now));
        let due = slots.slots.iter().enumerate().filter(|(_, slot)| is_due(slot));
        let indexes: Vec<usize> = due.clone().map(|(index, _)| index).collect();
        let mut days: Vec<Date> = due.flat_map(|(_, slot)| slot.days.iter().copied()).collect();
        days.sort_unstable();
        (!indexes.is_empty()).then_some((indexes, days))
    }

    /// Whether anything is waited for that tells nobody when it comes: what others bring, a moment, a reader that does not.
    pub fn has_to_look(&self) -> bool {
        let slots = self.lock();
        let is_silent = |slot: &WindowSlot| {
            matches!(slot.state, State::Awaited(_) | State::Unplanned(_)) || self.keeper.keeps() && slot.is_to_be_kept()
        };
        !slots.closed && slots.slots.iter().any(is_silent)
    }

    /// The claims of others that are waited for.
    pub fn awaited(&self) -> Vec<(usize, String)> {
        let slots = self.lock();
        let claim = |(index, slot): (usize, &WindowSlot)| match &slot.state {
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
            slots.slots.push(WindowSlot {
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
        let is_open =
            |slot: &WindowSlot| matches!(slot.state, State::Downloading | State::Checked) || slot.is_to_be_kept();
        match slots.closed {
            true => is_late || !self.keeper.keeps() || !slots.slots.iter().any(is_open),
            false => slots.are_over(),
        }
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether a window waits for the hour until then: no longer than `max_wait` after something last came, which is now
    /// while another window is under way. A plan of more requests than an hour has waits more than once.
    pub fn may_wait(&self, index: usize, until: Timestamp, max_wait: Duration) -> bool {
        let slots = self.lock();
        let is_under_way =
            |(other, slot): (usize, &WindowSlot)| other != index && matches!(slot.state, State::Downloading);
        let since = match slots.slots.iter().enumerate().any(is_under_way) {
            true => self.keeper.now(),
            false => slots.came_at,
        };
        since.saturating_add(max_wait + MARGIN).is_ok_and(|last| until <= last)
    }

    /// A window is here, whole. Who waits for one that is not to be kept waits no longer: it serves nobody else.
    pub fn bring(&self, index: usize, arrived: Arrived) {
        let serves_others = !matches!(&arrived, Arrived::Answer(answer) if !answer.is_to_be_kept());
        let mut slots = self.lock();
        slots.came_at = self.keeper.now();
        if !slots.slots.iter().any(|slot| matches!(slot.state, State::Arrived(_) | State::Checked)) {
            slots.idle_since = Instant::now();
        }
        if let Some(slot) = slots.slots.get_mut(index) {
            slot.state = State::Arrived(arrived);
        }
        let claim = if serves_others { None } else { slots.slots.get_mut(index).and_then(|slot| slot.claim.take()) };
        drop(slots);
        if let Some(claim) = claim {
            self.keeper.release(&claim, None);
        }
        self.changed();
    }

    /// Says what [`verify::within_days`] found.
    pub fn warn_outside(&self, window: Window, warning: Option<String>) {
        if let Some(warning) = warning {
            self.fetch.warn("ROWS_OUTSIDE_DAYS", format!("{window}: {warning}"));
        }
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

    /// Keeps an answer whose lines are good and are an answer. Returns whether it is kept.
    pub fn keep(
        &self,
        index: usize,
        window: Window,
        Unkept { partial, asked_at }: Unkept,
        count: Count,
    ) -> Option<KeptAnswer> {
        let is_doubted = self.keeper.doubts(&partial, window, count);
        if is_doubted {
            let what = "Mixpanel returned no rows, but the archive has rows of these days and keeps them";
            self.fetch.warn("NO_ROWS", format!("{window}: {what}"));
        }
        let kept = self.keeper.keep(partial, window, count, asked_at, is_doubted)?;
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

    /// What arrived is of no use, and no row of it was emitted: fetch it again if that may help.
    pub fn again(&self, index: usize, damage: Error) {
        let mut slots = self.lock();
        let outcome = slots.again(index, verify::failure(damage), &self.fetch);
        if let (Ok(pause), Some(slot)) = (&outcome, slots.slots.get_mut(index)) {
            (slot.state, slot.pause) = (State::Waiting, *pause);
        }
        drop(slots);
        match outcome {
            Ok(_) => self.changed(),
            Err(error) => self.give_up(index, error),
        }
    }

    /// A try failed: the pause before the next one. Errors: the failure's, where there is no next one.
    pub fn try_again(&self, index: usize, failure: Failure) -> Result<Duration> {
        self.lock().again(index, failure, &self.fetch)
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
        // What the hour still had comes first: it is paid for, and a process that ends with its statement would lose it.
        if fails && error.code() == Code::RateLimited && self.keeper.keeps() {
            if let Some(slot) = slots.slots.get_mut(index) {
                slot.state = State::Settled;
            }
            slots.coming.get_or_insert(error);
            drop(slots);
            if let Some(claim) = claim {
                self.keeper.release(&claim, None);
            }
            return self.changed();
        }
        if !fails && let Some(slot) = slots.slots.get_mut(index) {
            // Before anybody can see that all windows are done, and look into the record.
            self.fetch.left_out(window.to_string(), error.to_string());
            slot.state = State::Settled;
            slots.skipped += 1;
        }
        drop(slots);
        if let Some(claim) = claim {
            self.keeper.release(&claim, is_for_all(&error).then(|| error.to_string()));
        }
        if fails {
            return self.fail(error);
        }
        self.changed();
    }

    /// Fails the scan, where it has to, once nothing is under way any more.
    pub fn fail_at_last(&self) {
        let slots = self.lock();
        let is_open = |slot: &WindowSlot| {
            matches!(slot.state, State::Waiting | State::Downloading | State::Checked | State::Unplanned(None))
                || slot.is_to_be_kept()
        };
        let coming = slots.coming.clone().filter(|_| !slots.closed && !slots.slots.iter().any(is_open));
        drop(slots);
        if let Some(error) = coming {
            self.fail(error);
        }
    }

    /// The whole scan fails.
    pub fn fail(&self, error: Error) {
        let error = self.redacted(error);
        let mut slots = self.lock();
        if slots.failure.is_none() && !slots.closed {
            let error = match slots.left().filter(|_| self.keeper.serves_again()) {
                Some(left) => error.also(&left),
                None => error,
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
            if matches!(slot.state, State::Arrived(_)) && !(keeps && slot.is_to_be_kept()) {
                slot.state = State::Settled;
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
        self.keeper.promise_little();
    }

    /// The share of the days that are done, an unread one counting half.
    pub fn progress(&self) -> f64 {
        let slots = self.lock();
        let share = |slot: &WindowSlot| match slot.state {
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

/// Whether whoever waits for the window would get the same error: it is about the question, and neither about this process, its
/// secret and its machine, nor about the hour, which others may wait for.
fn is_for_all(error: &Error) -> bool {
    !matches!(
        error.code(),
        Code::AuthenticationFailed
            | Code::MissingCredentials
            | Code::InvalidConfig
            | Code::RateLimited
            | Code::IoError
            | Code::OutOfMemory
            | Code::Internal
    )
}

#[cfg(test)]
mod tests;
