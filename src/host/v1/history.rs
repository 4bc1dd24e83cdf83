//! `_metadata` where nothing has been fetched yet: an empty history instead of an error.

use std::ffi::{CStr, c_char, c_void};

use libduckdb_sys::v1 as ffi;

use super::{c_string, callback::contained};
use crate::{
    host::place::Place,
    kept::{METADATA, NO_HISTORY},
};

/// # Safety
/// `database` must be open.
pub unsafe fn register(database: ffi::duckdb_database) {
    // SAFETY: see above; there is no data to delete.
    unsafe { ffi::duckdb_add_replacement_scan(database, Some(scan), std::ptr::null_mut(), None) };
}

/// DuckDB calls this for a table that it does not find.
unsafe extern "C" fn scan(info: ffi::duckdb_replacement_scan_info, name: *const c_char, _data: *mut c_void) {
    let body = || {
        // SAFETY: DuckDB's own info and name, alive during the call; values are ours to destroy.
        unsafe {
            if CStr::from_ptr(name).to_bytes().eq_ignore_ascii_case(METADATA.as_bytes()) {
                ffi::duckdb_replacement_scan_set_function_name(info, c"query".as_ptr());
                let mut text = ffi::duckdb_create_varchar(c_string(NO_HISTORY).as_ptr());
                ffi::duckdb_replacement_scan_add_parameter(info, text);
                ffi::duckdb_destroy_value(&mut text);
            }
        }
        Ok(())
    };
    // SAFETY: DuckDB's own info.
    contained(Place::Replacement, body, |message| unsafe {
        ffi::duckdb_replacement_scan_set_error(info, message.as_ptr())
    });
}
