//! Which answers did earlier requests bring, and where are they stored?
//!
//! A window of an export that has arrived whole is kept as a file, the bytes that
//! Mixpanel sent. `question` says what an answer is the answer to, `copy` what its
//! name says, `fresh` how long it will do, `choice` which of several serves a day.

mod asker;
mod choice;
mod copy;
mod fresh;
mod partial;
mod place;
mod question;
mod shelf;
mod upkeep;

pub use asker::asker;
pub use choice::{Candidate, Choice, Served, choose};
pub use copy::Copy;
pub use fresh::{Freshness, is_finished};
pub use partial::{Arrival, Partial};
pub use place::{Archive, named};
pub use question::Question;
pub use shelf::{Shelf, is_sound, sound_bytes};
pub use upkeep::{Kept, Removed, clear, discard, kept, project_of, room, sweep};
