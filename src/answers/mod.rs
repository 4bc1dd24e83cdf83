//! How does a JSON answer become rows?
//!
//! Pure: text in, values out, no requests and no SQL. `json` reads an answer
//! without losing a digit, `number` and `moment` read what stands in it, `record` and
//! `results` lists of things; the others are each about one kind of answer.

mod feed;
mod json;
mod moment;
mod number;
mod record;
mod results;

pub use feed::{FeedEvent, feed};
pub use json::{parse, parse_object, text, unexpected};
pub use moment::Moment;
pub use number::{bigint, double};
pub use record::Record;
pub use results::results;
