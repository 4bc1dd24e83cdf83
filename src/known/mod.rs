//! Which discovery and report answers does this process remember?
//!
//! Discovery requests are frequent and their answers seldom change, so an
//! answer serves the whole process for a quarter of an hour (`cache`). The answer to a
//! live question serves for a minute: long enough for all that one statement asks, and
//! for a client that runs it twice. `names` knows the events' names, `nearest` which of
//! them a user may have meant.

mod cache;
mod flight;
mod key;
mod names;
mod nearest;

use std::sync::Arc;

use cache::{Cache, Life};
use jiff::{SignedDuration, Timestamp};
use key::Key;

use crate::{
    config::Target,
    contract::{Result, still_waited_for},
    json,
    mixpanel::{Client, Request, block_on},
};

pub use names::{
    DayRange, Standing, event_names, event_names_anew, refused_event, standing, unknown_event, unknown_event_at_hand,
};

/// The most names that are asked for where the call doesn't say how many. Mixpanel never lists more events than this.
pub const MOST_NAMES: u64 = 5000;

const DISCOVERY: Life = Life::of(SignedDuration::from_mins(15), 64 << 20);

/// A report that is larger than this is not worth the memory, for the minute that it would be good.
const LIVE: Life = Life::of(SignedDuration::from_mins(1), 16 << 20);

/// An answer, as text that DuckDB's JSON functions accept. It may serve others, as long as it can be read.
#[derive(Debug)]
pub struct Remembered {
    text: Arc<String>,
    key: Key,
}

impl Remembered {
    /// The text itself.
    pub fn whole(self) -> String {
        Arc::unwrap_or_clone(self.text)
    }

    /// What is read out of it. One that can't be read is not remembered, so that the next call asks anew.
    ///
    /// Errors: those of `read`.
    pub fn read<A>(self, read: impl FnOnce(&str) -> Result<A>) -> Result<A> {
        read(&self.text).inspect_err(|_| Cache::process().forget(&self.key, &self.text))
    }
}

/// The answer to a request, or the one that was given to the same request within a minute, or as long before as the call
/// says (`max_age`). Blocks. Errors are not kept, and whoever asks the same while a request is under way gets its outcome.
pub fn live_answer(target: &Target, request: &Request) -> Result<Remembered> {
    remembered(target, request, target.max_age.map_or(LIVE, |oldest| LIVE.for_who_takes(oldest)))
}

/// The same of a question whose answer changes seldom: within a quarter of an hour.
pub fn kept_answer(target: &Target, request: &Request) -> Result<Remembered> {
    remembered(target, request, DISCOVERY)
}

fn remembered(target: &Target, request: &Request, life: Life) -> Result<Remembered> {
    let key = Key::new(target, request);
    let text = at_hand_or(target, &key, life, || ask(target, request))?;
    Ok(Remembered { text, key })
}

/// What is remembered, else what `ask` returns, unless nobody waits for it any more.
fn at_hand_or(target: &Target, key: &Key, life: Life, ask: impl FnOnce() -> Result<String>) -> Result<Arc<String>> {
    still_waited_for()?;
    Cache::process().get(key, &target.testing.clock, life, ask)
}

fn ask(target: &Target, request: &Request) -> Result<String> {
    let answer = block_on(Client::new(target)?.json(request))??;
    Ok(json::into_text(answer.body))
}

/// The same where more is to be checked of an answer that has just come than that it can be read, such as takes another
/// request. What `check` refuses is not kept, and whoever asked the same meanwhile gets its outcome too.
pub fn checked_answer(
    target: &Target,
    request: &Request,
    check: impl FnOnce(&str) -> Result<()>,
) -> Result<Arc<String>> {
    at_hand_or(target, &Key::new(target, request), DISCOVERY, || {
        let text = ask(target, request)?;
        check(&text)?;
        Ok(text)
    })
}

/// The same of an answer of which only a part is kept: `ask` makes the request and says what of it.
pub fn part_of_answer(target: &Target, request: &Request, ask: impl FnOnce() -> Result<String>) -> Result<Arc<String>> {
    at_hand_or(target, &Key::new(target, request), DISCOVERY, ask)
}

/// The answer to a request, if it is kept.
pub fn answer_at_hand(target: &Target, request: &Request) -> Option<Arc<String>> {
    Cache::process().peek(&Key::new(target, request), target.now())
}

/// Forgets every answer, and how far back plans look, and returns how many answers there were.
pub fn forget_answers(now: Timestamp) -> usize {
    names::forget_histories();
    Cache::process().clear(now)
}
