//! How does a JSON answer become rows?
//!
//! Pure: text in, values out, no requests and no SQL. `json` reads an answer
//! without losing a digit, `number` and `moment` read what stands in it, `record` and
//! `results` lists of things. The other files read one shape of answer each.

mod bucket;
mod entries;
mod feed;
pub mod flows;
mod frequency;
mod funnel;
mod jql;
mod json;
mod moment;
mod number;
mod object;
mod part;
mod record;
mod results;
mod retention;
mod said;
pub mod saved_report;
mod series;

pub use bucket::range;
pub use entries::Entries;
pub use feed::{FeedEvent, feed};
pub use frequency::{Activity, frequency};
pub use funnel::{OVERALL, Step, funnel};
pub use jql::jql;
pub use json::{into_text, parse, parse_object, text, unexpected};
pub use moment::Moment;
pub use number::{bigint, count, double, measure};
pub use object::Object;
pub use record::Record;
pub use results::results;
pub use retention::{Period, retention};
pub use said::said;
pub use series::{Cell, Series, series, totals};
