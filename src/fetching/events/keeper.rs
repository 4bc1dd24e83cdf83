//! What is there already, what do others bring, and what is left to ask for?
//!
//! For the windows of one scan: between the archive, where answers lie, and the
//! ledger, where processes say what they are about to ask. Planning is one step
//! under the ledger's lock: days that are there are taken, days that a living claim
//! has are waited for, and the rest become windows, each with a claim.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::plan::{WantedDays, Window};
use crate::{
    archive::{self, Archive, Arrival, Candidate, Copy, Freshness, Partial, Question, Shelf},
    config::Target,
    contract::Result,
    decode::{Count, Selection},
    folder::Folder,
    hash,
    quota::{Book, CLAIM_LIFE, Claim, Gate, Limit, Millis, Quota},
};

/// The archive and the ledger, for one question.
#[derive(Debug)]
pub struct Keeper {
    gate: Gate,
    /// `None` where no answer is kept.
    shelf: Option<Shelf>,
    question: Question,
    asker: String,
    freshness: Freshness,
    /// Whether the answers of this scan are kept: not those to a request with a limit, nor when the disk is full.
    keeps: AtomicBool,
    /// The archive that takes a part of the disk only, and how many bytes more it takes, as was found when the last answer
    /// began. All who keep answers there look for themselves.
    cache: Option<Folder>,
    room: AtomicU64,
    /// Whether an answer of this scan has shown that the days of the project are not those of UTC.
    has_other_days: AtomicBool,
    /// Archived answers that turned out to be no good, which may still lie there where nobody may remove them.
    refused: Mutex<BTreeSet<PathBuf>>,
    /// The claims of this scan that live.
    claims: Mutex<BTreeSet<String>>,
    /// When they were last renewed, in milliseconds since 1970.
    renewed_at: AtomicI64,
    /// Whose they are: a fork has all of this in its memory, and none of the threads that work on it.
    process: u32,
}

/// Between two words that our claims are still worked on.
const RENEW: Millis = 15_000;

/// How long claims live from one word to the next where nobody reads any more, and how often that word comes.
const BRIEFLY: Millis = 6_000;
const RENEW_BRIEFLY: Millis = 2_000;

/// Where the rows of a part of the days come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowOrigin {
    /// From Mixpanel. The claim that its request was set aside by; none where the hour has none left.
    Mixpanel(Option<String>),
    Copy(KeptAnswer),
    /// From whoever has this claim.
    Claim(String),
}

/// An answer in the archive that serves some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    pub copy: Copy,
    pub place: PathBuf,
    pub selection: Selection,
}

/// A part of the days, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedWindow {
    pub window: Window,
    /// The days that it is wanted for.
    pub days: Vec<Date>,
    pub origin: WindowOrigin,
}

/// How the days of a scan will come.
#[derive(Debug, Default)]
pub struct WindowPlan {
    /// Oldest first.
    pub windows: Vec<PlannedWindow>,
    /// Set where the hour has not enough left for these windows.
    pub shortage: Option<Shortage>,
}

/// What the hour has, where that is not enough.
#[derive(Debug, Clone, Copy)]
pub struct Shortage {
    pub left: usize,
    pub limit: Limit,
    /// When it gives something back, where any of it is used.
    pub resets_at: Option<Timestamp>,
}

/// What became of a claim that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// It lives.
    Coming,
    /// It has ended: what it brought is there, or is to be asked for.
    Over,
    Failed(String),
}

