//! DuckDB's second C API, through the crate `duckdb-neo`.
//!
//! Carries what version 1 can't: names, documentation and examples in
//! `duckdb_functions()`, filter pushdown, progress, unordered parallel scans.

mod batch;
mod contained;
mod entry;
mod filter;
mod layouts;
mod pragma;
mod replacement;
mod scalar;
mod setting;
mod sql_macro;
mod table;
mod text;
mod types;

use duckdb_neo::extension::Extension;

use crate::{catalog, contract::Host, host::place::Place};

/// What `LOAD` runs when DuckDB's functions can be called.
fn loaded(extension: &Extension, host: Host) -> Result<(), Box<dyn std::error::Error>> {
    Ok(contained::contained(Place::Load, || register(extension, host))?)
}

/// Everything that the catalog lists.
fn register(extension: &Extension, host: Host) -> duckdb_neo::Result<()> {
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
    replacement::register(extension)
}
