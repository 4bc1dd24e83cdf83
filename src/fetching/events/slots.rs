//! Where is one window on its way, and what do all of them say together?
//!
//! Only a board changes them, under its lock.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use jiff::{Timestamp, civil::Date};

use super::{
    answer::Arrived,
    keeper::{PlannedWindow, WindowOrigin},
    plan::Window,
};
use crate::{
    contract::{Error, Result},
    fetching::record::Fetch,
    mixpanel::{Failure, Policy, Tries},
};

#[derive(Debug)]
pub enum State {
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
pub struct WindowSlot {
    pub window: Window,
    /// The days that it is wanted for.
    pub days: Vec<Date>,
    pub state: State,
    pub claim: Option<String>,
    /// The window that broke off and that it is a part of.
    pub half_of: Option<usize>,
    /// Whether what it settled with is in the archive.
    pub is_kept: bool,
    /// Whether it is an archived answer of which days are cut away.
    pub is_cut: bool,
    pub tries: Tries,
    /// Before it is asked for again.
    pub pause: Duration,
}

impl WindowSlot {
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Settled | State::Replaced)
    }

    /// Whether its answer may still show that no other one may be cut by days.
    pub fn is_open(&self) -> bool {
        !self.is_over() && !self.is_cut
    }

    /// Whether it is between its request and its rows.
    fn is_under_way(&self) -> bool {
        self.is_unread() || matches!(self.state, State::Taken)
    }

    /// Whether it is an answer that is here for readers, and not in the archive yet.
    pub fn is_to_be_kept(&self) -> bool {
        matches!(&self.state, State::Arrived(Arrived::Answer(answer)) if answer.is_to_be_kept())
    }

    /// Whether it is here or on its way, and nothing but memory has it.
    pub fn is_unread(&self) -> bool {
        matches!(self.state, State::Downloading | State::Checked | State::Arrived(Arrived::Answer(_)))
    }
}

#[derive(Debug)]
pub struct Slots {
    pub slots: Vec<WindowSlot>,
    pub failure: Option<Error>,
    /// What the scan will fail with when nothing is under way any more.
    pub coming: Option<Error>,
    pub skipped: usize,
    pub closed: bool,
    /// When a window last came, or the scan began.
    pub came_at: Timestamp,
    /// Since when readers have taken nothing of what is here.
    pub idle_since: Instant,
    /// Whether rows of an answer that was cut by days went out.
    pub has_cut: bool,
}

impl Slots {
    /// Whether all is in hand, or left out. What is still to fail is not over.
    pub fn are_over(&self) -> bool {
        self.coming.is_none() && self.slots.iter().all(WindowSlot::is_over)
    }

    /// Whether so many are unread that nothing more is to be downloaded.
    pub fn is_full(&self, ahead: usize) -> bool {
        self.slots.iter().filter(|slot| slot.is_unread()).count() >= ahead
    }

    /// The window of the earliest days that is to be requested.
    ///
    /// Where one broke off, its parts go one after the other until one of them is good: else a server that breaks off
    /// everything would be asked for each of its days.
    pub fn next_waiting(&self) -> Option<usize> {
        let in_doubt = |slot: &WindowSlot| slot.half_of.is_some() && slot.tries.have_failed();
        let busy: BTreeSet<usize> =
            self.slots.iter().filter(|slot| slot.is_under_way()).filter_map(|slot| slot.half_of).collect();
        let is_next = |slot: &WindowSlot| {
            matches!(slot.state, State::Waiting)
                && !(in_doubt(slot) && slot.half_of.is_some_and(|whole| busy.contains(&whole)))
        };
        let waiting = self.slots.iter().enumerate().filter(|(_, slot)| is_next(slot));
        waiting.min_by_key(|(_, slot)| slot.window.from).map(|(index, _)| index)
    }

    /// A try of a window failed, which counts for all parts of the one that broke off. The pause before the next one.
    ///
    /// Errors: the failure's, where no try is left.
    pub fn again(&mut self, index: usize, failure: Failure, fetch: &Fetch) -> Result<Duration> {
        let Some(slot) = self.slots.get_mut(index) else { return Err(failure.error) };
        let pause = slot.tries.again(failure);
        let tries = slot.tries;
        self.family(index).for_each(|slot| slot.tries = tries);
        Fetch::add(&fetch.retries, pause.is_ok().into());
        pause
    }

    /// A part that is good starts the count of the others anew, of those that are under way too.
    pub fn begin_anew(&mut self, good: usize, policy: Policy) {
        self.family(good).for_each(|slot| slot.tries = Tries::new(policy));
    }

    /// The parts of the window that broke off, of which this is one.
    fn family(&mut self, index: usize) -> impl Iterator<Item = &mut WindowSlot> {
        let whole = self.slots.get(index).and_then(|slot| slot.half_of);
        self.slots.iter_mut().filter(move |slot| whole.is_some() && slot.half_of == whole)
    }

    /// What is there of the days, for who reads why the others did not come. How many requests those will be depends on
    /// what is left of the hour then. `None` where nothing is there.
    pub fn left(&self) -> Option<String> {
        let mut days = BTreeMap::new();
        for slot in self.slots.iter().filter(|slot| !matches!(slot.state, State::Replaced)) {
            let is_here = slot.is_kept || matches!(slot.state, State::Arrived(Arrived::Kept(_)));
            days.extend(slot.days.iter().map(|day| (*day, is_here)));
        }
        let here = days.values().filter(|is_here| **is_here).count();
        let all = days.len();
        let days = if all == 1 { "1 day".to_owned() } else { format!("{all} days") };
        (here > 0).then(|| format!("The archive has {here} of {days}. The next run requests only the others"))
    }
}

pub fn slot(PlannedWindow { window, days, origin }: PlannedWindow, tries: Tries) -> WindowSlot {
    let is_cut = matches!(&origin, WindowOrigin::Copy(kept) if kept.selection.cuts_days());
    let (state, claim, is_kept) = match origin {
        WindowOrigin::Mixpanel(claim) => (State::Waiting, claim, false),
        WindowOrigin::Copy(kept) => (State::Arrived(Arrived::Kept(kept)), None, true),
        WindowOrigin::Claim(claim) => (State::Awaited(claim), None, false),
    };
    WindowSlot { window, days, state, claim, half_of: None, is_kept, is_cut, tries, pause: Duration::ZERO }
}
