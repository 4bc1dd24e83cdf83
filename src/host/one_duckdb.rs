//! Is this the DuckDB that has loaded us before?
//!
//! A process may hold two of them, such as Python's and another client's. The
//! bindings keep the functions of one only, so the same library can't serve both: the
//! second would make the first call its own functions with the other's handles.

use std::sync::atomic::{AtomicPtr, Ordering};

use crate::contract::{Code, Error, Result};

/// Where the one that came first has the function which gives its functions.
static FIRST: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// Refuses every DuckDB but the first. Databases and sessions of one and the same may be many.
pub fn claim(get_api: *const ()) -> Result<()> {
    match FIRST.compare_exchange(std::ptr::null_mut(), get_api.cast_mut(), Ordering::AcqRel, Ordering::Acquire) {
        Err(first) if !std::ptr::eq(first, get_api) => {
            Err(Error::new(Code::WrongFile, "another DuckDB in this process has loaded this very file")
                .fix("Give this one a copy of it in another folder: LOAD '/folder/mixpanel.duckdb_extension'"))
        }
        _ => Ok(()),
    }
}
