//! Where are the counts of requests stored?
//!
//! In a folder that all processes of a user share, one file for each limit of each
//! project. Where that can't be, they are this process's own: then the hour is
//! counted as far as this process knows it, and `mixpanel_quota()` says so.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, mpsc},
    thread,
    time::Duration,
};

use jiff::Timestamp;

use super::{
    Project, Quota,
    book::{Book, Limit, LimitSource, Millis},
    shared::{self, BookPage, Changed, Trouble},
};
use crate::{
    archive,
    config::{ArchivePlace, Keeping},
    contract::{Code, Error, Result},
    folder::{BOOKS, Chosen, Folder},
};

/// A file system that has said nothing for so long hangs. Longer than other processes are waited for.
const HANGS: Duration = Duration::from_secs(shared::PATIENCE.as_secs() + 2);

/// The books of every limit that is counted.
#[derive(Debug)]
pub struct Ledger {
    place: Mutex<Place>,
    own: Mutex<BTreeMap<(Quota, Project), Book>>,
}

#[derive(Debug, Clone)]
enum Place {
    Shared(Folder),
    /// Why not shared, where it should be.
    Process(Option<String>),
}

/// One line of `mixpanel_quota()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// `export`, `query` or `lexicon`.
    pub api: &'static str,
    /// `None` for a project known by its secret only.
    pub project_id: Option<String>,
    /// Requests in the last period, or all of them where Mixpanel said that they are used.
    pub used: usize,
    /// Requests that exports have set aside and not made yet.
    pub reserved: usize,
    /// Requests that are neither used nor set aside.
    pub left: usize,
    pub limit: Limit,
    /// The period that the limit holds for: an hour, a minute for the lexicon.
    pub period: Duration,
    /// When the next request comes back, where any is used.
    pub resets_at: Option<Timestamp>,
    /// Whether other processes count with this one.
    pub is_shared: bool,
}

impl Ledger {
    /// Of this process alone.
    pub fn own() -> Arc<Self> {
        static PROCESS: OnceLock<Arc<Ledger>> = OnceLock::new();
        Arc::clone(PROCESS.get_or_init(|| Arc::new(Self::new(Place::Process(None)))))
    }

    /// The one that counts for who keeps answers so.
    ///
    /// Errors: `InvalidConfig` where the folder that the user named can't be used.
    pub fn of(keeping: &Keeping) -> Result<Arc<Self>> {
        match (&keeping.archive, &keeping.state) {
            (ArchivePlace::Named(path), _) => Ok(Self::shared(archive::named(path)?)),
            (_, Some(path)) => Ok(match Folder::open(path, Chosen::ByUs) {
                Ok(folder) => Self::shared(folder),
                Err(_) => Self::own(),
            }),
            (_, None) => Ok(Self::own()),
        }
    }

    /// Every claim that lives; `None` where those of other processes are not known.
    pub fn living_claims(&self) -> Option<BTreeSet<String>> {
        match &*lock(&self.place) {
            Place::Shared(folder) => {
                let books = pages(&folder.path().join(BOOKS));
                Some(books.iter().flat_map(|page| page.book.ids()).map(str::to_owned).collect())
            }
            Place::Process(_) => None,
        }
    }

    /// Of all processes that use that folder, which is there.
    pub fn shared(folder: Folder) -> Arc<Self> {
        static FOLDERS: Mutex<BTreeMap<Folder, Arc<Ledger>>> = Mutex::new(BTreeMap::new());
        let ledger = |folder: &Folder| Arc::new(Self::new(Place::Shared(folder.clone())));
        Arc::clone(lock(&FOLDERS).entry(folder.clone()).or_insert_with(|| ledger(&folder)))
    }

    fn new(place: Place) -> Self {
        Self { place: Mutex::new(place), own: Mutex::default() }
    }

    #[cfg(test)]
    pub(crate) fn for_test() -> Arc<Self> {
        Arc::new(Self::new(Place::Process(None)))
    }

