//! No panic and no error may cross into C as anything but a message.

use std::{
    any::Any,
    error::Error,
    ffi::{CStr, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::c_string;

/// Runs a callback; an error or a panic goes to `report` and gives `None`.
pub fn contained<T>(body: impl FnOnce() -> Result<T, Box<dyn Error>>, report: impl FnOnce(&CStr)) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => Some(value),
        Ok(Err(error)) => {
            report(&c_string(&error.to_string().replace('\0', "\\0")));
            None
        }
        Err(panic) => {
            report(&c_string(&format!("[INTERNAL] mixpanel: a fault of the extension: {}", words(panic.as_ref()))));
            None
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown")
}

/// Gives `value` to DuckDB, which hands the pointer back to [`free`] in the end.
pub fn boxed<T>(value: T) -> *mut c_void {
    Box::into_raw(Box::new(value)).cast()
}

/// # Safety
/// `pointer` must come from [`boxed`] with the same `T`, and not be used again.
pub unsafe extern "C" fn free<T>(pointer: *mut c_void) {
    // SAFETY: see above. A panicking drop must not unwind into C.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(unsafe { Box::from_raw(pointer.cast::<T>()) })));
}
