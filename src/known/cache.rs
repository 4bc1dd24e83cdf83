//! Which remembered answers are still valid?
//!
//! Those that came not long ago, in this process, to the same question of the same
//! account; how long ago depends on the kind of question ([`Life`]). Errors are never
//! kept. The lock is held for a look only, never while a request is under way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{flight::Flight, key::Key};
use crate::contract::{Clock, Result};

/// For how long an answer is good.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    /// How long it is kept.
    length: SignedDuration,
    /// How old it may be for who asks; zero for who wants a new one.
    oldest: SignedDuration,
    /// What it may weigh, in bytes; a heavier one goes to those who wait for it and is not kept.
    heaviest: usize,
}

impl Life {
    pub const fn of(length: SignedDuration, heaviest: usize) -> Self {
        Self { length, oldest: length, heaviest }
    }

    /// The same for who wants no older answer.
    pub fn for_who_takes(self, oldest: SignedDuration) -> Self {
        Self { oldest: oldest.min(self.length), ..self }
    }
}

/// What is kept at most: so many answers, and so many bytes of them. Those that will be good for the shortest time go
/// first, so a report doesn't drive out what is known for longer.
const MOST_ANSWERS: usize = 256;
const MOST_BYTES: usize = 64 << 20;

/// Answers and requests under way. Few enough to be searched one after the other.
#[derive(Debug)]
pub(super) struct Cache {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Those first that are forgotten first.
    answers: Vec<Kept>,
    flights: Vec<(Key, Arc<Flight>)>,
}

#[derive(Debug)]
struct Kept {
    key: Key,
    text: Arc<String>,
    at: Timestamp,
    life: Life,
}

impl Kept {
    fn is_good(&self, now: Timestamp, oldest: SignedDuration) -> bool {
        // An answer from the future is one from before the clock was set back.
        self.at <= now && now.duration_since(self.at) < oldest.min(self.life.length)
    }
}

impl Cache {
    const fn new() -> Self {
        Self { state: Mutex::new(State { answers: Vec::new(), flights: Vec::new() }) }
    }

    /// The one of this process.
    pub fn process() -> &'static Self {
        static PROCESS: Cache = Cache::new();
        &PROCESS
    }

    /// The answer that is remembered, or the one that `ask` gets. Others who want the same meanwhile share its outcome, and
    /// its error too: asking at once again would be no better.
    pub fn get(
        &self,
        key: &Key,
        clock: &Clock,
        life: Life,
        ask: impl FnOnce() -> Result<String>,
    ) -> Result<Arc<String>> {
        loop {
            match self.board(key, clock.now(), life) {
                Boarding::Known(text) => return Ok(text),
                Boarding::Passenger(flight) => {
                    if let Some(outcome) = flight.wait() {
                        return outcome;
                    }
                }
                Boarding::Pilot(flight) => {
                    let pilot = Pilot { cache: self, key, clock, life, flight };
                    let outcome = ask().map(Arc::new);
                    return pilot.land(outcome);
                }
            }
        }
    }

    /// The answer that is remembered, without asking.
    pub fn peek(&self, key: &Key, now: Timestamp) -> Option<Arc<String>> {
        self.lock().known(key, now, SignedDuration::MAX)
    }

    /// Forgets one answer to one question, and no newer one.
    pub fn forget(&self, key: &Key, text: &Arc<String>) {
        self.lock().answers.retain(|kept| kept.key != *key || !Arc::ptr_eq(&kept.text, text));
    }

    /// Forgets all answers, also those under way: they may be older than the wish for new ones. Returns how many were
    /// kept.
    pub fn clear(&self, now: Timestamp) -> usize {
        let mut state = self.lock();
        state.drop_old(now);
        state.flights.clear();
        std::mem::take(&mut state.answers).len()
    }

    fn board(&self, key: &Key, now: Timestamp, life: Life) -> Boarding {
        let mut state = self.lock();
        if let Some(text) = state.known(key, now, life.oldest) {
            return Boarding::Known(text);
        }
        state.flights.retain(|(_, flight)| flight.is_ours());
        if life.oldest.is_zero() {
            // What is under way was asked for before: whoever waits for it gets it, and it is not kept.
            state.flights.retain(|(other, _)| other != key);
        }
        if let Some((_, flight)) = state.flights.iter().find(|(other, _)| other == key) {
            return Boarding::Passenger(Arc::clone(flight));
        }
        let flight = Arc::new(Flight::new());
        state.flights.push((key.clone(), Arc::clone(&flight)));
        Boarding::Pilot(flight)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn known(&mut self, key: &Key, now: Timestamp, oldest: SignedDuration) -> Option<Arc<String>> {
        self.drop_old(now);
        let kept = self.answers.iter().find(|kept| kept.key == *key && kept.is_good(now, oldest));
        kept.map(|kept| Arc::clone(&kept.text))
    }

    /// Whether it was still under way.
    fn end(&mut self, flight: &Arc<Flight>) -> bool {
        let before = self.flights.len();
        self.flights.retain(|(_, other)| !Arc::ptr_eq(other, flight));
        self.flights.len() < before
    }

    fn drop_old(&mut self, now: Timestamp) {
        self.answers.retain(|kept| kept.is_good(now, SignedDuration::MAX));
    }

    fn keep(&mut self, key: &Key, text: Arc<String>, now: Timestamp, life: Life) {
        self.drop_old(now);
        self.answers.retain(|kept| kept.key != *key);
        if text.len() > life.heaviest {
            return;
        }
        let end = |kept: &Kept| kept.at.saturating_add(kept.life.length).unwrap_or(Timestamp::MAX);
        let kept = Kept { key: key.clone(), text, at: now, life };
        let place = self.answers.partition_point(|other| end(other) <= end(&kept));
        self.answers.insert(place, kept);
        let mut bytes: usize = self.answers.iter().map(|kept| kept.text.len()).sum();
        let mut excess = self.answers.len().saturating_sub(MOST_ANSWERS);
        self.answers.retain(|kept| {
            let goes = excess > 0 || bytes > MOST_BYTES;
            if goes {
                bytes -= kept.text.len();
                excess = excess.saturating_sub(1);
            }
            !goes
        });
    }
}

/// What somebody with a question is told.
enum Boarding {
    Known(Arc<String>),
    /// Wait for this.
    Passenger(Arc<Flight>),
    /// Make the request.
    Pilot(Arc<Flight>),
}

/// Whoever makes the request. Others don't wait for ever, whatever happens to it.
struct Pilot<'a> {
    cache: &'a Cache,
    key: &'a Key,
    clock: &'a Clock,
    life: Life,
    flight: Arc<Flight>,
}

impl Pilot<'_> {
    fn land(self, outcome: Result<Arc<String>>) -> Result<Arc<String>> {
        let now = self.clock.now();
        {
            let mut state = self.cache.lock();
            // Not under way any more where the cache was cleared meanwhile.
            if state.end(&self.flight)
                && let Ok(text) = &outcome
            {
                state.keep(self.key, Arc::clone(text), now, self.life);
            }
        }
        self.flight.land(outcome.clone());
        outcome
    }
}

impl Drop for Pilot<'_> {
    fn drop(&mut self) {
        self.cache.lock().end(&self.flight);
        self.flight.lose();
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
