//! How a function presents itself to SQL.

use super::SqlType;

/// What `duckdb_functions()` and the reference pages say of a function.
#[derive(Debug, Clone, Copy)]
pub struct Documentation {
    /// One or two sentences.
    pub description: &'static str,
    /// One statement that works.
    pub example: &'static str,
}

/// A parameter of a function.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub name: &'static str,
    pub sql_type: SqlType,
    /// The subject of the question is positional and required; everything else is named and optional.
    pub positional: bool,
}

impl Parameter {
    pub fn named(name: &'static str, sql_type: SqlType) -> Self {
        Self { name, sql_type, positional: false }
    }

    pub fn positional(name: &'static str, sql_type: SqlType) -> Self {
        Self { name, sql_type, positional: true }
    }
}
