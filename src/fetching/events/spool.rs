//! Where do a window's bytes wait until the window has arrived whole?
//!
//! In memory while they are few, in a file when they are many: the one that goes
//! into the archive or, without an archive, an unlinked temporary one. All windows of a scan share one allowance of memory.

use std::{
    borrow::BorrowMut,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    archive::Partial,
    contract::{Code, Error, Result},
    file_limit,
};

/// Memory that one window's compressed bytes may take.
const WINDOW_MEMORY: usize = 8 << 20;

/// Memory that the compressed bytes of all windows of a scan may take.
const SCAN_MEMORY: usize = 64 << 20;

/// The memory that the spools of one scan use together.
#[derive(Debug, Clone, Default)]
pub struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    fn take(&self, bytes: usize) -> bool {
        let taken = self.0.fetch_add(bytes, Ordering::Relaxed);
        if taken + bytes <= SCAN_MEMORY {
            return true;
        }
        self.give_back(bytes);
        false
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The bytes of one answer, written while it arrives and read when it is whole.
#[derive(Debug)]
pub struct Spool {
    bytes: Place,
    length: u64,
    allowed: usize,
    allowance: Allowance,
    /// The file in the archive that it becomes, where it is to be kept: it has all bytes too.
    partial: Option<Partial>,
}

/// Where the bytes are.
#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    /// An unlinked file that is written here.
    Temporary(File),
    /// The file that they are written to on their way into the archive.
    Partial(File),
}

impl Spool {
    pub fn new(allowance: &Allowance, partial: Option<Partial>) -> Self {
        Self { bytes: Place::Memory(Vec::new()), length: 0, allowed: 0, allowance: allowance.clone(), partial }
    }

