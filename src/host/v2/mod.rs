//! How do we meet DuckDB's second C API? Through the crate `duckdb-neo`.
//!
//! Carries what version 1 can't: names, documentation and examples in
//! `duckdb_functions()`, filter pushdown, progress, unordered parallel scans.

mod batch;
mod casts;
mod contained;
mod entry;
mod files;
mod filter;
mod layouts;
mod pragma;
mod replacement;
mod scalar;
mod session;
mod setting;
mod sql_macro;
mod table;
mod text;
mod types;

use std::sync::Arc;

use duckdb_neo::extension::Extension;

use crate::{catalog, contract::Host, host::place::Place};

/// What `LOAD` runs when DuckDB's functions can be called.
fn loaded(extension: &Extension, host: Host) -> Result<(), Box<dyn std::error::Error>> {
    Ok(contained::contained(Place::Load, || register(extension, host))?)
}

/// Everything that the catalog lists.
fn register(extension: &Extension, host: Host) -> duckdb_neo::Result<()> {
    let host = Arc::new(host);
    for function in catalog::FUNCTIONS {
        table::register(extension, function, &host)?;
    }
    for function in catalog::SCALARS {
        scalar::register(extension, function)?;
    }
    for pragma in catalog::PRAGMAS {
        pragma::register(extension, pragma, &host)?;
    }
    for each in catalog::macros()? {
        sql_macro::register(extension, each)?;
    }
    for setting in catalog::SETTINGS {
        setting::register(extension, setting)?;
    }
    replacement::register(extension)
}
