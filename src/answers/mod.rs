//! How does a JSON answer become rows?
//!
//! Pure: text in, values out, no requests and no SQL. `json` reads an answer
//! without losing a digit, `members` level by level, `number` and `moment` read
//! what stands in it. Then one file for each kind of answer.

pub mod flows;
mod json;
mod members;
mod moment;
mod number;
pub mod saved_report;

pub use json::{parse, text, unexpected};
pub use moment::Moment;
pub use number::{bigint, double};
