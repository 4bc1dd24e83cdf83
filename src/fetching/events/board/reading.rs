//! What does a reader do with the windows of a board?
//!
//! It takes the oldest one that has arrived, waiting for one if need be, and settles it or sends it back.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{
    super::{
        answer::{Arrived, Unkept},
        plan::Window,
        slots::{State, WindowSlot},
        verify,
    },
    Board,
};
use crate::{
    contract::{Code, Error, Result},
    decode::Count,
    fetching::record::{DaysAnswered, Fetch},
};

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

    /// The archived answer is gone, damaged, or may not be cut: its days are to be had in another way.
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
            self.board.fail(Error::new(Code::Internal, "an answer could not be decoded"));
        }
    }
}

impl Board {
    /// The oldest window that has arrived, waiting for one if need be; `None` when there are no more, or when `leave` says
    /// so, which is asked each time that none came for as long as `look`. Archived answers of which days are cut away come
    /// last: any other answer may show that they must not be.
    pub fn take(&self, look: Duration, leave: impl Fn() -> bool) -> Result<Option<(Taken<'_>, Window, Arrived)>> {
        let mut slots = self.lock();
        loop {
            if let Some(error) = &slots.failure {
                return Err(error.clone());
            }
            if slots.closed || slots.are_over() {
                return Ok(None);
            }
            let may_cut = !slots.slots.iter().any(WindowSlot::is_open);
            let is_here = |slot: &WindowSlot| matches!(slot.state, State::Arrived(_)) && (may_cut || !slot.is_cut);
            let here = slots.slots.iter_mut().enumerate().filter(|(_, slot)| is_here(slot));
            if let Some((index, slot)) = here.min_by_key(|(_, slot)| slot.window.from)
                && let State::Arrived(mut arrived) = std::mem::replace(&mut slot.state, State::Taken)
            {
                let window = slot.window;
                slots.idle_since = Instant::now();
                drop(slots);
                self.wanted.notify_one();
                let unkept = match &mut arrived {
                    Arrived::Answer(answer) => answer.unkept(),
                    Arrived::Kept(_) => None,
                };
                return Ok(Some((Taken { board: self, index, open: true, unkept }, window, arrived)));
            }
            let (woken, timeout) =
                self.arrived.wait_timeout(slots, look).unwrap_or_else(|poisoned| poisoned.into_inner());
            slots = woken;
            if timeout.timed_out() {
                // It may ask DuckDB, which is nothing to hold others up for.
                drop(slots);
                if leave() {
                    return Ok(None);
                }
                slots = self.lock();
            }
        }
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
        self.warn_outside(window, warning);
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
        slots.begin_anew(index, self.policy);
        drop(slots);
        if let Some(claim) = claim {
            self.keeper.release(&claim, None);
        }
        Fetch::add(&self.fetch.windows_done, 1);
        if is_mixed {
            let what =
                "the project's days are not UTC days, but the rows of archived answers were selected by UTC days";
            self.fail(
                Error::new(Code::UnexpectedResponse, what)
                    .fix("Run it again. The extension knows the project's days now"),
            );
            return false;
        }
        self.changed();
        true
    }

    /// Rows of an archived answer go out, of which others were cut away by their days. Whether they may.
    pub fn may_cut(&self) -> bool {
        let may_cut = !self.keeper.has_other_days();
        self.lock().has_cut |= may_cut;
        may_cut
    }
}
