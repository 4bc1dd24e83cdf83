//! How are events, filters, breakdowns and days written in SQL where a question has no saved report, and what does
//! Mixpanel want to read instead?
//!
//! An event, a breakdown or a filter is a name, a STRUCT (or a MAP), a list or a tuple of these, or JSON text of the same
//! shape ([`said`]). Each has a file: what it can say as Rust types, how it is read, and the JSON that Mixpanel's own
//! client sends for it.

pub mod asking;
pub mod breakdown;
pub mod cohort;
pub mod compared;
pub mod days;
pub mod event;
pub mod filter;
pub mod flows;
pub mod formula;
pub mod frame;
pub mod funnel;
pub mod funnel_rows;
mod insights;
pub mod metric;
pub mod paths;
pub mod property;
mod query;
pub mod retention;
pub mod retention_rows;
pub mod said;
pub mod window;
pub mod words;

pub use flows::QUERY_FLOWS;
pub use funnel::QUERY_FUNNEL;
pub use insights::QUERY_INSIGHTS;
pub use query::QUERY_DEFINITION;
pub use retention::QUERY_RETENTION;

use crate::contract::{Param, SqlType};

/// What these questions take besides their own parameters.
pub const SEGMENT_BY: Param = Param::named(
    "segment_by",
    SqlType::Any,
    "Properties to segment by: a name, a STRUCT, a list or tuple of either, or JSON text of them",
);
pub const FILTERS: Param = Param::named(
    "filters",
    SqlType::Any,
    "Conditions that must all hold: a STRUCT, a list or tuple of them, or JSON text of them",
);
pub const DATA_GROUP_ID: Param =
    Param::named("data_group_id", SqlType::BigInt, "Data group to count instead of users, by its id");

#[cfg(test)]
mod vectors_tests;
