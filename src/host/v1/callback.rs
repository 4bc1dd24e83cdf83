//! How does a callback end that fails?
//!
//! With a message: neither a panic nor an error crosses into C as anything else.

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
pub struct CallbackFailure(String);

impl<E: fmt::Display> From<E> for CallbackFailure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Runs a callback; an error or a panic goes to `report` and gives `None`.
pub fn contained<T>(
    place: Place,
    body: impl FnOnce() -> Result<T, CallbackFailure>,
    report: impl FnOnce(&CStr),
) -> Option<T> {
    match caught(place, body) {
        Ok(value) => Some(value),
        Err(CallbackFailure(words)) => {
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

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::contract::{Code, Error};

    /// What DuckDB is told.
    fn told(body: impl FnOnce() -> Result<(), CallbackFailure>) -> Vec<String> {
        let mut told = vec![];
        let outcome = contained(Place::Bind, body, |message| told.push(message.to_str().unwrap().to_owned()));
        assert_eq!(outcome.is_none(), !told.is_empty());
        told
    }

    #[test]
    fn duckdb_is_told_what_failed_and_nothing_else() {
        assert!(told(|| Ok(())).is_empty());
        assert_eq!(told(|| Err("a text".into())), ["a text"]);
        let error = Error::new(Code::RateLimited, "HTTP 429").fix("Wait");
        assert_eq!(told(|| Err(error.into())), ["[RATE_LIMITED] HTTP 429. Wait."]);
        let [panic] = &told(|| panic!("seven"))[..] else { panic!() };
        assert!(panic.starts_with("[INTERNAL] a fault of the extension: seven. "), "{panic}");
    }

    #[test]
    fn a_nul_does_not_cut_a_message() {
        assert_eq!(told(|| Err("before\0after".into())), ["before\\0after"]);
        let [panic] = &told(|| panic!("before\0after"))[..] else { panic!() };
        assert!(panic.contains("before\\0after. "), "{panic}");
    }

    /// Counts how often one is dropped, and panics as it is.
    struct Kept(Arc<AtomicUsize>);

    impl Drop for Kept {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("as it is dropped");
        }
    }

    #[test]
    fn what_duckdb_keeps_is_lent_while_it_is_kept_and_dropped_once() {
        let dropped = Arc::<AtomicUsize>::default();
        let (pointer, free) = boxed(Place::DropBound, Kept(Arc::clone(&dropped)));
        for _ in 0..2 {
            // SAFETY: of that type, and not freed yet.
            let kept = unsafe { borrowed::<Kept>(pointer) };
            assert!(Arc::ptr_eq(&kept.0, &dropped));
        }
        assert_eq!(dropped.load(Ordering::Relaxed), 0);
        // SAFETY: as DuckDB does, once.
        unsafe { free.unwrap()(pointer) };
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    }
}
