//! Settings of a session or database: defaults for parameters that a call leaves out.

use super::{Result, SqlType, Value};

/// A setting, described once. Only the second C API has them. They are shown in clear by `duckdb_settings()`, so none
/// ever holds a secret or an address.
#[derive(Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    pub description: &'static str,
    pub sql_type: &'static SqlType,
    /// The parameter that it is the default of.
    pub parameter: &'static str,
    /// Refuses a value that no call could use.
    pub check: fn(&Value) -> Result<()>,
}
