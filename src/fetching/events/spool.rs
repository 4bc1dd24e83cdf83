//! Where do a window's bytes wait until the window has arrived whole?
//!
//! In memory while they are few, in an unlinked temporary file when they are
//! many. All windows of a scan share one allowance of memory.

use std::{
    borrow::BorrowMut,
    io::{self, Read, Seek, SeekFrom, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::contract::{Code, Error, Result};

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
    memory: Vec<u8>,
    /// Set once the bytes moved to a file; `memory` is empty from then on.
    file: Option<std::fs::File>,
    length: u64,
    allowed: usize,
    allowance: Allowance,
}

impl Spool {
    pub fn new(allowance: &Allowance) -> Self {
        Self { memory: Vec::new(), file: None, length: 0, allowed: 0, allowance: allowance.clone() }
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.append(bytes).map_err(|error| {
            let folder = std::env::temp_dir();
            Error::new(Code::IoError, format!("a temporary file in {}: {error}", folder.display()))
                .fix("Make room there, or set TMPDIR to another folder before the process starts")
        })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() && !self.fits(bytes.len()) {
            self.move_to_file()?;
        }
        match &mut self.file {
            Some(file) => file.write_all(bytes)?,
            None => self.memory.extend_from_slice(bytes),
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn fits(&mut self, more: usize) -> bool {
        let fits = self.memory.len() + more <= WINDOW_MEMORY && self.allowance.take(more);
        self.allowed += if fits { more } else { 0 };
        fits
    }

    fn move_to_file(&mut self) -> io::Result<()> {
        let mut file = tempfile::tempfile()?;
        file.write_all(&self.memory)?;
        self.file = Some(file);
        self.release();
        Ok(())
    }

    fn release(&mut self) {
        self.memory = Vec::new();
        self.allowance.give_back(std::mem::take(&mut self.allowed));
    }

    pub fn len(&self) -> u64 {
        self.length
    }

    pub fn in_memory(&self) -> bool {
        self.file.is_none()
    }

    /// The whole of it, from memory or file.
    pub fn bytes(&mut self) -> io::Result<std::borrow::Cow<'_, [u8]>> {
        match &mut self.file {
            None => Ok((&self.memory).into()),
            Some(file) => {
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
        match &mut self.file {
            None => Ok(self.memory[self.memory.len().saturating_sub(count)..].to_vec()),
            Some(file) => {
                file.seek(SeekFrom::Start(self.length.saturating_sub(count as u64)))?;
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// Starts to read from the beginning.
    pub fn rewind(&mut self) -> io::Result<()> {
        match &mut self.file {
            None => Ok(()),
            Some(file) => file.seek(SeekFrom::Start(0)).map(drop),
        }
    }

    /// Reads on from `position`, which a reader keeps itself for bytes in memory.
    pub fn read_at(&mut self, position: u64, target: &mut [u8]) -> io::Result<usize> {
        match &mut self.file {
            None => self.memory.get(position as usize..).unwrap_or_default().read(target),
            Some(file) => file.read(target),
        }
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
        let mut spool = Spool::new(allowance);
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
