//! What lies in the archive, and what has to go?
//!
//! An answer goes when newer ones have all its days, and from the user's cache
//! also when it is a day old. What a killed process left half-written goes when
//! nobody works on it any more.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{Copy, Question, partial, shelf};
use crate::{folder::Folder, hash};

/// In the user's cache: an answer of a day ago is asked for anew anyway.
const CACHE_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// So long after newer answers came, nobody reads the older one any more.
const SUPERSEDED: SignedDuration = SignedDuration::from_hours(1);

/// A file that was written to so long ago has nobody who writes it, unless its claim lives.
const ABANDONED: Duration = Duration::from_secs(60);

/// The same where nobody knows which claims live.
const UNKNOWN: Duration = Duration::from_secs(24 * 3600);

/// The part of the free disk that the user's cache may fill.
const SHARE: u64 = 10;

/// One archived answer: a row of `mixpanel_archive()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// `None` where the asker stands for it.
    pub project_id: Option<String>,
    pub question: Question,
    pub copy: Copy,
    pub path: PathBuf,
}

/// All answers in a folder of ours, in the order of their paths.
pub fn kept(folder: &Folder) -> Vec<Kept> {
    let mut kept: Vec<Kept> = questions(folder)
        .flat_map(|(project_id, path, question)| {
            shelf::copies(&path).map(move |(copy, path)| Kept {
                project_id: project_id.clone(),
                question: question.clone(),
                copy,
                path,
            })
        })
        .collect();
    kept.sort_by(|a, b| a.path.cmp(&b.path));
    kept
}

/// The folders of the questions, with the project's id.
fn questions(folder: &Folder) -> impl Iterator<Item = (Option<String>, PathBuf, Question)> + use<> {
    projects(folder).flat_map(|project| {
        let id = project.file_name().and_then(|name| name.to_str()).filter(|id| *id != "0").map(str::to_owned);
        shelf::folders(&project).filter_map(move |path| shelf::words(&path).map(|words| (id.clone(), path, words)))
    })
}

fn projects(folder: &Folder) -> impl Iterator<Item = PathBuf> + use<> {
    shelf::folders(folder.path()).flat_map(|asker| shelf::folders(&asker))
}

/// The folders of all questions, also where nobody can read any more what the question was.
fn places(folder: &Folder) -> impl Iterator<Item = PathBuf> + use<> {
    projects(folder).flat_map(|project| {
        shelf::folders(&project).filter(|path| is_a_questions(path) || shelf::words(path).is_some())
    })
}

