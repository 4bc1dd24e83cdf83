//! How does a failure of ours stay one statement's error?
//!
//! A panic must not unwind into DuckDB, which ends the process. As an error of DuckDB's code INTERNAL it would do nearly
//! the same on 2.x: DuckDB takes the whole database for broken and refuses every later statement. So each host runs
//! whatever DuckDB calls through [`caught`], and what DuckDB keeps for us is [`Guarded`], whose end is contained too.

use std::{
    any::Any,
    mem::ManuallyDrop,
    ops::{Deref, DerefMut},
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{fault, place::Place};
use crate::contract::{Code, Error};

/// Runs `body`; a panic becomes an error.
pub fn caught<T, E>(place: Place, body: impl FnOnce() -> Result<T, E>) -> Result<T, E>
where
    E: From<Error> + From<fault::Injected>,
{
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        fault::inject(place)?;
        body()
    }));
    outcome.unwrap_or_else(|panic| {
        let what = format!("a fault of the extension: {}", words(panic.as_ref()));
        // Whatever was thrown may panic once more when it is dropped.
        std::mem::forget(panic);
        Err(Error::new(Code::Internal, what).fix("The database is unharmed; please report this").into())
    })
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown")
}

/// Something that DuckDB keeps for us and drops in its own time, from C: that must not unwind, and nobody hears of it.
pub struct Guarded<T> {
    value: ManuallyDrop<T>,
    place: Place,
}

impl<T> Guarded<T> {
    /// `place` says what its end is called.
    pub fn new(place: Place, value: T) -> Self {
        Self { value: ManuallyDrop::new(value), place }
    }
}

impl<T> Deref for Guarded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Guarded<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let value = &mut self.value;
        let end = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: dropped here and nowhere else, and not used again.
            unsafe { ManuallyDrop::drop(value) };
            let _ = fault::inject(self.place);
        }));
        std::mem::forget(end);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn error(body: impl FnOnce()) -> String {
        caught::<(), Error>(Place::Bind, || {
            body();
            Ok(())
        })
        .unwrap_err()
        .to_string()
    }

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        assert!(error(|| panic!("seven")).starts_with("[INTERNAL] a fault of the extension: seven. "));
        assert!(error(|| panic!("{}", 7)).starts_with("[INTERNAL] a fault of the extension: 7. "));
        assert!(error(|| std::panic::panic_any(7)).contains("unknown"));
    }

    #[test]
    fn what_panics_as_it_is_dropped_is_dropped_all_the_same() {
        static DROPPED: AtomicBool = AtomicBool::new(false);
        struct Bad;
        impl Drop for Bad {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        struct Good;
        impl Drop for Good {
            fn drop(&mut self) {
                DROPPED.store(true, Ordering::Relaxed);
            }
        }
        drop(Guarded::new(Place::DropBound, (Bad, Good)));
        assert!(DROPPED.load(Ordering::Relaxed));
        error(|| std::panic::panic_any(Bad));
    }
}
