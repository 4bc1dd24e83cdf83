//! What the core and the hosts say to each other.
//!
//! The core describes functions, binds their arguments and produces Arrow
//! record batches; a host registers them with one of DuckDB's C APIs and copies
//! the batches into DuckDB's vectors. Nothing here knows DuckDB.

mod arguments;
mod arrays;
mod clock;
mod columns;
mod error;
mod filter;
mod host;
mod json;
mod pragma;
mod reason;
mod replacement;
mod scalar;
mod setting;
mod signature;
mod sql_macro;
mod table;
mod value;

pub use arguments::Arguments;
pub use arrays::{list_of_texts, texts, texts_at};
pub use clock::Clock;
pub use columns::{Columns, SqlType};
pub use error::{Code, Error, Result};
pub use filter::{Comparison, Filter};
pub use host::Host;
pub use json::{sound, whole_pairs};
pub use pragma::{Pragma, Statements};
pub use reason::Reason;
pub use replacement::Replacement;
pub use scalar::ScalarFunction;
pub use setting::Setting;
pub use signature::{Documentation, Parameter};
pub use sql_macro::Macro;
pub use table::{BoundTable, Reader, ReaderThread, Scan, Session, TableFunction, rows};
pub use value::Value;