/// Whether a folder lies and is called as one of a question's: `<asker>/<project>/<question>`.
fn is_a_questions(path: &Path) -> bool {
    let mut names = path.ancestors().map(|part| part.file_name().and_then(|name| name.to_str()).unwrap_or_default());
    let (Some(question), Some(project), Some(asker)) = (names.next(), names.next(), names.next()) else { return false };
    hash::is_one(question)
        && hash::is_one(asker)
        && !project.is_empty()
        && project.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whose days an answer at that path has: the project's, whoever asked for them in whatever archive. Where the asker stands for the
/// project, or the path is none of ours, those of the folder above the question's.
pub fn project_of(copy: &Path) -> PathBuf {
    let question = copy.parent().unwrap_or(copy);
    let project = question.parent().unwrap_or(question);
    match project.file_name().filter(|id| is_a_questions(question) && *id != "0") {
        Some(id) => PathBuf::from(id),
        None => project.to_owned(),
    }
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    pub files: u64,
    pub bytes: u64,
}

impl Removed {
    fn add(&mut self, path: &Path, bytes: u64) {
        if remove(path) {
            self.files += 1;
            self.bytes += bytes;
        }
    }
}

/// Removes all answers, whatever their moments are, or those that were asked for before a moment; and what was left half-written
/// before it. `living`: the claims whose half-written files are still written to, where all are known.
pub fn clear(folder: &Folder, asked_before: Option<Timestamp>, living: Option<&BTreeSet<String>>) -> Removed {
    let mut removed = Removed::default();
    let is_old = |moment| asked_before.is_none_or(|before| moment < before);
    for path in places(folder) {
        for (copy, place) in shelf::copies(&path).filter(|(copy, _)| is_old(copy.asked_at)) {
            removed.add(&place, copy.length);
        }
        for (id, place, found) in partials(&path) {
            let written = found.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
            let is_left = !living.is_some_and(|claims| claims.contains(&id)) && is_idle(&found, ABANDONED);
            if is_left && written.is_some_and(is_old) {
                removed.add(&place, found.len());
            }
        }
    }
    removed
}

/// Removes what nobody will read any more. `living`: the claims whose half-written files are still written to,
/// where all are known.
pub fn sweep(folder: &Folder, is_for_good: bool, living: Option<&BTreeSet<String>>, now: Timestamp) {
    for path in places(folder) {
        let copies: Vec<(Copy, PathBuf)> = shelf::copies(&path).collect();
        for (copy, place) in &copies {
            let is_old = !is_for_good && now.duration_since(copy.asked_at) >= CACHE_LIFE;
            if is_old || is_superseded(copy, copies.iter().map(|(other, _)| other), now) {
                remove(place);
            }
        }
        sweep_partials(&path, living);
    }
}

fn sweep_partials(path: &Path, living: Option<&BTreeSet<String>>) {
    for (id, path, found) in partials(path) {
        let (is_alive, patience) = match living {
            Some(claims) => (claims.contains(&id), ABANDONED),
            None => (false, UNKNOWN),
        };
        if !is_alive && is_idle(&found, patience) {
            remove(&path);
        }
    }
}

/// Whether nothing was written to a file for so long.
#[expect(clippy::disallowed_methods, reason = "a file has its moment from the machine")]
fn is_idle(found: &fs::Metadata, patience: Duration) -> bool {
    let idle = found.modified().ok().and_then(|written| SystemTime::now().duration_since(written).ok());
    idle.is_some_and(|idle| idle >= patience)
}

/// What is half-written in a question's folder: the claim that it is for, and the file.
fn partials(path: &Path) -> impl Iterator<Item = (String, PathBuf, fs::Metadata)> + use<> {
    fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| {
        let id = entry.file_name().to_str()?.strip_suffix(partial::SUFFIX)?.to_owned();
        let found = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some((id, entry.path(), found))
    })
}

/// Whether newer answers to the same question have all the days, for a while already. An empty one takes no rows' place.
fn is_superseded<'a>(copy: &Copy, all: impl Iterator<Item = &'a Copy>, now: Timestamp) -> bool {
    let newer: Vec<&Copy> = all
        .filter(|other| {
            other.asked_at > copy.asked_at
                && now.duration_since(other.arrived_at) >= SUPERSEDED
                && (!other.is_empty() || copy.is_empty())
        })
        .collect();
    let is_there = |day: Date| newer.iter().any(|other| other.has_day(day));
    copy.days().all(is_there)
}

/// How many bytes more the user's cache may take.
pub fn room(folder: &Folder) -> u64 {
    let arriving = |path: &Path| partials(path).map(|(_, _, found)| found.len()).sum::<u64>();
    let kept = |path: &Path| shelf::copies(path).map(|(copy, _)| copy.length).sum::<u64>();
    let used = places(folder).map(|path| kept(&path) + arriving(&path)).sum::<u64>();
    // A disk that says nothing of itself is not held against anybody.
    fs4::available_space(folder.path())
        .map_or(u64::MAX, |free| (free.saturating_add(used) / SHARE).saturating_sub(used))
}

/// Removes a file that is none of what its name says.
pub fn discard(path: &Path) {
    remove(path);
}

