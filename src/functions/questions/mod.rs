//! How are events, filters, breakdowns and days written in SQL where a question has no saved report, and what does
//! Mixpanel want to read instead?
//!
//! An event, a breakdown or a filter is a name, a STRUCT (or a MAP), a list or a tuple of these, or JSON text of the same
//! shape ([`said`]). Each has a file: what it can say as Rust types, how it is read, and the JSON that Mixpanel's own
//! client sends for it.

pub mod breakdown;
pub mod cohort;
pub mod days;
pub mod event;
pub mod filter;
pub mod flows;
pub mod formula;
pub mod frame;
pub mod funnel;
pub mod funnel_rows;
pub mod insights;
pub mod metric;
pub mod paths;
pub mod property;
pub mod retention;
pub mod retention_rows;
pub mod said;
pub mod window;
pub mod words;

#[cfg(test)]
mod vectors_tests;
