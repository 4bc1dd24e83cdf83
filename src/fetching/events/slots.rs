//! Where is one window on its way, and what do all of them say together?
//!
//! Only a board changes them, under its lock.

use std::{
    collections::BTreeMap,
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
    /// Whether it is a kept answer of which days are cut away.
    pub is_cut: bool,
    pub tries: Tries,
    /// Before it is asked for again.
    pub pause: Duration,
}

impl WindowSlot {
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Settled | State::Replaced)
    }

    pub fn again(&mut self, failure: Failure, fetch: &Fetch) -> Result<Duration> {
        let pause = self.tries.again(failure)?;
        Fetch::add(&fetch.retries, 1);
        Ok(pause)
    }

    /// Whether its answer may still show that no other one may be cut by days.
    pub fn is_open(&self) -> bool {
        !self.is_over() && !self.is_cut
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
    pub skipped: usize,
    pub closed: bool,
    /// When a window last came, or the scan began.
    pub came_at: Timestamp,
    /// When a reader last took something.
    pub taken_at: Instant,
    /// Whether rows of an answer that was cut by days went out.
    pub has_cut: bool,
}

impl Slots {
    /// Whether so many are unread that nothing more is to be downloaded.
    pub fn is_full(&self, ahead: usize) -> bool {
        self.slots.iter().filter(|slot| slot.is_unread()).count() >= ahead
    }

    /// A half that is kept starts the count of the others anew, of those that are under way too.
    pub fn begin_anew(&mut self, kept: usize, policy: Policy) {
        let family = self.slots.get(kept).and_then(|slot| slot.half_of);
        let others = self.slots.iter_mut().filter(|slot| family.is_some() && slot.half_of == family);
        others.for_each(|slot| slot.tries = Tries::new(policy));
    }

    /// What is there of the days, for who reads why the others did not come.
    pub fn left(&self) -> String {
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

pub fn slot(PlannedWindow { window, days, origin }: PlannedWindow, tries: Tries) -> WindowSlot {
    let is_cut = matches!(&origin, WindowOrigin::Copy(kept) if kept.selection.cuts_days());
    let (state, claim, is_kept) = match origin {
        WindowOrigin::Mixpanel(claim) => (State::Waiting, claim, false),
        WindowOrigin::Copy(kept) => (State::Arrived(Arrived::Kept(kept)), None, true),
        WindowOrigin::Claim(claim) => (State::Awaited(claim), None, false),
    };
    WindowSlot { window, days, state, claim, half_of: None, is_kept, is_cut, tries, pause: Duration::ZERO }
}
