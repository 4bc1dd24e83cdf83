//! How does DuckDB's first C API learn what our [`catalog`] puts in the place of tables that a database does not have?

use std::ffi::{CStr, CString, c_char, c_void};

use libduckdb_sys::v1 as ffi;

use super::{c_string, callback::contained};
use crate::{catalog, contract::Replacement, host::place::Place};

/// # Safety
/// `database` must be open.
pub unsafe fn register(database: ffi::duckdb_database) {
    // SAFETY: see above; there is no data to delete.
    unsafe { ffi::duckdb_add_replacement_scan(database, Some(scan), std::ptr::null_mut(), None) };
}

/// DuckDB calls this for a table that it does not find.
unsafe extern "C" fn scan(info: ffi::duckdb_replacement_scan_info, name: *const c_char, _data: *mut c_void) {
    let body = || {
        // SAFETY: DuckDB's own name, alive during the call.
        let name = unsafe { CStr::from_ptr(name) }.to_str().unwrap_or_default();
        match catalog::replacement(name) {
            None => {}
            // SAFETY: DuckDB's own info.
            Some(Replacement::Query(text)) => unsafe { call(info, c"query", text) },
            // SAFETY: as above.
            Some(Replacement::Call { function, argument }) => unsafe { call(info, &c_string(function), &argument) },
        }
        Ok(())
    };
    // SAFETY: DuckDB's own info.
    contained(Place::Replacement, body, |message| unsafe {
        ffi::duckdb_replacement_scan_set_error(info, message.as_ptr())
    });
}

unsafe fn call(info: ffi::duckdb_replacement_scan_info, function: &CStr, argument: &str) {
    let argument: CString = c_string(argument);
    // SAFETY: DuckDB copies name and value; the value is ours to destroy.
    unsafe {
        ffi::duckdb_replacement_scan_set_function_name(info, function.as_ptr());
        let mut text = ffi::duckdb_create_varchar(argument.as_ptr());
        ffi::duckdb_replacement_scan_add_parameter(info, text);
        ffi::duckdb_destroy_value(&mut text);
    }
}
