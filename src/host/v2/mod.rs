//! DuckDB's second C API, through the crate `duckdb-neo`.
//!
//! Carries what version 1 can't: names, documentation and examples in
//! `duckdb_functions()`, filter pushdown, progress, unordered parallel scans.

mod batch;
mod entry;
mod filter;
mod layouts;
mod pragma;
mod replacement;
mod scalar;
mod setting;
mod sql_macro;
mod table;
mod types;

use duckdb_neo::extension::Extension;

use crate::{
    catalog,
    contract::{Code, Error, Host},
};

/// Everything that the catalog lists, when DuckDB's functions can be called.
fn register(extension: &Extension, host: Host) -> Result<(), Box<dyn std::error::Error>> {
    for function in catalog::table_functions(host) {
        table::register(extension, function)?;
    }
    for function in catalog::scalar_functions() {
        scalar::register(extension, function)?;
    }
    for pragma in catalog::pragmas() {
        pragma::register(extension, pragma)?;
    }
    for each in catalog::macros()? {
        sql_macro::register(extension, each)?;
    }
    for setting in catalog::settings() {
        setting::register(extension, setting)?;
    }
    replacement::register(extension)?;
    Ok(())
}

/// An error of ours as DuckDB's: what the user can mend is an input error, the rest is not.
impl From<Error> for duckdb_neo::Error {
    fn from(error: Error) -> Self {
        match error.code() {
            Code::InvalidArgument => duckdb_neo::Error::invalid_input(error.to_string()),
            _ => duckdb_neo::Error::api_error(error.to_string()),
        }
    }
}