impl Keeper {
    /// For one question of a target. `max_age`: how old answers may be, where the call says so. `keeps`: whether new ones
    /// are to be kept.
    ///
    /// Errors: `InvalidConfig` where the folder that the user named can't be used.
    pub fn of(target: &Target, question: Question, max_age: Option<SignedDuration>, keeps: bool) -> Result<Self> {
        let gate = Gate::process(target)?;
        let archive = Archive::open(&target.keeping.archive)?.ok();
        let salt = archive.as_ref().map_or(&[][..], |archive| archive.folder.salt());
        let asker = archive::asker(&target.credentials, salt);
        let is_for_good = archive.as_ref().is_some_and(|archive| archive.is_for_good);
        let freshness = Freshness { call: max_age, usual: target.keeping.max_age, for_good: is_for_good };
        if let Some(Archive { folder, .. }) = &archive {
            archive::sweep(folder, is_for_good, gate.ledger.living_claims().as_ref(), gate.clock.now());
        }
        let cache = archive.as_ref().filter(|archive| !archive.is_for_good).map(|archive| archive.folder.clone());
        let shelf = archive.map(|archive| Shelf::new(archive.folder, &asker, target.project_id.as_deref()));
        let mut keeper = Self::new(gate, shelf, question, asker, freshness, keeps);
        keeper.cache = cache;
        keeper.keeps.fetch_and(keeper.has_room(), Ordering::Relaxed);
        Ok(keeper)
    }

    /// Keeps nothing, and counts in a ledger of its own.
    #[cfg(test)]
    pub fn for_test(target: &Target) -> Self {
        let gate = Gate::of(target, crate::quota::Ledger::for_test(), std::sync::Arc::default());
        let question = Question { host: String::new(), events: None, filter: None };
        let freshness = Freshness { call: None, usual: crate::config::DEFAULT_AGE, for_good: false };
        Self::new(gate, None, question, String::new(), freshness, false)
    }

    fn new(
        gate: Gate,
        shelf: Option<Shelf>,
        question: Question,
        asker: String,
        freshness: Freshness,
        keeps: bool,
    ) -> Self {
        let (keeps, has_other_days) = (AtomicBool::new(keeps), AtomicBool::new(false));
        Self {
            renewed_at: AtomicI64::new(gate.clock.now().as_millisecond()),
            gate,
            shelf,
            question,
            asker,
            freshness,
            keeps,
            cache: None,
            room: AtomicU64::new(u64::MAX),
            has_other_days,
            refused: Mutex::default(),
            claims: Mutex::default(),
            process: std::process::id(),
        }
    }

    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Whether answers are kept, as far as is known.
    pub fn keeps(&self) -> bool {
        self.shelf.is_some() && self.keeps.load(Ordering::Relaxed)
    }

    /// Plans days, and claims what is to be asked for. `is_dry`: claims nothing, for who only wants to know.
    ///
    /// Errors: where the ledger can't be had.
    pub fn plan(&self, wanted: &WantedDays, is_dry: bool) -> Result<WindowPlan> {
        let step = PlanStep {
            shelf: self.shelf.clone(),
            question: self.question.clone(),
            asker: self.asker.clone(),
            freshness: self.freshness,
            keeps: self.keeps(),
            has_other_days: self.has_other_days(),
            refused: lock(&self.refused).clone(),
            wanted: wanted.clone(),
            now: self.gate.clock.now(),
            is_dry,
        };
        let plan = self.gate.with(Quota::Export, move |book, rule, limit, now| {
            let left = book.left(limit, now);
            let resets_at = book.resets_at(rule, now).and_then(|at| Timestamp::from_millisecond(at).ok());
            let (served, mut missing) = step.served(book.refused_from());
            let mut windows: Vec<PlannedWindow> = served;
            for claim in step.others(book) {
                let days: Vec<Date> =
                    missing.iter().copied().filter(|day| (claim.from..=claim.to).contains(day)).collect();
                let (Some(from), Some(to)) = (days.first().copied(), days.last().copied()) else { continue };
                missing.retain(|day| !days.contains(day));
                let window = Window { from, to };
                windows.push(PlannedWindow { window, days, origin: WindowOrigin::Claim(claim.id) });
            }
            let asked = step.asked(&missing, left);
            let is_short = asked.len() > left;
            // A window that bridges days brings them, wherever else they would have come from.
            windows.retain_mut(|other| {
                other.days.retain(|day| !asked.iter().any(|window| window.has(*day)));
                if let WindowOrigin::Copy(kept) = &mut other.origin {
                    kept.selection = selection(&kept.copy, &other.days, kept.selection.events().cloned());
                }
                !other.days.is_empty()
            });
            for (index, window) in asked.into_iter().enumerate() {
                let claim = (index < left && !step.is_dry).then(hash::random);
                if let Some(id) = &claim {
                    let days = (window.from, window.to);
                    book.claim(id.clone(), &step.asker, &step.question.words(), days, step.keeps, now);
                }
                let days = step.wanted.all().filter(|day| window.has(*day)).collect();
                windows.push(PlannedWindow { window, days, origin: WindowOrigin::Mixpanel(claim) });
            }
            windows.sort_by_key(|planned| planned.window.from);
            let shortage = is_short.then_some(Shortage { left, limit, resets_at });
            WindowPlan { windows, shortage }
        })?;
        lock(&self.claims).extend(plan.windows.iter().filter_map(|planned| match &planned.origin {
            WindowOrigin::Mixpanel(claim) => claim.clone(),
            WindowOrigin::Copy(_) | WindowOrigin::Claim(_) => None,
        }));
        Ok(plan)
    }

