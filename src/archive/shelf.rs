//! What has one asker of one project?
//!
//! `<archive>/<asker>/<project>/<question>/<copy>`; in each question's folder
//! stands in words what the question is. What has another name is none of ours and
//! left alone.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::{Crc, read::MultiGzDecoder};
use jiff::civil::Date;

use super::{Candidate, Copy, Partial, Question};
use crate::{
    decode::Selection,
    file_limit,
    folder::{Folder, Unusable},
};

/// What the question of a folder is, in words.
const WORDS: &str = "question.json";

/// Compressed bytes of answers that are looked through for rows at most: about a second.
const LOOKED_THROUGH: u64 = 64 << 20;

/// So many bytes of it at a time, and the rest of a line.
const BLOCK: u64 = 1 << 20;

/// Says that a project's days are not those of UTC.
const OTHER_DAYS: &str = "days-are-not-utc";

/// The answers of one asker about one project.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: Folder,
    asker: String,
    project: String,
}

impl Shelf {
    /// `project`: its id, where the asker doesn't stand for it.
    pub fn new(folder: Folder, asker: &str, project: Option<&str>) -> Self {
        let project = project.filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or("0");
        Self { folder, asker: asker.to_owned(), project: project.to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(&self.asker).join(&self.project)
    }

    /// Whether an answer about this project ever held rows on other days than it was asked for: its days are not those of
    /// UTC, so that no answer may be cut by them.
    pub fn has_other_days(&self) -> bool {
        self.path().join(OTHER_DAYS).exists()
    }

    /// Says so, for good.
    pub fn note_other_days(&self) -> Result<(), Unusable> {
        let project = self.folder.within(&[&self.asker, &self.project])?;
        Ok(File::create(project.join(OTHER_DAYS)).map(drop)?)
    }

    /// The answers that hold what is asked for, for whatever days.
    pub fn candidates(&self, question: &Question) -> Vec<Candidate<PathBuf>> {
        let covers = |folder: &PathBuf| words(folder).filter(|other| other.covers(question));
        folders(&self.path())
            .filter_map(|folder| Some((covers(&folder)?, folder)))
            .flat_map(|(other, folder)| {
                let (may_change, is_same) = (other.may_change(), other == *question);
                copies(&folder).map(move |(copy, place)| Candidate { copy, may_change, is_same, place })
            })
            .collect()
    }

    /// Begins to keep an answer to a question.
    pub fn begin(&self, question: &Question, id: &str, is_gzip: bool) -> Result<Partial, Unusable> {
        let folder = self.folder.within(&[&self.asker, &self.project, &question.key()])?;
        let place = folder.join(WORDS);
        if words(&folder).is_none() {
            let words = question.words();
            file_limit::allows(words.len() as u64)?;
            let mut file =
                tempfile::Builder::new().prefix("question").suffix(super::partial::SUFFIX).tempfile_in(&folder)?;
            io::Write::write_all(&mut file, words.as_bytes())?;
            file.persist(&place).map_err(|error| error.error)?;
        }
        Ok(Partial::begin(&folder, id, is_gzip)?)
    }

    /// Whether an answer here holds rows of these days that are asked for, so that an answer without any is strange. What
    /// can't be told counts as yes: to doubt an answer costs a request, to believe it may cost rows.
    pub fn has_rows_of(&self, question: &Question, (from, to): (Date, Date)) -> bool {
        let has_other_days = self.has_other_days();
        let mut left = LOOKED_THROUGH;
        self.candidates(question).into_iter().any(|found| {
            let (copy, events) = (&found.copy, question.events.clone().filter(|_| !found.is_same));
            if copy.is_empty() || copy.to < from || to < copy.from {
                return false;
            }
            let days: Vec<Date> = copy.days().filter(|day| (from..=to).contains(day)).collect();
            let is_whole = days.len() == copy.days().count();
            if !is_whole && (has_other_days || copy.strays > 0) {
                return true;
            }
            let selection = Selection::new((copy.from, copy.to), (!is_whole).then_some(&days), events);
            if selection.is_everything() || copy.length > left {
                return true;
            }
            left -= copy.length;
            has_any(&found.place, &selection)
        })
    }
}

/// The question of a folder; `None` for a folder that is not one of ours.
pub fn words(folder: &Path) -> Option<Question> {
    let question = Question::read(&fs::read_to_string(folder.join(WORDS)).ok()?)?;
    (folder.file_name()?.to_str()? == question.key()).then_some(question)
}

/// Whether an answer holds lines that are wanted. One that can't be read may.
fn has_any(place: &Path, selection: &Selection) -> bool {
    let Ok(file) = File::open(place) else { return true };
    let mut lines = BufReader::new(MultiGzDecoder::new(file));
    let mut block = Vec::new();
    loop {
        block.clear();
        let read = lines.by_ref().take(BLOCK).read_to_end(&mut block).and_then(|_| lines.read_until(b'\n', &mut block));
        match read.map(|_| selection.of(&block)) {
            Ok(Ok(_)) if block.is_empty() => return false,
            Ok(Ok(wanted)) if wanted.is_empty() => {}
            _ => return true,
        }
    }
}

/// The answers in a question's folder.
pub fn copies(folder: &Path) -> impl Iterator<Item = (Copy, PathBuf)> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).filter_map(|entry| {
        let copy = Copy::read(entry.file_name().to_str()?)?;
        Some((copy, entry.path()))
    })
}

