//! What is there to be asked about: events, properties, reports?
//!
//! Questions of that kind are asked often and their answers change seldom, so an
//! answer serves the whole process for a quarter of an hour (`cache`). `names`
//! knows the events' names, `nearest` which of them a user may have meant.

mod cache;
mod flight;
mod key;
mod names;
mod nearest;

use std::sync::Arc;

use cache::Cache;
use jiff::Timestamp;
use key::Key;

use crate::{
    config::Target,
    contract::Result,
    json,
    mixpanel::{Client, Request, block_on},
};

pub use names::{DayRange, event_names, event_names_anew, refused_event, unknown_event, unknown_event_at_hand};

/// The most names that are asked for where the call doesn't say how many. Mixpanel never lists more events than this.
pub const MOST_NAMES: u64 = 5000;

/// The answer to a request, or the one that was given to the same request within a quarter of an hour. Blocks.
///
/// `check` sees an answer that has just come. What it refuses is not kept, nor is any other error. Whoever asks the same
/// while a request is under way gets its outcome.
pub fn answer(target: &Target, request: &Request, check: impl FnOnce(&str) -> Result<()>) -> Result<Arc<str>> {
    Cache::process().get(&Key::new(target, request), &target.testing.clock, || {
        let answer = block_on(Client::new(target)?.json(request))??;
        let text = json::into_text(answer.body);
        check(&text)?;
        Ok(text)
    })
}

/// The same of an answer of which only a part is kept: `ask` makes the request and says what of it.
pub fn part_of_answer(target: &Target, request: &Request, ask: impl FnOnce() -> Result<String>) -> Result<Arc<str>> {
    Cache::process().get(&Key::new(target, request), &target.testing.clock, ask)
}

/// The answer to a request, if it is kept.
pub fn answer_at_hand(target: &Target, request: &Request) -> Option<Arc<str>> {
    Cache::process().peek(&Key::new(target, request), target.now())
}

/// Forgets every answer, and how far back plans look, and returns how many answers there were.
pub fn forget_answers(now: Timestamp) -> usize {
    names::forget_histories();
    Cache::process().clear(now)
}