    /// Whether this is another process than the one that planned: what it would say of the claims is not for it to say.
    pub fn is_in_a_fork(&self) -> bool {
        std::process::id() != self.process
    }

    /// An archived answer is no good: no plan of this scan takes it again.
    pub fn refuse(&self, place: PathBuf) {
        archive::discard(&place);
        lock(&self.refused).insert(place);
    }

    /// Whether what is kept now serves the same call when it is made again, for hours.
    pub fn serves_again(&self) -> bool {
        self.keeps() && self.freshness.call.is_none_or(|age| age >= SignedDuration::from_hours(1))
    }

    /// Splits a claimed window, whose request was made, into two. Returns their claims.
    pub fn halve(&self, claim: Option<&str>, halves: [Window; 2]) -> Result<[Option<String>; 2]> {
        let Some(claim) = claim.map(str::to_owned) else { return Ok([None, None]) };
        let ids = [hash::random(), hash::random()];
        let [first, second] = ids.clone();
        {
            let mut claims = lock(&self.claims);
            claims.remove(&claim);
            claims.extend(ids.clone());
        }
        let days = halves.map(|half| (half.from, half.to));
        self.gate.with(Quota::Export, move |book, _, _, now| {
            book.halve(&claim, [(first, days[0]), (second, days[1])], now);
        })?;
        Ok(ids.map(Some))
    }

    /// Says that the claims are still worked on, where that was last said a while ago, by the clock that they end by.
    /// `is_read`: whether anybody reads still.
    pub fn renew(&self, is_read: bool) {
        let period = if is_read { RENEW } else { RENEW_BRIEFLY };
        let renewed_at = self.renewed_at.load(Ordering::Relaxed);
        if self.gate.clock.now().as_millisecond().abs_diff(renewed_at) >= period.unsigned_abs() {
            self.promise(if is_read { CLAIM_LIFE } else { BRIEFLY });
        }
    }

    /// Nobody reads any more, and the process may end any moment: who waits for what is under way shall not wait long then.
    pub fn promise_little(&self) {
        self.promise(BRIEFLY);
    }

    /// Says that the claims live so long.
    fn promise(&self, life: Millis) {
        self.renewed_at.store(self.gate.clock.now().as_millisecond(), Ordering::Relaxed);
        let claims: Vec<String> = lock(&self.claims).iter().cloned().collect();
        if !claims.is_empty() {
            // A ledger that can't be had is said by the next request.
            let _ = self.gate.with(Quota::Export, move |book, _, _, now| book.renew(&claims, life, now));
        }
    }

    /// Ends a claim: its answer is kept, or nobody wants it any more, or there was an error.
    pub fn release(&self, claim: &str, error: Option<String>) {
        if lock(&self.claims).remove(claim) {
            let claim = claim.to_owned();
            let _ = self.gate.with(Quota::Export, move |book, _, _, now| book.release(&claim, error, now));
        }
    }

