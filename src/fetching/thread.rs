//! Where does a fetch run, and why does it never end in silence?
//!
//! Beside DuckDB's threads: on one thread of its own, with a small runtime. Readers wait for what comes from there, so
//! whatever ends that thread, they are told.

use std::{future::Future, thread};

use tokio::{runtime::Builder, task::JoinError};

use crate::contract::{Code, Error, Result};

/// Does the work on a thread of its own. Nothing that it began outlives it: connections are closed at once.
///
/// `lost` is told where the work breaks off before its end, and never otherwise.
pub fn run<W, L>(name: &str, work: W, lost: L) -> Result<()>
where
    W: Future<Output = ()> + Send + 'static,
    L: FnOnce(Error) + Send + 'static,
{
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let run = move || {
        let mut guard = Guard(Some(lost));
        runtime.block_on(work);
        guard.0 = None;
        runtime.shutdown_background();
    };
    thread::Builder::new().name(name.into()).spawn(run)?;
    Ok(())
}

/// Tells when it is dropped with somebody to tell.
struct Guard<L: FnOnce(Error)>(Option<L>);

impl<L: FnOnce(Error)> Drop for Guard<L> {
    fn drop(&mut self) {
        if let Some(lost) = self.0.take() {
            lost(Error::new(Code::Internal, "the download thread ended early"));
        }
    }
}

/// A part of the work that broke off.
pub fn broken(error: JoinError) -> Error {
    Error::new(Code::Internal, format!("a download failed: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// What is told of some work, once its thread has ended.
    fn told(work: impl Future<Output = ()> + Send + 'static) -> Option<Code> {
        let (tell, told) = channel();
        run("test", work, move |error| tell.send(error.code()).unwrap()).unwrap();
        told.recv().ok()
    }

    #[test]
    fn work_that_breaks_off_is_told_and_an_end_is_not() {
        assert_eq!(told(async { panic!("on purpose") }), Some(Code::Internal));
        assert_eq!(told(async {}), None);
    }

    #[test]
    fn what_was_begun_ends_with_the_work() {
        let (alive, is_alive) = channel::<()>();
        let begun = async move {
            let forever = tokio::spawn(async move {
                let _alive = alive;
                std::future::pending::<()>().await;
            });
            tokio::task::yield_now().await;
            drop(forever);
        };
        assert_eq!(told(begun), None);
        assert!(is_alive.recv().is_err());
    }
}
