//! Kept tables: the pragmas of DuckDB 2.0, and the same scripts for everybody else.

mod adopt;
mod drop;
mod events;
mod fetch_sql;
mod profiles;
mod steps;

pub use adopt::ADOPT;
pub use drop::DROP;
pub use events::{FETCH_EVENTS, SYNC_EVENTS};
pub use fetch_sql::FETCH_SQL;
pub use profiles::{FETCH_PROFILES, SYNC_PROFILES};