    /// Takes more bytes. Returns whether the archive has them too, where it should.
    pub fn write(&mut self, bytes: &[u8]) -> Result<bool> {
        let had_partial = self.partial.is_some();
        self.append(bytes).map_err(no_room)?;
        Ok(self.partial.is_some() == had_partial)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(partial) = &mut self.partial
            && partial.write(bytes).is_err()
        {
            self.move_on()?;
        }
        if self.in_memory() && !self.fits(bytes.len()) {
            self.move_to_file()?;
        }
        match &mut self.bytes {
            Place::Memory(memory) => memory.extend_from_slice(bytes),
            Place::Temporary(file) => {
                file_limit::allows(self.length + bytes.len() as u64)?;
                file.write_all(bytes)?;
            }
            Place::Partial(_) => {}
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The archive takes no more: what it has moves elsewhere.
    pub fn leave_the_archive(&mut self) -> Result<()> {
        self.move_on().map_err(no_room)
    }

    fn move_on(&mut self) -> io::Result<()> {
        if let Place::Partial(file) = &mut self.bytes {
            file_limit::allows(self.length)?;
            let mut temporary = tempfile::tempfile()?;
            file.seek(SeekFrom::Start(0))?;
            io::copy(&mut file.take(self.length), &mut temporary)?;
            self.bytes = Place::Temporary(temporary);
        }
        self.partial = None;
        Ok(())
    }

    fn fits(&mut self, more: usize) -> bool {
        let fits = self.len() + more as u64 <= WINDOW_MEMORY as u64 && self.allowance.take(more);
        self.allowed += if fits { more } else { 0 };
        fits
    }

    fn move_to_file(&mut self) -> io::Result<()> {
        let written = self.partial.as_ref().map(Partial::reader).transpose()?.flatten();
        let place = match (&self.bytes, written) {
            (_, Some(reader)) => Place::Partial(reader),
            (Place::Memory(memory), None) => {
                file_limit::allows(self.length)?;
                let mut file = tempfile::tempfile()?;
                file.write_all(memory)?;
                Place::Temporary(file)
            }
            (Place::Temporary(_) | Place::Partial(_), None) => return Ok(()),
        };
        self.bytes = place;
        self.release();
        Ok(())
    }

    fn release(&mut self) {
        self.allowance.give_back(std::mem::take(&mut self.allowed));
    }

    /// Whether it is on its way into the archive.
    pub fn has_partial(&self) -> bool {
        self.partial.is_some()
    }

    /// What is to be kept of it, once: the bytes stay readable.
    pub fn take_partial(&mut self) -> Option<Partial> {
        self.partial.take()
    }

    pub fn len(&self) -> u64 {
        self.length
    }

    pub fn in_memory(&self) -> bool {
        matches!(self.bytes, Place::Memory(_))
    }

    /// The whole of it, from memory or file.
    pub fn bytes(&mut self) -> io::Result<std::borrow::Cow<'_, [u8]>> {
        match &mut self.bytes {
            Place::Memory(memory) => Ok(memory.as_slice().into()),
            Place::Temporary(file) | Place::Partial(file) => {
                let mut bytes = Vec::new();
                bytes.try_reserve_exact(self.length as usize)?;
                file.seek(SeekFrom::Start(0))?;
                file.read_to_end(&mut bytes)?;
                Ok(bytes.into())
            }
        }
    }

    /// The last bytes, at most `count`.
    pub fn tail(&mut self, count: usize) -> io::Result<Vec<u8>> {
        match &mut self.bytes {
            Place::Memory(memory) => Ok(memory[memory.len().saturating_sub(count)..].to_vec()),
            Place::Temporary(file) | Place::Partial(file) => {
                file.seek(SeekFrom::Start(self.length.saturating_sub(count as u64)))?;
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// Starts to read from the beginning.
    pub fn rewind(&mut self) -> io::Result<()> {
        match &mut self.bytes {
            Place::Memory(_) => Ok(()),
            Place::Temporary(file) | Place::Partial(file) => file.seek(SeekFrom::Start(0)).map(drop),
        }
    }

    /// Reads on from `position`, which a reader keeps itself for bytes in memory.
    pub fn read_at(&mut self, position: u64, target: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Place::Memory(memory) => memory.get(position as usize..).unwrap_or_default().read(target),
            Place::Temporary(file) | Place::Partial(file) => file.read(target),
        }
    }
}

fn no_room(error: io::Error) -> Error {
    let folder = std::env::temp_dir();
    Error::new(Code::IoError, format!("a temporary file in {}: {error}", folder.display()))
        .fix("Free space there, or set TMPDIR to another folder before the process starts")
}

/// An archived answer, read as one that arrived.
impl From<(File, u64)> for Spool {
    fn from((file, length): (File, u64)) -> Self {
        Self { bytes: Place::Partial(file), length, allowed: 0, allowance: Allowance::default(), partial: None }
    }
}

/// The same, read already.
impl From<Vec<u8>> for Spool {
    fn from(bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        Self { bytes: Place::Memory(bytes), length, allowed: 0, allowance: Allowance::default(), partial: None }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.release();
    }
}

/// Reads a spool, owned or borrowed, from its beginning to its end.
pub struct SpoolReader<S> {
    spool: S,
    position: u64,
}

impl<S: BorrowMut<Spool>> SpoolReader<S> {
    pub fn new(mut spool: S) -> io::Result<Self> {
        spool.borrow_mut().rewind()?;
        Ok(Self { spool, position: 0 })
    }
}

impl<S: BorrowMut<Spool>> Read for SpoolReader<S> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.spool.borrow_mut().read_at(self.position, target)?;
        self.position += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(allowance: &Allowance, bytes: usize) -> Spool {
        let mut spool = Spool::new(allowance, None);
        for chunk in vec![7; bytes].chunks(100_000) {
            spool.write(chunk).unwrap();
        }
        spool
    }

    #[test]
    fn few_bytes_stay_in_memory_and_many_go_to_a_file() {
        let allowance = Allowance::default();
        for (bytes, in_memory) in [(0, true), (1000, true), (WINDOW_MEMORY + 1, false)] {
            let mut spool = filled(&allowance, bytes);
            assert_eq!((spool.in_memory(), spool.len()), (in_memory, bytes as u64));
            assert_eq!(spool.bytes().unwrap().len(), bytes);
            assert_eq!(spool.tail(8).unwrap().len(), bytes.min(8));
            let mut read = Vec::new();
            SpoolReader::new(spool).unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read.len(), bytes);
        }
    }

    #[test]
    fn what_is_to_be_kept_is_written_once_and_read_from_there() {
        for bytes in [1000, WINDOW_MEMORY + 1] {
            let folder = tempfile::tempdir().unwrap();
            let allowance = Allowance::default();
            let mut spool = Spool::new(&allowance, Some(Partial::begin(folder.path(), "id", true).unwrap()));
            vec![7; bytes].chunks(100_000).for_each(|chunk| assert!(spool.write(chunk).unwrap()));
            assert_eq!(std::fs::metadata(folder.path().join("id.partial")).unwrap().len(), bytes as u64);
            assert_eq!(spool.in_memory(), bytes == 1000);
            assert_eq!(spool.bytes().unwrap().len(), bytes);
            assert!(spool.take_partial().is_some() && spool.take_partial().is_none());
        }
    }

    #[test]
    fn where_the_archive_takes_no_more_the_bytes_go_on_elsewhere() {
        for bytes in [1000, WINDOW_MEMORY + 1] {
            let folder = tempfile::tempdir().unwrap();
            let mut spool = Spool::new(&Allowance::default(), Some(Partial::begin(folder.path(), "id", true).unwrap()));
            vec![7; bytes].chunks(100_000).for_each(|chunk| assert!(spool.write(chunk).unwrap()));
            spool.leave_the_archive().unwrap();
            spool.write(&[8]).unwrap();
            let whole = spool.bytes().unwrap().into_owned();
            assert_eq!((whole.len(), whole.last(), whole.first()), (bytes + 1, Some(&8), Some(&7)));
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn the_memory_of_all_windows_is_bounded_and_given_back() {
        let allowance = Allowance::default();
        let spools: Vec<Spool> = (0..20).map(|_| filled(&allowance, 6_000_000)).collect();
        let in_memory = spools.iter().filter(|spool| spool.in_memory()).count();
        assert_eq!(in_memory, SCAN_MEMORY / 6_000_000);
        assert!(spools.iter().all(|spool| spool.len() == 6_000_000));
        drop(spools);
        assert!(filled(&allowance, 6_000_000).in_memory());
        assert_eq!(allowance.0.load(Ordering::Relaxed), 0);
    }
}
