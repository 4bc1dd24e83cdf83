//! How large may a file become that this process writes?
//!
//! On Unix a process may have a limit (`ulimit -f`), and a byte beyond it is a
//! signal that ends the process, unless somebody ignores it as Python does. The
//! shell of DuckDB does not. So whoever writes asks here first, and gets the error
//! that the system would give to who ignores the signal.

use std::io;

/// Errors: `FileTooLarge` where a file may not become so long.
#[cfg(unix)]
pub fn allows(length: u64) -> io::Result<()> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    match limit.is_none_or(|limit| length <= limit) {
        true => Ok(()),
        false => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

#[cfg(not(unix))]
pub fn allows(_length: u64) -> io::Result<()> {
    Ok(())
}