    /// Reads or changes the book of a limit; what is over is forgotten before.
    ///
    /// Errors: `IoError` where other processes keep it locked. Any other trouble with the folder makes the books this
    /// process's own, from here on.
    pub(super) fn with<T: Send + 'static>(
        &self,
        project: &Project,
        quota: Quota,
        now: Millis,
        act: impl FnOnce(&mut Book) -> T + Send + 'static,
    ) -> Result<T> {
        let quota = quota.shared();
        let rule = quota.rule();
        let act = move |book: &mut Book| {
            book.prune(&rule, now);
            act(book)
        };
        let place = lock(&self.place).clone();
        let Place::Shared(folder) = place else { return Ok(self.with_own(project, quota, act)) };
        let name = format!("{}.{}.json", project.key(folder.salt()), rule.name);
        let path = folder.path().join(BOOKS).join(&name);
        let blank = BookPage::new(rule.name, project.id.as_deref());
        let place = move || Ok(folder.within(&[BOOKS]).map_err(|why| Trouble::Unusable(why.to_string()))?.join(name));
        match elsewhere(place, blank, act) {
            Outcome::Done(Changed { value, book, unwritten }) => {
                if let Some(trouble) = unwritten {
                    self.keep_to_itself(&trouble);
                    lock(&self.own).insert((quota, project.clone()), book);
                }
                Ok(value)
            }
            Outcome::Undone(act, Trouble::Unusable(why)) => {
                self.keep_to_itself(&Trouble::Unusable(why));
                Ok(self.with_own(project, quota, act))
            }
            Outcome::Undone(_, Trouble::Busy) => {
                let what = format!(
                    "other processes have locked {} for {} seconds",
                    path.display(),
                    shared::PATIENCE.as_secs()
                );
                Err(Error::new(Code::IoError, what).fix("Run it again"))
            }
            Outcome::Unknown => {
                let what = format!("the file system of {} does not respond", path.display());
                Err(Error::new(Code::IoError, what).fix("Run it again, or set MP_ARCHIVE to a folder on a local disk"))
            }
        }
    }

    fn with_own<T>(&self, project: &Project, quota: Quota, act: impl FnOnce(&mut Book) -> T) -> T {
        act(lock(&self.own).entry((quota, project.clone())).or_default())
    }

    fn keep_to_itself(&self, trouble: &Trouble) {
        let why = match trouble {
            Trouble::Busy => "it is locked".to_owned(),
            Trouble::Unusable(why) => why.clone(),
        };
        *lock(&self.place) = Place::Process(Some(why));
    }

    /// Why the books are this process's own, where they should be shared.
    pub fn trouble(&self) -> Option<String> {
        match &*lock(&self.place) {
            Place::Shared(_) => None,
            Place::Process(why) => why.clone(),
        }
    }

    /// What is used of every limit that is in the books. `user`: a limit of the user's own for what is counted by the hour.
    pub fn usage(&self, user: Option<usize>, now: Timestamp) -> Vec<Usage> {
        let now = now.as_millisecond();
        let place = lock(&self.place).clone();
        let usage = |quota: Quota, project_id: Option<String>, mut book: Book| {
            let rule = quota.rule();
            book.prune(&rule, now);
            let limit = book.limit(&rule, user.filter(|_| quota.is_hourly()));
            Usage {
                api: rule.name,
                project_id,
                used: book.used(limit, now),
                reserved: book.reserved(),
                left: book.left(limit, now),
                limit,
                period: rule.period,
                resets_at: book.resets_at(&rule, now).map(timestamp),
                is_shared: matches!(place, Place::Shared(_)),
            }
        };
        match &place {
            Place::Process(_) => {
                let own = lock(&self.own);
                own.iter().map(|((quota, project), book)| usage(*quota, project.id.clone(), book.clone())).collect()
            }
            Place::Shared(folder) => {
                let named = |page: BookPage| Some((Quota::named(&page.api)?, page.project_id, page.book));
                let mut books: Vec<_> = pages(&folder.path().join(BOOKS)).into_iter().filter_map(named).collect();
                books.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
                books.into_iter().map(|(quota, project_id, book)| usage(quota, project_id, book)).collect()
            }
        }
    }
}

impl Usage {
    pub fn source(&self) -> LimitSource {
        self.limit.source
    }
}

fn pages(folder: &Path) -> Vec<BookPage> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| BookPage::read(&path))
        .collect()
}

enum Outcome<T, F> {
    Done(Changed<T>),
    /// The change was not made.
    Undone(F, Trouble),
    /// The file system hangs in the middle of it.
    Unknown,
}

