//! How does a table remember what was fetched into it?
//!
//! Nothing here runs: a fetch into a kept table is SQL, which a pragma expands to
//! on DuckDB 2.0 and which the user runs on 1.x. The texts are in `sql/kept`;
//! `script` fills them, `name` and `quote` make safe what goes in.

mod name;
mod quote;
mod script;

pub use name::TableName;
pub use quote::{identifier, literal, value};
pub use script::Script;