    /// What became of claims that are waited for.
    pub fn look(&self, claims: Vec<String>) -> Result<Vec<Awaited>> {
        self.gate.with(Quota::Export, move |book, _, _, _| {
            let look = |id: &String| match book.error(id) {
                Some(error) => Awaited::Failed(error.to_owned()),
                None if book.claims().any(|claim| claim.id == *id) => Awaited::Coming,
                None => Awaited::Over,
            };
            claims.iter().map(look).collect()
        })
    }

    /// Begins to keep an answer; `None` where it is not to be kept, or can't be.
    pub fn begin(&self, id: &str, is_gzip: bool) -> Option<Partial> {
        let shelf = self.shelf.as_ref().filter(|_| self.keeps())?;
        if !self.has_room() {
            self.keep_no_more();
            return None;
        }
        shelf.begin(&self.question, id, is_gzip).inspect_err(|_| self.keep_no_more()).ok()
    }

    /// Looks whether the user's cache has room; an archive for good takes what it needs.
    fn has_room(&self) -> bool {
        if let Some(folder) = &self.cache {
            self.room.store(archive::room(folder), Ordering::Relaxed);
        }
        self.room.load(Ordering::Relaxed) > 0
    }

    /// Whether the archive takes so many bytes more of an answer.
    pub fn takes(&self, bytes: usize) -> bool {
        let left = |room: u64| if room == u64::MAX { Some(room) } else { room.checked_sub(bytes as u64) };
        self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }

    /// The disk is full: who waits for what is not kept yet waits no more.
    pub fn keep_no_more(&self) {
        if self.keeps.swap(false, Ordering::Relaxed) {
            let claims: Vec<String> = lock(&self.claims).iter().cloned().collect();
            let _ = self.gate.with(Quota::Export, move |book, _, _, _| book.will_not_keep(&claims));
        }
    }

    /// An answer is whole and good. `is_doubted`: see [`Self::doubts`].
    pub fn keep(
        &self,
        partial: Partial,
        window: Window,
        count: Count,
        asked_at: Timestamp,
        is_doubted: bool,
    ) -> Option<KeptAnswer> {
        let (days, arrived_at) = ((window.from, window.to), self.gate.clock.now());
        let strays = count.rows.saturating_sub(count.on_days);
        // Who cuts it later has to know.
        if strays > 0 && !self.note_other_days() {
            self.keep_no_more();
            return None;
        }
        match partial.keep(Arrival { days, asked_at, arrived_at, rows: count.rows, strays, is_doubted }) {
            Ok((copy, place)) => Some(KeptAnswer { copy, place, selection: Selection::new(days, None, None) }),
            Err(_) => {
                self.keep_no_more();
                None
            }
        }
    }

    /// An answer has shown that the days of the project are not those of UTC. Returns whether all who keep answers know it.
    pub fn note_other_days(&self) -> bool {
        self.has_other_days.store(true, Ordering::Relaxed);
        self.shelf.as_ref().is_none_or(|shelf| shelf.note_other_days().is_ok())
    }

    /// Whether an answer about the project has shown so, whoever asked for it.
    pub fn has_other_days(&self) -> bool {
        self.has_other_days.load(Ordering::Relaxed) || self.shelf.as_ref().is_some_and(Shelf::has_other_days)
    }

    /// Whether an answer holds nothing and the archive has rows of its days. Reads those, so it is asked once.
    pub fn doubts(&self, partial: &Partial, window: Window, count: Count) -> bool {
        let days = partial.days((window.from, window.to));
        count.rows == 0 && self.shelf.as_ref().is_some_and(|shelf| shelf.has_rows_of(&self.question, days))
    }

    /// A day was refused because it has not begun in the project.
    pub fn refused_from(&self, day: Date) {
        let _ = self.gate.with(Quota::Export, move |book, _, _, now| book.refuse_from(day, now));
    }