/// Changes a file's book on a thread of its own: on some network file systems a lock or a read never returns.
fn elsewhere<T: Send + 'static, F: FnOnce(&mut Book) -> T + Send + 'static>(
    path: impl FnOnce() -> Result<PathBuf, Trouble> + Send + 'static,
    blank: BookPage,
    act: F,
) -> Outcome<T, F> {
    let act = Arc::new(Mutex::new(Some(act)));
    let (tell, told) = mpsc::channel();
    let work = {
        let act = Arc::clone(&act);
        move || {
            let changed =
                path().and_then(|path| shared::change(&path, blank, |book| lock(&act).take().map(|act| act(book))));
            let _ = tell.send(changed);
        }
    };
    let outcome = match thread::Builder::new().name("mixpanel-ledger".into()).spawn(work) {
        Ok(_) => told.recv_timeout(HANGS).map_err(|_| Trouble::Unusable("its file system does not respond".into())),
        Err(error) => Err(Trouble::Unusable(error.to_string())),
    };
    let trouble = match outcome {
        Ok(Ok(Changed { value: Some(value), book, unwritten })) => {
            return Outcome::Done(Changed { value, book, unwritten });
        }
        Ok(Ok(Changed { value: None, .. })) => return Outcome::Unknown,
        Ok(Err(trouble)) | Err(trouble) => trouble,
    };
    match lock(&act).take() {
        Some(act) => Outcome::Undone(act, trouble),
        None => Outcome::Unknown,
    }
}

/// Held for a few instructions, never across a wait.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

pub(super) fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Target, mixpanel::testing::target};

    fn folder(path: &Path) -> Folder {
        Folder::open(path, Chosen::ByUser).unwrap()
    }

    fn start(ledger: &Ledger, project: &Project) {
        let rule = Quota::Export.rule();
        let act = move |book: &mut Book| {
            let limit = book.limit(&rule, None);
            book.start(&rule, limit, None, 1_000_000).unwrap()
        };
        ledger.with(project, Quota::Export, 1_000_000, act).unwrap();
    }

    fn now() -> Timestamp {
        timestamp(1_000_500)
    }

    #[test]
    fn two_ledgers_of_one_folder_count_together() {
        let place = tempfile::tempdir().unwrap();
        let project = Project::of(&target());
        let other = Project::of(&Target { project_id: Some("9".into()), ..target() });
        let [one, two] = [(); 2].map(|()| Ledger::new(Place::Shared(folder(place.path()))));
        start(&one, &project);
        start(&two, &project);
        start(&two, &other);
        for ledger in [&one, &two] {
            let usage = ledger.usage(None, now());
            let seen: Vec<_> =
                usage.iter().map(|usage| (usage.project_id.as_deref(), usage.used, usage.left)).collect();
            assert_eq!(seen, [(Some("12345"), 2, 58), (Some("9"), 1, 59)]);
            assert!(usage.iter().all(|usage| usage.is_shared));
        }
        assert_eq!(one.usage(Some(10), now())[0].left, 8);
    }

    #[test]
    fn a_folder_that_can_not_be_used_makes_the_count_this_processes_own() {
        let place = tempfile::tempdir().unwrap();
        let occupied = folder(place.path());
        std::fs::write(occupied.path().join(BOOKS), "").unwrap();
        let ledger = Ledger::new(Place::Shared(occupied));
        let project = Project::of(&target());
        start(&ledger, &project);
        start(&ledger, &project);
        let usage = ledger.usage(None, now());
        assert_eq!((usage.len(), usage[0].used, usage[0].is_shared), (1, 2, false));
        assert!(ledger.trouble().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_can_not_be_written_any_more_loses_no_count() {
        let place = tempfile::tempdir().unwrap();
        let ledger = Ledger::new(Place::Shared(folder(place.path())));
        let project = Project::of(&target());
        start(&ledger, &project);
        // In the place of the file that is written before it is renamed.
        let book = std::fs::read_dir(place.path().join(BOOKS)).unwrap().flatten().map(|entry| entry.path());
        let book = book.into_iter().find(|path| path.extension().unwrap() == "json").unwrap();
        std::fs::create_dir(book.with_extension("next")).unwrap();
        start(&ledger, &project);
        assert!(ledger.trouble().is_some());
        assert_eq!(ledger.usage(None, now())[0].used, 2);
    }
}
