//! What do the core and the hosts say to each other?
//!
//! The core describes functions, binds their arguments and produces Arrow
//! record batches; a host registers them with one of DuckDB's C APIs and copies
//! the batches into DuckDB's vectors. Nothing here knows DuckDB.

mod arguments;
mod arrays;
mod beside;
mod clock;
mod columns;
mod error;
mod files;
mod filter;
mod function;
mod host;
mod journal;
mod json;
mod param;
mod pragma;
mod reason;
mod redacted;
mod replacement;
mod rows;
mod scalar;
mod session;
mod setting;
mod sql_macro;
mod table;
mod value;

pub use arguments::{Arguments, one_of};
pub use arrays::{list_of_texts, texts, texts_at};
pub use beside::still_waited_for;
pub use clock::Clock;
pub use columns::{Columns, SqlType};
pub use error::{Code, Error, Result};
#[cfg(test)]
pub use files::NoFiles;
pub use files::{Files, OpenFile};
pub use filter::{Comparison, Filter};
pub use function::Function;
pub use host::Host;
pub use journal::Journal;
pub use json::{sound, whole_pairs};
pub use param::Param;
pub(crate) use param::params;
pub use pragma::{Pragma, Statements};
pub use reason::Reason;
pub use redacted::Secrets;
pub use replacement::Replacement;
pub use rows::{ColumnValue, Table, rows_asking};
pub use scalar::Scalar;
pub use session::Session;
pub use setting::Setting;
pub use sql_macro::Macro;
pub use table::{ASK_EVERY, BoundTable, Lent, Reader, ReaderThread, Scan};
pub use value::Value;
