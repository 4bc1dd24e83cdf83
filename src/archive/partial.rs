//! How does an answer get into the archive?
//!
//! It is written under a name that nobody reads while it arrives, and renamed
//! once it is whole and good: what has a copy's name is one, whatever died when.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, Crc, write::GzEncoder};
use jiff::{Timestamp, civil::Date};

use super::{
    Copy,
    copy::{DOUBTED, NOTHING},
};
use crate::file_limit;

/// What the name of a file ends with that is not an answer yet.
pub const SUFFIX: &str = ".partial";

/// An answer that arrives. Dropped before its end, nothing of it is kept.
#[derive(Debug)]
pub struct Partial {
    path: PathBuf,
    /// `None` once it is kept.
    writer: Option<Writer>,
    /// The days that it is about, where they are fewer than were planned.
    answered: Option<(Date, Date)>,
}

/// Bytes that came compressed are kept as they came.
#[derive(Debug)]
enum Writer {
    Compressed(Counted),
    Plain(Box<GzEncoder<Counted>>),
}

/// A file whose length and checksum are known at its end.
#[derive(Debug)]
struct Counted {
    file: File,
    checksum: Crc,
    length: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        file_limit::allows(self.length + bytes.len() as u64)?;
        let written = self.file.write(bytes)?;
        self.checksum.update(bytes.get(..written).unwrap_or(bytes));
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What an answer is the answer to, and when it came.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub days: (Date, Date),
    pub asked_at: Timestamp,
    pub arrived_at: Timestamp,
    /// How many rows it holds. However a server compresses nothing, it is kept in one way.
    pub rows: usize,
    /// How many of them lie on none of its days.
    pub strays: usize,
    /// Whether it holds none where the archive has rows of its days.
    pub is_doubted: bool,
}

impl Partial {
    /// Begins a file in the folder of its question. `id`: of the claim that it is written for, which nobody else has.
    pub fn begin(folder: &Path, id: &str, is_gzip: bool) -> io::Result<Self> {
        let path = folder.join(format!("{id}{SUFFIX}"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let counted = Counted { file: options.open(&path)?, checksum: Crc::new(), length: 0 };
        let writer = match is_gzip {
            true => Writer::Compressed(counted),
            false => Writer::Plain(Box::new(GzEncoder::new(counted, Compression::fast()))),
        };
        Ok(Self { path, writer: Some(writer), answered: None })
    }

    /// Mixpanel was asked for fewer days than were planned.
    pub fn is_about(&mut self, days: (Date, Date)) {
        self.answered = Some(days);
    }

    /// The days that it is about, where those were planned.
    pub fn days(&self, planned: (Date, Date)) -> (Date, Date) {
        self.answered.unwrap_or(planned)
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.writer {
            Some(Writer::Compressed(file)) => file.write_all(bytes),
            Some(Writer::Plain(encoder)) => encoder.write_all(bytes),
            None => Ok(()),
        }
    }

    /// What was written so far, from its beginning; `None` where it is compressed here, and not as it came.
    pub fn reader(&self) -> io::Result<Option<File>> {
        match &self.writer {
            Some(Writer::Compressed(_)) => File::open(&self.path).map(Some),
            _ => Ok(None),
        }
    }

    /// The answer is whole and good: gives it its name. Returns where it lies.
    pub fn keep(mut self, arrival: Arrival) -> io::Result<(Copy, PathBuf)> {
        let mut counted = match self.writer.take() {
            Some(Writer::Compressed(counted)) => counted,
            Some(Writer::Plain(encoder)) => encoder.finish()?,
            None => return Err(io::Error::other("kept twice")),
        };
        if arrival.rows == 0 {
            counted = nothing(counted.file)?;
        }
        let Arrival { days, asked_at, arrived_at, strays, is_doubted, .. } = arrival;
        let (from, to) = self.days(days);
        let (length, checksum) = (counted.length, counted.checksum.sum());
        let strays = if is_doubted { DOUBTED } else { strays as u64 };
        let arrived_at = arrived_at.max(asked_at);
        let copy = Copy { from, to, asked_at, arrived_at, strays, length, checksum };
        let place = self.path.with_file_name(copy.to_string());
        fs::rename(&self.path, &place)?;
        // It is where nobody would remove it now.
        self.path = PathBuf::new();
        Ok((copy, place))
    }
}

/// Replaces whatever a file holds by the gzip member of nothing.
fn nothing(mut file: File) -> io::Result<Counted> {
    file.set_len(0)?;
    io::Seek::rewind(&mut file)?;
    let mut counted = Counted { file, checksum: Crc::new(), length: 0 };
    counted = GzEncoder::new(counted, Compression::fast()).finish()?;
    match counted.length == NOTHING {
        true => Ok(counted),
        false => Err(io::Error::other("nothing has another length than it had")),
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // On Windows an open file can't be removed.
            self.writer = None;
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::MultiGzDecoder;
    use jiff::civil::date;

    use super::*;

    fn arrival(rows: usize) -> Arrival {
        let asked_at = Timestamp::from_millisecond(1_735_862_400_123).unwrap();
        Arrival {
            days: (date(2025, 1, 1), date(2025, 1, 2)),
            asked_at,
            arrived_at: asked_at,
            rows,
            strays: 0,
            is_doubted: false,
        }
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn read(path: &Path) -> String {
        let mut text = String::new();
        MultiGzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_is_whole_gets_a_name_that_says_its_length_and_checksum() {
        for (bytes, is_gzip) in [(gzip("a line\n"), true), (b"a line\n".to_vec(), false)] {
            let folder = tempfile::tempdir().unwrap();
            let mut partial = Partial::begin(folder.path(), "id", is_gzip).unwrap();
            bytes.chunks(3).for_each(|chunk| partial.write(chunk).unwrap());
            let (copy, place) = partial.keep(arrival(1)).unwrap();
            assert_eq!(read(&place), "a line\n");
            assert_eq!(Copy::read(place.file_name().unwrap().to_str().unwrap()), Some(copy.clone()));
            let kept = fs::read(&place).unwrap();
            let mut checksum = Crc::new();
            checksum.update(&kept);
            assert_eq!((copy.length, copy.checksum), (kept.len() as u64, checksum.sum()));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn nothing_is_kept_in_one_way() {
        let folder = tempfile::tempdir().unwrap();
        let mut partial = Partial::begin(folder.path(), "id", true).unwrap();
        partial.write(&gzip("\n\n\n")).unwrap();
        let (copy, place) = partial.keep(arrival(0)).unwrap();
        assert_eq!((copy.length, read(&place).as_str()), (NOTHING, ""));
    }

    #[test]
    fn an_answer_is_named_by_the_days_that_were_answered() {
        let folder = tempfile::tempdir().unwrap();
        let mut partial = Partial::begin(folder.path(), "id", true).unwrap();
        partial.is_about((date(2025, 1, 1), date(2025, 1, 1)));
        let (copy, _) = partial.keep(arrival(0)).unwrap();
        assert_eq!((copy.from, copy.to), (date(2025, 1, 1), date(2025, 1, 1)));
    }

    #[test]
    fn what_is_dropped_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut partial = Partial::begin(folder.path(), "id", true).unwrap();
        assert!(Partial::begin(folder.path(), "id", true).is_err());
        partial.write(b"half").unwrap();
        drop(partial);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
