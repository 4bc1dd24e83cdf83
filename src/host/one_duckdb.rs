//! Is this the DuckDB that has loaded us before?
//!
//! A process may hold two of them, such as Python's and another client's. The
//! bindings keep the functions of one only, so the same library can't serve both: the
//! second would make the first call its own functions with the other's handles.

use std::sync::atomic::{AtomicPtr, Ordering};

use super::library;
use crate::contract::{Code, Error, Result};

/// Where the DuckDB that we serve has the function which gives its functions.
static SERVED: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// Refuses every DuckDB but the first, as long as that one is there. Databases and sessions of one and the same may be
/// many.
pub fn claim(get_api: *const ()) -> Result<()> {
    claimed(&SERVED, get_api)
}

fn claimed(served: &AtomicPtr<()>, get_api: *const ()) -> Result<()> {
    let mut known = served.load(Ordering::Acquire);
    loop {
        if std::ptr::eq(known, get_api) {
            return Ok(());
        }
        // R unloads packages, DuckDB among them, and loads them again elsewhere.
        if !known.is_null() && library::file_of(known).is_some() {
            return Err(Error::new(Code::WrongFile, "another DuckDB in this process has loaded this very file")
                .fix("Give this one a copy of it in another folder: LOAD '/folder/mixpanel.duckdb_extension'"));
        }
        match served.compare_exchange(known, get_api.cast_mut(), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return Ok(()),
            Err(other) => known = other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_duckdb_is_served_until_it_is_gone() {
        let (one, other) = (claim as *const (), claimed as *const ());
        let gone = std::ptr::without_provenance(8);
        let served = AtomicPtr::default();
        assert_eq!(claimed(&served, gone), Ok(()));
        // Nothing is at that address any more, or ever was.
        assert_eq!(claimed(&served, one), Ok(()));
        assert_eq!(claimed(&served, one), Ok(()));
        assert_eq!(claimed(&served, other).map_err(|error| error.code()), Err(Code::WrongFile));
        assert_eq!(claimed(&served, one), Ok(()));
    }
}