fn remove(path: &Path) -> bool {
    fs::remove_file(path).is_ok()
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;
    use crate::{
        archive::{Arrival, Shelf},
        folder::Chosen,
    };

    fn moment(hours: i64) -> Timestamp {
        "2025-02-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
    }

    struct Place {
        _place: tempfile::TempDir,
        folder: Folder,
    }

    impl Place {
        fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            Self { folder: Folder::open(place.path(), Chosen::ByUser).unwrap(), _place: place }
        }

        fn keep(&self, first: i8, last: i8, hours: i64, is_empty: bool) {
            let shelf = Shelf::new(self.folder.clone(), "me", Some("12345"));
            let question = Question { host: "https://data.mixpanel.com".into(), events: None, filter: None };
            let mut partial = shelf.begin(&question, "id", false).unwrap();
            partial.write(b"a line\n").unwrap();
            let days = (date(2025, 1, first), date(2025, 1, last));
            partial
                .keep(Arrival {
                    days,
                    asked_at: moment(hours),
                    arrived_at: moment(hours),
                    rows: usize::from(!is_empty),
                    strays: 0,
                    is_doubted: false,
                })
                .unwrap();
        }

        /// First day, last day and hour of asking of what is kept.
        fn kept(&self) -> Vec<(i8, i8, i64)> {
            let hour = |copy: &Copy| copy.asked_at.duration_since(moment(0)).as_hours();
            kept(&self.folder).iter().map(|kept| (kept.copy.from.day(), kept.copy.to.day(), hour(&kept.copy))).collect()
        }

        fn sweep(&self, is_for_good: bool, hours: i64) {
            sweep(&self.folder, is_for_good, Some(&BTreeSet::new()), moment(hours));
        }
    }

    #[test]
    fn what_newer_answers_have_goes_an_hour_after_them() {
        let place = Place::new();
        place.keep(1, 4, 0, false);
        place.keep(1, 2, 1, false);
        place.keep(3, 3, 2, false);
        place.sweep(true, 9);
        assert_eq!(place.kept(), [(1, 2, 1), (1, 4, 0), (3, 3, 2)]);
        place.keep(4, 5, 9, false);
        place.sweep(true, 9);
        assert_eq!(place.kept().len(), 4);
        place.sweep(true, 10);
        assert_eq!(place.kept(), [(1, 2, 1), (3, 3, 2), (4, 5, 9)]);
    }

    #[test]
    fn an_empty_answer_removes_no_rows() {
        let place = Place::new();
        place.keep(1, 1, 0, false);
        place.keep(1, 1, 1, true);
        place.sweep(true, 9);
        assert_eq!(place.kept().len(), 2);
        // And rows remove an empty one.
        place.keep(1, 1, 2, false);
        place.sweep(true, 9);
        assert_eq!(place.kept(), [(1, 1, 2)]);
    }

    #[test]
    fn the_cache_forgets_after_a_day_and_an_archive_does_not() {
        let place = Place::new();
        place.keep(1, 1, 0, false);
        place.sweep(true, 10_000);
        place.sweep(false, 23);
        assert_eq!(place.kept().len(), 1);
        place.sweep(false, 24);
        assert!(place.kept().is_empty());
    }

    #[test]
    fn clearing_takes_what_is_older_and_nothing_else() {
        let place = Place::new();
        place.keep(1, 1, 0, false);
        place.keep(2, 2, 5, false);
        let stranger = place.folder.path().join("me/12345/mine.txt");
        fs::write(&stranger, "mine").unwrap();
        assert_eq!(clear(&place.folder, Some(moment(5)), None).files, 1);
        assert_eq!(place.kept(), [(2, 2, 5)]);
        assert_eq!(clear(&place.folder, None, None).files, 1);
        assert!(place.kept().is_empty() && stranger.exists());
    }

    #[test]
    fn what_lies_as_ours_do_goes_though_nobody_knows_its_question() {
        let place = Place::new();
        let shelf = Shelf::new(place.folder.clone(), &"a".repeat(32), Some("12345"));
        let question = Question { host: String::new(), events: None, filter: None };
        let keep = |hours| {
            let days = (date(2025, 1, 1), date(2025, 1, 1));
            let arrival = Arrival {
                days,
                asked_at: moment(hours),
                arrived_at: moment(hours),
                rows: 1,
                strays: 0,
                is_doubted: false,
            };
            shelf.begin(&question, "id", false).unwrap().keep(arrival).unwrap().1
        };
        let (old, new) = (keep(0), keep(1));
        let damage = || fs::write(old.with_file_name("question.json"), "{").unwrap();
        let mine = old.with_file_name("mine.txt");
        fs::write(&mine, "mine").unwrap();
        damage();
        place.sweep(true, 9);
        assert_eq!((old.exists(), new.exists()), (false, true), "newer ones have its days");
        assert_eq!(clear(&place.folder, None, None).files, 1);
        let last = keep(2);
        fs::remove_file(old.with_file_name("question.json")).unwrap();
        place.sweep(false, 26);
        assert_eq!((last.exists(), mine.exists()), (false, true));
        // Not in a folder that is called otherwise.
        let other = place.folder.path().join("photos/12345").join("b".repeat(32));
        fs::create_dir_all(&other).unwrap();
        let copied = other.join(last.file_name().unwrap());
        fs::write(&copied, "").unwrap();
        clear(&place.folder, None, None);
        assert!(copied.exists());
    }

    #[expect(clippy::disallowed_methods, reason = "a file has its moment from the machine")]
    #[test]
    fn what_was_left_half_written_goes_unless_its_claim_lives() {
        let place = Place::new();
        place.keep(1, 1, 0, false);
        let folder = kept(&place.folder)[0].path.parent().unwrap().to_owned();
        for (name, minutes) in [("dead", 2), ("living", 2), ("young", 0)] {
            let file = fs::File::create(folder.join(format!("{name}.partial"))).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(60 * minutes)).unwrap();
        }
        sweep(&place.folder, true, Some(&["living".to_owned()].into()), moment(0));
        let left = |name: &str| folder.join(format!("{name}.partial")).exists();
        assert_eq!((left("dead"), left("living"), left("young")), (false, true, true));
        // Who clears it all takes those too, but what is written to.
        let file = fs::File::create(folder.join("dead.partial")).unwrap();
        file.set_len(9).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(120)).unwrap();
        let removed = clear(&place.folder, None, Some(&["living".to_owned()].into()));
        assert_eq!((removed.files, removed.bytes >= 9), (2, true));
        assert_eq!((left("dead"), left("living"), left("young")), (false, true, true));
    }

    #[test]
    fn days_are_a_projects_whoever_asked() {
        let path = |asker: &str, project: &str| {
            let [asker, question] = [asker, "c"].map(|name| name.repeat(32));
            project_of(Path::new(&format!("/archive/{asker}/{project}/{question}/copy")))
        };
        assert_eq!(path("a", "12345"), path("b", "12345"));
        assert_ne!(path("a", "12345"), path("a", "12346"));
        assert_ne!(path("a", "0"), path("b", "0"));
        assert_ne!(project_of(Path::new("/x/12345/mine/copy")), project_of(Path::new("/y/12345/mine/copy")));
        assert_eq!(project_of(Path::new("copy")), Path::new(""));
    }

    #[test]
    fn a_project_without_an_id_has_none() {
        let place = Place::new();
        let shelf = Shelf::new(place.folder.clone(), "me", None);
        let question = Question { host: String::new(), events: None, filter: Some("user[\"a\"]".into()) };
        let asked_at = moment(0);
        let days = (date(2025, 1, 1), date(2025, 1, 1).checked_add(1.day()).unwrap());
        let partial = shelf.begin(&question, "id", false).unwrap();
        partial.keep(Arrival { days, asked_at, arrived_at: asked_at, rows: 0, strays: 0, is_doubted: false }).unwrap();
        let kept = kept(&place.folder);
        assert_eq!((kept[0].project_id.as_deref(), &kept[0].question), (None, &question));
    }
}
