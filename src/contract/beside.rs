//! How does a reader wait for an answer, and see meanwhile that its statement was interrupted?
//!
//! The answer is asked for on another thread. Once the statement is interrupted nobody waits for that thread any more: what it
//! asks goes on, since it was paid for, and its answer is remembered for whoever asks the same; it asks nothing else.

use std::{
    cell::RefCell,
    panic,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
};

use super::{ASK_EVERY, Code, Error, Result};

thread_local! {
    /// Set once nobody waits for this thread.
    static LEFT: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// What `act` returns on another thread; `None` once the statement is interrupted. A panic over there goes on here.
pub fn beside<T: Send + 'static>(
    act: impl FnOnce() -> Result<T> + Send + 'static,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<Option<T>> {
    let (give, given) = channel();
    let left = Arc::new(AtomicBool::new(false));
    let act = {
        let left = Arc::clone(&left);
        move || {
            LEFT.set(Some(left));
            // Nobody may want it any more.
            drop(give.send(act()));
        }
    };
    let thread = thread::Builder::new().name("mixpanel-answer".into()).spawn(act)?;
    loop {
        match given.recv_timeout(ASK_EVERY) {
            Ok(outcome) => return outcome.map(Some),
            Err(RecvTimeoutError::Timeout) if is_interrupted() => {
                left.store(true, Ordering::Relaxed);
                return Ok(None);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => panic::resume_unwind(panic),
                Ok(()) => return Err(Error::new(Code::Internal, "a thread ended without an answer")),
            },
        }
    }
}

/// Before each question: whether anybody waits for its answer.
///
/// Errors: where nobody does, so nobody reads the error either.
pub fn still_waited_for() -> Result<()> {
    let is_left = LEFT.with_borrow(|left| left.as_ref().is_some_and(|left| left.load(Ordering::Relaxed)));
    if is_left { Err(Error::new(Code::Internal, "the statement was interrupted")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_returns_comes_back() {
        assert_eq!(beside(|| Ok(1), &|| true), Ok(Some(1)));
        let error = Error::new(Code::IoError, "no");
        let failed = error.clone();
        assert_eq!(beside(move || Err::<(), _>(failed), &|| false), Err(error));
        let panicked = panic::catch_unwind(|| beside(|| -> Result<()> { panic!("on purpose") }, &|| false));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"on purpose"));
    }

    #[test]
    fn whom_nobody_waits_for_asks_nothing_else() {
        let (tell, told) = channel();
        let (go_on, may_go_on) = channel();
        let act = move || {
            let first = still_waited_for();
            may_go_on.recv().unwrap();
            tell.send((first, still_waited_for().is_ok())).unwrap();
            Ok(())
        };
        assert_eq!(beside(act, &|| true), Ok(None));
        go_on.send(()).unwrap();
        assert_eq!(told.recv().unwrap(), (Ok(()), false));
        assert_eq!(still_waited_for(), Ok(()));
    }
}
