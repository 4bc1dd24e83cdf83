//! How does a JSON answer become rows?
//!
//! Pure: text in, values out, no requests and no SQL. `json` reads an answer
//! without losing a digit, `number` and `moment` read what stands in it; the others
//! are each about one kind of answer.

mod feed;
mod json;
mod moment;
mod number;

pub use feed::{FeedEvent, feed};
pub use json::{parse, text, unexpected};
pub use moment::Moment;
pub use number::{bigint, double};