/// The folders in a folder, links left out.
pub fn folders(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}

/// Whether the bytes of a copy are those that its name speaks of. Reads all of them.
pub fn is_sound(copy: &Copy, mut file: &File) -> io::Result<bool> {
    let mut checksum = Crc::new();
    let mut length = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((length, checksum.sum()) == (copy.length, copy.checksum));
        }
        length += read as u64;
        checksum.update(buffer.get(..read).unwrap_or_default());
    }
}

/// The bytes of a copy; `None` where they are not those that its name speaks of.
pub fn sound_bytes(copy: &Copy, file: File) -> io::Result<Option<Vec<u8>>> {
    let length = usize::try_from(copy.length).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut bytes = Vec::new();
    // For one byte too many to be seen, and the end.
    bytes.try_reserve_exact(length.saturating_add(2))?;
    file.take(copy.length.saturating_add(1)).read_to_end(&mut bytes)?;
    let mut checksum = Crc::new();
    checksum.update(&bytes);
    Ok(((bytes.len(), checksum.sum()) == (length, copy.checksum)).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};

    use super::*;
    use crate::{archive::Arrival, folder::Chosen};

    fn question(events: Option<&[&str]>) -> Question {
        let events = events.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        Question { host: "https://data.mixpanel.com".into(), events, filter: None }
    }

    fn keep(shelf: &Shelf, question: &Question, id: &str) -> PathBuf {
        let asked_at = Timestamp::from_second(1_735_862_400).unwrap();
        let days = (date(2025, 1, 1), date(2025, 1, 1));
        let mut partial = shelf.begin(question, id, false).unwrap();
        partial.write(id.as_bytes()).unwrap();
        partial.keep(Arrival { days, asked_at, arrived_at: asked_at, rows: 1, strays: 0, is_doubted: false }).unwrap().1
    }

    #[test]
    fn an_answer_serves_who_asked_and_what_it_covers() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), Chosen::ByUser).unwrap();
        let shelf = |asker: &str, project| Shelf::new(folder.clone(), asker, Some(project));
        let ours = shelf("me", "12345");
        let (all, one) = (question(None), question(Some(&["Sign Up"])));
        let kept = keep(&ours, &all, "a");
        keep(&ours, &one, "b");
        let places = |shelf: &Shelf, question: &Question| {
            shelf.candidates(question).into_iter().map(|found| found.place).collect::<Vec<_>>()
        };
        assert_eq!(places(&ours, &all), [kept]);
        assert_eq!(places(&ours, &one).len(), 2);
        for other in [shelf("you", "12345"), shelf("me", "12346")] {
            assert!(places(&other, &all).is_empty());
        }
    }

    /// Keeps lines of two events on the first two of three days.
    fn keep_lines(shelf: &Shelf, question: &Question) {
        let second = |day: i64| 1_735_689_600 + day * 86_400 + 7;
        let line =
            |name: &str, day| format!("{{\"event\":\"{name}\",\"properties\":{{\"time\":{}000}}}}\n", second(day));
        let asked_at = Timestamp::from_second(second(9)).unwrap();
        let days = (date(2025, 1, 1), date(2025, 1, 3));
        let mut partial = shelf.begin(question, "lines", false).unwrap();
        partial.write((line("A", 0) + &line("B", 1)).as_bytes()).unwrap();
        partial.keep(Arrival { days, asked_at, arrived_at: asked_at, rows: 2, strays: 0, is_doubted: false }).unwrap();
    }

    #[test]
    fn an_answer_without_rows_is_strange_where_others_hold_rows_of_its_days_and_events() {
        let place = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(Folder::open(place.path(), Chosen::ByUser).unwrap(), "me", Some("12345"));
        let (all, a, c) = (question(None), question(Some(&["A"])), question(Some(&["C"])));
        let has =
            |question: &Question, first, last| shelf.has_rows_of(question, (date(2025, 1, first), date(2025, 1, last)));
        assert!(!has(&all, 1, 3));
        keep_lines(&shelf, &all);
        for (question, first, last, expected) in [
            (&all, 1, 3, true),
            (&all, 1, 9, true),
            (&all, 2, 2, true),
            (&all, 3, 3, false),
            (&all, 3, 9, false),
            (&all, 4, 4, false),
            (&a, 1, 3, true),
            (&a, 2, 3, false),
            (&c, 1, 3, false),
        ] {
            assert_eq!(has(question, first, last), expected, "{question:?} {first} {last}");
        }
        // It is said in the name of such an answer.
        let doubted = |question: &Question, day| {
            let asked_at = Timestamp::from_second(1_735_862_400).unwrap();
            let days = (date(2025, 1, day), date(2025, 1, day));
            let partial = shelf.begin(question, "empty", false).unwrap();
            let is_doubted = shelf.has_rows_of(question, partial.days(days));
            let arrival = Arrival { days, asked_at, arrived_at: asked_at, rows: 0, strays: 0, is_doubted };
            partial.keep(arrival).unwrap().0.is_doubted()
        };
        assert_eq!((doubted(&all, 2), doubted(&all, 3), doubted(&a, 2), doubted(&a, 1)), (true, false, false, true));
        // Where days are not those of UTC, nothing tells what is whose.
        shelf.note_other_days().unwrap();
        assert_eq!((has(&all, 3, 3), has(&all, 4, 4)), (true, false));
    }

    #[test]
    fn what_is_not_ours_is_not_seen() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), Chosen::ByUser).unwrap();
        let shelf = Shelf::new(folder, "me", None);
        let kept = keep(&shelf, &question(None), "a");
        fs::write(kept.with_file_name("notes.txt"), "mine").unwrap();
        #[cfg(unix)]
        {
            let link = kept.with_file_name("2025-01-02_2025-01-02.1735862400000.0.0.20.00000000.jsonl.gz");
            std::os::unix::fs::symlink("/etc/passwd", link).unwrap();
        }
        // A folder with the words of another question.
        let copied = kept.parent().unwrap().with_file_name("0".repeat(32));
        fs::create_dir(&copied).unwrap();
        for name in [WORDS, kept.file_name().unwrap().to_str().unwrap()] {
            fs::copy(kept.with_file_name(name), copied.join(name)).unwrap();
        }
        assert_eq!(shelf.candidates(&question(None)).len(), 1);
    }

    #[test]
    fn a_flipped_byte_or_a_cut_is_seen() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), Chosen::ByUser).unwrap();
        let kept = keep(&Shelf::new(folder, "me", None), &question(None), "a");
        let copy = Copy::read(kept.file_name().unwrap().to_str().unwrap()).unwrap();
        let sound = || {
            let open = || File::open(&kept).unwrap();
            let bytes = sound_bytes(&copy, open()).unwrap();
            assert_eq!(bytes.is_some(), is_sound(&copy, &open()).unwrap());
            assert!(bytes.is_none_or(|bytes| bytes == fs::read(&kept).unwrap()));
            is_sound(&copy, &open()).unwrap()
        };
        assert!(sound());
        let whole = fs::read(&kept).unwrap();
        for index in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[index] ^= 1;
            fs::write(&kept, &flipped).unwrap();
            assert!(!sound());
            fs::write(&kept, &whole[..index]).unwrap();
            assert!(!sound());
            fs::write(&kept, [&whole[..], &whole[..=index]].concat()).unwrap();
            assert!(!sound());
        }
    }
}
