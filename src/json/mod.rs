//! How is a JSON answer read without losing anything?
//!
//! Pure: text in, values out, no requests and no SQL. `text` mends what DuckDB could not read and
//! parses the rest, every digit of it; `entries`, `object`, `part` and `record` take objects apart;
//! `number`, `moment` and `said` read what stands in them; `hidden` leaves out
//! what nobody should see. What one answer of Mixpanel's looks like is
//! known beside the function that asks for it.

mod entries;
mod hidden;
mod moment;
mod number;
mod object;
mod part;
mod record;
mod said;
mod text;

pub use entries::Entries;
pub use hidden::without_secrets;
pub use moment::Moment;
pub use number::{bigint, count, double, finite, measure};
pub use object::Object;
pub use part::Part;
pub use record::Record;
pub use said::said;
pub use text::{into_text, parse, parse_object, text, unexpected};
