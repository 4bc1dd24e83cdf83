//! DuckDB's second C API, through the crate `duckdb-neo`.
//!
//! Carries what version 1 can't: names, documentation and examples in
//! `duckdb_functions()`, filter pushdown, progress, unordered parallel scans.

mod batch;
mod contained;
mod filter;
mod history;
mod pragma;
mod scalar;
mod setting;
mod sql_macro;
mod table;
mod text;
mod types;

use duckdb_neo::{duckdb_entrypoint_c_api_v2, extension::Extension};

use crate::{catalog, host::place::Place};

#[duckdb_entrypoint_c_api_v2(extension_name = "mixpanel", api_version = "v2.0.0")]
pub fn entrypoint(extension: &Extension) -> Result<(), Box<dyn std::error::Error>> {
    Ok(contained::contained(Place::Load, || register(extension))?)
}

fn register(extension: &Extension) -> duckdb_neo::Result<()> {
    for function in catalog::table_functions() {
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
    history::register(extension)
}