    /// To the millisecond, as names of archived answers say it.
    pub fn now(&self) -> Timestamp {
        let now = self.gate.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a step of planning needs, on whatever thread the ledger runs it.
struct PlanStep {
    shelf: Option<Shelf>,
    question: Question,
    asker: String,
    freshness: Freshness,
    keeps: bool,
    has_other_days: bool,
    refused: BTreeSet<PathBuf>,
    wanted: WantedDays,
    now: Timestamp,
    is_dry: bool,
}

impl PlanStep {
    /// What is there, and the days that are not.
    fn served(&self, refused_from: Option<Date>) -> (Vec<PlannedWindow>, Vec<Date>) {
        let begun = |day: &Date| *day <= self.wanted.today.latest && refused_from.is_none_or(|refused| *day < refused);
        let days: Vec<Date> = self.wanted.all().filter(begun).collect();
        let Some(shelf) = &self.shelf else { return (Vec::new(), days) };
        let mut candidates = shelf.candidates(&self.question);
        candidates.retain(|candidate| !self.refused.contains(&candidate.place));
        let choice = archive::choose(&days, &candidates, self.freshness, self.has_other_days, self.now);
        let planned = |(candidate, days): (&Candidate<PathBuf>, Vec<Date>)| {
            let window = Window { from: *days.first()?, to: *days.last()? };
            let kept = KeptAnswer {
                copy: candidate.copy.clone(),
                place: candidate.place.clone(),
                selection: selection(&candidate.copy, &days, self.events_of(candidate)),
            };
            Some(PlannedWindow { window, days, origin: WindowOrigin::Copy(kept) })
        };
        let served =
            choice.served.into_iter().filter_map(|served| Some((candidates.get(served.candidate)?, served.days)));
        (served.filter_map(planned).collect(), choice.missing)
    }

    /// The events that are wanted of an answer; `None` where it has no others.
    fn events_of(&self, candidate: &Candidate<PathBuf>) -> Option<BTreeSet<String>> {
        self.question.events.clone().filter(|_| !candidate.is_same)
    }

    /// Claims of others that bring what is wanted here.
    fn others(&self, book: &Book) -> Vec<Claim> {
        if self.shelf.is_none() || !self.keeps || self.freshness.call.is_some_and(|age| age.is_zero()) {
            return Vec::new();
        }
        let covers = |claim: &&Claim| {
            claim.asker == self.asker
                && Question::read(&claim.question).is_some_and(|other| other.covers(&self.question))
        };
        book.claims().filter(covers).cloned().collect()
    }

    /// The windows for what nobody has.
    fn asked(&self, missing: &[Date], left: usize) -> Vec<Window> {
        let midnight = self.wanted.midnight.filter(|day| missing.contains(day));
        let others: Vec<Date> = missing.iter().copied().filter(|day| Some(*day) != midnight).collect();
        let is_finished = |day| archive::is_finished(day, self.now);
        let mut windows = self.wanted.windows(&others, is_finished, left);
        if let Some(midnight) = midnight {
            let is_next = |last: &&mut Window| last.to.tomorrow().is_ok_and(|next| next == midnight);
            match windows.last_mut().filter(is_next) {
                Some(last) => last.to = midnight,
                None => windows.push(Window { from: midnight, to: midnight }),
            }
        }
        windows
    }
}

/// What is wanted of an answer: all days where it has no others.
fn selection(copy: &Copy, days: &[Date], events: Option<BTreeSet<String>>) -> Selection {
    let is_whole = copy.days().all(|day| days.contains(&day));
    Selection::new((copy.from, copy.to), (!is_whole).then_some(days), events)
}

/// Nobody wants what was not asked for yet.
impl Drop for Keeper {
    fn drop(&mut self) {
        if self.is_in_a_fork() {
            return;
        }
        let claims = std::mem::take(&mut *lock(&self.claims));
        if !claims.is_empty() {
            let _ = self.gate.with(Quota::Export, move |book, _, _, now| {
                claims.iter().for_each(|claim| book.release(claim, None, now));
            });
        }
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
