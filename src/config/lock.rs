//! How do processes that change the accounts file at the same time not lose each other's changes?
//!
//! Each holds a lock while it reads the file, changes it and puts the new one in
//! its place. The lock is on a file beside it, because the file itself is
//! replaced; it is gone again when nobody needs it. Who waited for a lock file that
//! was removed meanwhile has locked nothing, sees that, and tries again.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::contract::{Code, Error, Result};

/// How long to wait for others. A change takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(5);

/// A lock that is held. Dropping it lets others in.
pub(super) struct Lock {
    path: PathBuf,
    /// Closing it ends the lock.
    _file: File,
}

impl Lock {
    /// Waits for the lock of a file, whose folder must exist.
    ///
    /// Errors: `IoError` where it can't be had in time, or its file can't be made.
    pub fn of(file: &Path) -> Result<Self> {
        let mut name = std::ffi::OsString::from(".");
        name.push(file.file_name().unwrap_or_default());
        name.push(".lock");
        let path = file.with_file_name(name);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match attempt(&path) {
                Ok(Some(file)) => return Ok(Self { path, _file: file }),
                // On Windows a file that is being removed can't be opened.
                Err(error) if cfg!(not(windows)) || Instant::now() > deadline => {
                    return Err(
                        Error::from(error).context(format!("cannot lock the accounts file with {}", path.display()))
                    );
                }
                Ok(None) if Instant::now() > deadline => {
                    let seconds = PATIENCE.as_secs();
                    let problem = format!("another process has locked {} for {seconds} seconds", file.display());
                    return Err(
                        Error::new(Code::IoError, problem).fix("Run it again when the other process has finished")
                    );
                }
                Ok(None) | Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still locked: whoever opens it after this makes another.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn attempt(path: &Path) -> std::io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(is_at(&file, path).then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        // Some network file systems have no locks: better a change without one than none.
        Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// Whether the file is still the one at that path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let identity = |found: std::io::Result<std::fs::Metadata>| found.ok().map(|found| (found.dev(), found.ino()));
    let there = identity(std::fs::metadata(path));
    there.is_some() && identity(file.metadata()) == there
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    #[test]
    fn one_at_a_time_and_nothing_stays() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("config.toml");
        let first = Lock::of(&path)?;
        let (tell, told) = mpsc::channel();
        let second = thread::spawn({
            let path = path.clone();
            move || {
                let lock = Lock::of(&path);
                tell.send(()).unwrap();
                drop(lock);
            }
        });
        assert!(told.recv_timeout(Duration::from_millis(50)).is_err());
        drop(first);
        told.recv().unwrap();
        second.join().unwrap();
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
        Ok(())
    }

    #[test]
    fn a_lock_file_that_somebody_left_does_no_harm() -> Result<()> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join(".config.toml.lock"), "")?;
        drop(Lock::of(&folder.path().join("config.toml"))?);
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
        Ok(())
    }

    #[test]
    fn no_change_of_many_threads_is_lost() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("count");
        std::fs::write(&path, "0")?;
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                thread::spawn(move || {
                    for _ in 0..50 {
                        let _lock = Lock::of(&path).unwrap();
                        let count: u32 = std::fs::read_to_string(&path).unwrap().parse().unwrap();
                        std::fs::write(&path, (count + 1).to_string()).unwrap();
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(std::fs::read_to_string(&path)?, "400");
        Ok(())
    }
}
