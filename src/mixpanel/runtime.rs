//! Where do futures run when the caller is a plain thread?
//!
//! On a small runtime of their own, made for the call and gone after it. A
//! runtime for the whole process would not survive a fork, and Python forks.

use std::future::Future;

use crate::contract::{Code, Error, Result};

/// Runs a future to its end on this thread.
///
/// Errors: `IoError` where the process can't have another runtime (no file descriptors left), `Internal` where the
/// thread belongs to a runtime already.
pub fn block_on<F: Future>(future: F) -> Result<F::Output> {
    if tokio::runtime::Handle::try_current().is_ok() {
        return Err(Error::new(Code::Internal, "block_on was called on a thread of an async runtime"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let output = runtime.block_on(future);
    // Without waiting for what may still run on its threads, like the look-up of a host's name.
    runtime.shutdown_background();
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_a_runtime_is_an_error_and_no_panic() {
        let inner = block_on(async { block_on(async { 1 }) });
        assert_eq!(inner.and_then(|inner| inner).map_err(|error| error.code()), Err(Code::Internal));
        assert_eq!(block_on(async { 1 }), Ok(1));
    }
}
