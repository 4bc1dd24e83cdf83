//! Kept tables: the pragmas of DuckDB 2.0, and the same scripts for everybody else.

mod drop;
mod events;
mod fetch_sql;
mod profiles;
mod steps;

pub use drop::Drop;
pub use events::{FetchEvents, SyncEvents};
pub use fetch_sql::FetchSql;
pub use profiles::{FetchProfiles, SyncProfiles};
