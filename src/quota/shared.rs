//! How do processes share one book?
//!
//! It is a small file of JSON. Who changes it holds a lock on a file beside it,
//! which stays for good, reads the book, changes it, and renames a new one into its
//! place: nobody ever sees half a book, and who dies while holding the lock leaves
//! the old one and no lock.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::book::Book;
use crate::file_limit;

/// How long to wait for other processes. A change takes less than a millisecond.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(2);

/// Of the format. A file of a later one is not touched.
const VERSION: u32 = 1;

/// What a file holds: a book, and in words whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BookPage {
    version: u32,
    pub api: String,
    pub project_id: Option<String>,
    pub book: Book,
}

/// Why a book can't be shared.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Another process has held the lock for all of [`PATIENCE`].
    Busy,
    /// No lock, no file, no permission: in words.
    Unusable(String),
}

/// A change that was made, and what kept the file from having it.
pub(super) struct Changed<T> {
    pub value: T,
    pub book: Book,
    pub unwritten: Option<Trouble>,
}

impl BookPage {
    pub fn new(api: &str, project_id: Option<&str>) -> Self {
        Self { version: VERSION, api: api.to_owned(), project_id: project_id.map(str::to_owned), book: Book::default() }
    }

    /// Reads a file's book without its lock; `None` where there is none, or none that we understand.
    pub fn read(path: &Path) -> Option<Self> {
        let page: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (page.version == VERSION).then_some(page)
    }
}

/// Changes a file's book, which begins as `blank`. `act` runs only while the lock is held.
pub(super) fn change<T>(path: &Path, blank: BookPage, act: impl FnOnce(&mut Book) -> T) -> Result<Changed<T>, Trouble> {
    let lock = Lock::of(path)?;
    let mut page = current(path, blank)?;
    let before = page.book.clone();
    let value = act(&mut page.book);
    let unwritten = if page.book == before { None } else { write(path, &page).err() };
    drop(lock);
    Ok(Changed { value, book: page.book, unwritten: unwritten.map(unusable) })
}

fn current(path: &Path, blank: BookPage) -> Result<BookPage, Trouble> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }

    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(blank),
        Err(error) => return Err(unusable(error)),
    };
    match serde_json::from_slice::<Version>(&bytes) {
        Ok(Version { version }) if version > VERSION => {
            Err(Trouble::Unusable(format!("a later version of this extension wrote {}", path.display())))
        }
        // Damage costs the count of an hour, and a count that stays away costs more.
        _ => Ok(serde_json::from_slice(&bytes).unwrap_or(blank)),
    }
}

fn write(path: &Path, page: &BookPage) -> io::Result<()> {
    let next = path.with_extension("next");
    let bytes = serde_json::to_vec(page)?;
    file_limit::allows(bytes.len() as u64)?;
    let mut file = private().truncate(true).open(&next)?;
    file.write_all(&bytes)?;
    drop(file);
    fs::rename(next, path)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn unusable(error: io::Error) -> Trouble {
    Trouble::Unusable(error.to_string())
}

struct Lock(File);

impl Lock {
    fn of(path: &Path) -> Result<Self, Trouble> {
        let file = private().truncate(false).open(path.with_extension("lock")).map_err(unusable)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(Trouble::Busy),
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would not be enough: a process that was forked just now has the file open too.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blank() -> BookPage {
        BookPage::new("export", Some("12345"))
    }

    fn pause(path: &Path, until: i64) -> Result<Changed<i64>, Trouble> {
        change(path, blank(), |book| book.pause(Some(Duration::from_secs(1)), until))
    }

    #[test]
    fn what_one_changed_the_next_one_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.json");
        assert!(BookPage::read(&path).is_none());
        assert!(pause(&path, 1000).unwrap().unwritten.is_none());
        let page = BookPage::read(&path).unwrap();
        assert_eq!((page.api.as_str(), page.project_id.as_deref()), ("export", Some("12345")));
        assert!(page.book.is_paused(1999) && !page.book.is_paused(2000));
    }

    #[test]
    fn no_change_of_many_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.json");
        let rule = super::super::Quota::Export.rule();
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let path = path.clone();
                thread::spawn(move || {
                    for index in 0..20 {
                        let id = format!("{thread}-{index}");
                        let day = jiff::civil::date(2025, 1, 1);
                        let act = |book: &mut Book| book.claim(id, "me", "all", (day, day), true, 0);
                        change(&path, blank(), act).unwrap();
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let mut book = BookPage::read(&path).unwrap().book;
        book.prune(&rule, 0);
        assert_eq!(book.reserved(), 160);
    }

    #[test]
    fn damage_begins_anew_and_a_later_version_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.json");
        for damage in ["", "{", "[]", "{\"version\":1,\"book\":7}", "null"] {
            fs::write(&path, damage).unwrap();
            assert!(pause(&path, 1000).unwrap().unwritten.is_none(), "{damage}");
            assert!(BookPage::read(&path).is_some());
        }
        fs::write(&path, "{\"version\":2}").unwrap();
        assert!(matches!(pause(&path, 1000), Err(Trouble::Unusable(_))));
        assert_eq!(fs::read(&path).unwrap(), b"{\"version\":2}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        assert!(matches!(pause(Path::new("/nonexistent/book.json"), 0), Err(Trouble::Unusable(_))));
    }
}
