//! No panic and no error may cross into C as anything but a message.

use std::{
    ffi::{CStr, c_void},
    fmt,
};

use libduckdb_sys::v1 as ffi;

use super::c_string;
use crate::host::{
    contain::{Guarded, caught},
    place::Place,
};

/// What a callback failed with, as the user reads it.
#[derive(Debug)]
pub struct Failure(String);

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Runs a callback; an error or a panic goes to `report` and gives `None`.
pub fn contained<T>(place: Place, body: impl FnOnce() -> Result<T, Failure>, report: impl FnOnce(&CStr)) -> Option<T> {
    match caught(place, body) {
        Ok(value) => Some(value),
        Err(Failure(words)) => {
            report(&c_string(&words.replace('\0', "\\0")));
            None
        }
    }
}

/// Gives `value` to DuckDB, with what drops it in the end. DuckDB may do either on any of its threads.
pub fn boxed<T: Send + Sync + 'static>(place: Place, value: T) -> (*mut c_void, ffi::duckdb_delete_callback_t) {
    (Box::into_raw(Box::new(Guarded::new(place, value))).cast(), Some(free::<T>))
}

/// What [`boxed`] gave to DuckDB.
///
/// # Safety
/// `pointer` must come from [`boxed`] with the same `T`, and not have been freed.
pub unsafe fn borrowed<'a, T: Send + Sync + 'static>(pointer: *mut c_void) -> &'a T {
    // SAFETY: see above.
    unsafe { &*pointer.cast::<Guarded<T>>() }
}

/// # Safety
/// `pointer` must come from [`boxed`] with the same `T`, and not be used again.
unsafe extern "C" fn free<T: Send + Sync + 'static>(pointer: *mut c_void) {
    // SAFETY: see above. The end of what is kept is contained.
    drop(unsafe { Box::from_raw(pointer.cast::<Guarded<T>>()) });
}
