//! What stands for a parameter that a call leaves out? A setting of the session or database.

use super::{Result, SqlType, Value};

/// A setting, as data. Only the second C API has them. They are shown in clear by `duckdb_settings()`, so none ever holds a
/// secret or an address. A [`Param`](super::Param) says which one it falls back to.
#[derive(Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    pub description: &'static str,
    pub sql_type: SqlType,
    /// A call that gives this parameter is not meant.
    pub yields_to: Option<&'static str>,
    /// Refuses a value that no call could use.
    pub check: fn(&Value) -> Result<()>,
}
