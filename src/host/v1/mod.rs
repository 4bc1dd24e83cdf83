//! How do we meet DuckDB's first C API?
//!
//! Through the bindings of `libduckdb-sys`. One binary for every DuckDB from 1.2.0 on, so only functions that API had in
//! 1.2.0 are called. It offers table functions with projection pushdown and
//! scalar functions; the rest of what the core can do stays with version 2.

mod batch;
mod callback;
mod replacement;
mod scalar;
mod table;
mod types;

use std::{
    ffi::{CStr, CString},
    sync::Arc,
};

use libduckdb_sys::v1 as ffi;

use callback::CallbackFailure;

use crate::{
    catalog,
    contract::Host,
    host::{footer::Footer, one_duckdb, place::Place},
};

const API_VERSION: &str = "v1.2.0";

/// Why DuckDB can't have our functions.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("DuckDB gave no way to its database")]
    NoDatabase,
    #[error("DuckDB gave no connection")]
    NoConnection,
    #[error("DuckDB refused the function {0}")]
    Function(&'static str),
}

/// What DuckDB calls on `LOAD mixpanel` where the footer says `C_STRUCT`.
///
/// # Safety
/// Only DuckDB may call this, with its own arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mixpanel_init_c_api(
    info: ffi::duckdb_extension_info,
    access: *const ffi::duckdb_extension_access,
) -> bool {
    // SAFETY: DuckDB's own arguments.
    callback::contained(
        Place::Load,
        || unsafe { load(info, access) },
        |message| unsafe {
            if let Some(set_error) = (*access).set_error {
                set_error(info, message.as_ptr());
            }
        },
    )
    .unwrap_or(false)
}

unsafe fn load(
    info: ffi::duckdb_extension_info,
    access: *const ffi::duckdb_extension_access,
) -> Result<bool, CallbackFailure> {
    // SAFETY: DuckDB's own arguments. Where it has no such API, or no database, it knows why itself.
    unsafe {
        one_duckdb::claim((*access).get_api.map_or(std::ptr::null(), |get_api| get_api as *const ()))?;
        if !ffi::duckdb_rs_extension_api_init(info, access, API_VERSION)? {
            return Ok(false);
        }
        let get_database = (*access).get_database.ok_or(LoadError::NoDatabase)?;
        let database = get_database(info);
        if database.is_null() {
            return Ok(false);
        }
        // The connection lives no longer than this function: one kept open would keep the database open.
        let connection = Connection::open(*database)?;
        let host = Arc::new(host());
        for function in catalog::FUNCTIONS {
            table::register(connection.0, function, &host)?;
        }
        for function in catalog::SCALARS {
            scalar::register(connection.0, function)?;
        }
        replacement::register(*database);
        Ok(true)
    }
}

/// DuckDB's functions must be there already.
fn host() -> Host {
    // SAFETY: a text of DuckDB's that stays.
    let version = unsafe { CStr::from_ptr(ffi::duckdb_library_version()) };
    let platform = Footer::own().ok().map(|footer| footer.platform);
    Host { api: "v1", duckdb: version.to_string_lossy().into_owned(), platform }
}

struct Connection(ffi::duckdb_connection);

impl Connection {
    unsafe fn open(database: ffi::duckdb_database) -> Result<Self, LoadError> {
        let mut connection = std::ptr::null_mut();
        // SAFETY: the database is open while it loads us.
        match unsafe { ffi::duckdb_connect(database, &mut connection) } {
            ffi::DuckDBSuccess => Ok(Self(connection)),
            _ => Err(LoadError::NoConnection),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed once.
        unsafe { ffi::duckdb_disconnect(&mut self.0) };
    }
}

/// A name of ours as C wants it. Ours hold no NUL; one that did would be cut there.
fn c_string(text: &str) -> CString {
    let until_nul = text.split('\0').next().unwrap_or_default();
    CString::new(until_nul).unwrap_or_default()
}
