//! How do files of lines, as Mixpanel sends them, become rows?
//!
//! Each reader takes a file. One that fits its share of the memory is inflated and
//! decoded whole, a larger one block by block; who finds no file waiting takes the
//! next block of one that another reader has opened.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use arrow_array::RecordBatch;
use memchr::memchr_iter;

use super::{
    inflate::{self, Blocks, InflateError},
    scan::{INFLATED_MEMORY, MAX_READERS, STREAM_BLOCK},
    spool::Spool,
};
use crate::{
    contract::{Code, Error, Reader, ReaderThread, Result, Scan},
    decode::{Damage, DamageKind, Days, Decoder},
    mixpanel::Encoding,
};

/// The two bytes with which every gzip member begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// One execution that reads files.
pub struct FileScan {
    shared: Arc<Shared>,
    threads: usize,
}

struct Shared {
    decoder: Decoder,
    /// Largest file that is inflated whole.
    share: usize,
    /// Bytes of a larger one that are decoded together.
    block: usize,
    files: usize,
    waiting: Mutex<VecDeque<PathBuf>>,
    /// Large files that are read block by block.
    open: Mutex<Vec<Arc<LargeFile>>>,
    cancelled: AtomicBool,
}

struct LargeFile {
    path: PathBuf,
    rest: Mutex<Rest>,
}

/// What was not read yet of a large file.
struct Rest {
    blocks: Blocks<Box<dyn Read + Send>>,
    /// Lines before it.
    lines: usize,
}

impl FileScan {
    /// Opens no file yet.
    pub fn new(files: Vec<PathBuf>, decoder: Decoder) -> Self {
        // A single file may be large enough for all.
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_READERS);
        let shared = Shared {
            decoder,
            share: INFLATED_MEMORY / (2 * threads + 1),
            block: STREAM_BLOCK,
            files: files.len(),
            waiting: Mutex::new(files.into()),
            open: Mutex::default(),
            cancelled: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), threads }
    }
}

impl Scan for FileScan {
    fn max_threads(&self) -> usize {
        self.threads
    }

    fn reader(&self, _thread: ReaderThread) -> Result<Box<dyn Reader>> {
        Ok(Box::new(FileReader(Arc::clone(&self.shared))))
    }

    fn json_is_sound(&self) -> bool {
        true
    }

    fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }

    fn progress(&self) -> Option<f64> {
        let left = lock(&self.shared.waiting).len() + lock(&self.shared.open).len();
        Some(1.0 - left as f64 / self.shared.files.max(1) as f64)
    }
}

impl Drop for FileScan {
    fn drop(&mut self) {
        self.cancel();
    }
}

struct FileReader(Arc<Shared>);

impl Reader for FileReader {
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let shared = &*self.0;
        while !shared.cancelled.load(Ordering::Relaxed) {
            // No lock is held while a file is read.
            let waiting = lock(&shared.waiting).pop_front();
            let open = lock(&shared.open).first().cloned();
            let batch = match (waiting, open) {
                (Some(path), _) => shared.whole(path)?,
                (None, Some(file)) => shared.next_block(&file)?,
                (None, None) => return Ok(None),
            };
            if let Some(batch) = batch.filter(|batch| batch.num_rows() > 0) {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }
}

impl Shared {
    /// The rows of a file that fits into memory. Another one is opened for all readers.
    fn whole(&self, path: PathBuf) -> Result<Option<RecordBatch>> {
        let (mut spool, encoding) = open(&path).map_err(|error| unreadable(&path, &error))?;
        let size = inflate::expected_size(&mut spool, encoding).map_err(|error| unreadable(&path, &error))?;
        if size.unwrap_or(0).max(spool.len()) <= self.share as u64 {
            let lines =
                inflate::whole(&mut spool, encoding, size, self.share).map_err(|error| no_lines(&path, error))?;
            if let Some(lines) = lines {
                return self.decode(&path, lines, 0).map(Some);
            }
        }
        let source = inflate::stream_spool(spool, encoding).map_err(|error| no_lines(&path, error))?;
        let rest = Mutex::new(Rest { blocks: Blocks::new(source, self.block), lines: 0 });
        lock(&self.open).push(Arc::new(LargeFile { path, rest }));
        Ok(None)
    }

    fn next_block(&self, file: &Arc<LargeFile>) -> Result<Option<RecordBatch>> {
        let (block, lines_before) = {
            let mut rest = lock(&file.rest);
            let block = rest.blocks.next().map_err(|error| no_lines(&file.path, error))?;
            let before = rest.lines;
            rest.lines += block.as_deref().map_or(0, |block| memchr_iter(b'\n', block).count());
            (block, before)
        };
        match block {
            Some(block) => self.decode(&file.path, block, lines_before).map(Some),
            None => {
                lock(&self.open).retain(|other| !Arc::ptr_eq(other, file));
                Ok(None)
            }
        }
    }

    /// Nobody asked for these lines by days: the size of a time says its unit.
    fn decode(&self, path: &Path, lines: Vec<u8>, lines_before: usize) -> Result<RecordBatch> {
        match self.decoder.decode(lines, Days::ALL) {
            Ok(decoded) => Ok(decoded.batch),
            Err(damage) => Err(no_event(path, &damage, lines_before)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file, and whether its bytes are those of gzip, whatever it is called.
fn open(path: &Path) -> io::Result<(Spool, Encoding)> {
    let mut file = File::open(path)?;
    let mut beginning = Vec::new();
    file.by_ref().take(GZIP.len() as u64).read_to_end(&mut beginning)?;
    let encoding = if beginning == GZIP { Encoding::Gzip } else { Encoding::Identity };
    let length = file.metadata()?.len();
    Ok((Spool::from((file, length)), encoding))
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::new(Code::IoError, format!("{}: {error}", path.display()))
}

/// Says nothing of what is in the file: it is somebody's data.
fn no_event(path: &Path, damage: &Damage, lines_before: usize) -> Error {
    let code = match damage.kind {
        DamageKind::TooLong => Code::TooLarge,
        DamageKind::TooLarge | DamageKind::Internal(_) => Code::Internal,
        _ => Code::InvalidArgument,
    };
    let what = format!("{}: {}", path.display(), damage.place(lines_before));
    Error::new(code, what).fix("Pass files that hold lines as Mixpanel's export sends them, plain or gzip")
}

fn no_lines(path: &Path, error: InflateError) -> Error {
    match error {
        InflateError::Damaged(_) => {
            Error::new(Code::InvalidArgument, format!("{}: its compression is cut off or damaged", path.display()))
                .fix("Download the file again")
        }
        InflateError::TooLong => no_event(path, &Damage::too_long(), 0),
        InflateError::Io(error) => unreadable(path, &error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::decode::Column;

    fn event(number: usize) -> String {
        format!("{{\"event\":\"e{number}\",\"properties\":{{\"time\":{number}}}}}\n")
    }

    fn scan(files: Vec<PathBuf>, share: usize) -> FileScan {
        let mut scan = FileScan::new(files, Decoder::new(&[Column::EventName, Column::Properties], None));
        let shared = Arc::get_mut(&mut scan.shared).unwrap();
        (shared.share, shared.block) = (share, 4 << 10);
        scan
    }

    /// The rows of all readers together, each on a thread of its own.
    fn rows(scan: &FileScan, readers: usize) -> Result<usize> {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..readers)
                .map(|_| {
                    let mut reader = scan.reader(ReaderThread::Ours).unwrap();
                    scope.spawn(move || {
                        let mut rows = 0;
                        while let Some(batch) = reader.next()? {
                            rows += batch.num_rows();
                        }
                        Ok(rows)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        })
    }

    #[test]
    fn large_files_are_shared_and_each_row_comes_once() {
        let folder = tempfile::tempdir().unwrap();
        let lines: String = (0..600).map(|number| event(number) + "\n").collect();
        let (plain, gzip) = (folder.path().join("plain"), folder.path().join("gzip"));
        std::fs::write(&plain, &lines).unwrap();
        let mut encoder = GzEncoder::new(File::create(&gzip).unwrap(), Compression::default());
        encoder.write_all(lines.as_bytes()).unwrap();
        encoder.finish().unwrap();
        for share in [0, 20 << 10, INFLATED_MEMORY] {
            for readers in [1, 3] {
                let scan = scan(vec![plain.clone(), gzip.clone(), plain.clone()], share);
                assert_eq!(rows(&scan, readers), Ok(1_800), "{share} {readers}");
                assert_eq!(scan.progress(), Some(1.0));
            }
        }
    }

    #[test]
    fn a_line_that_is_no_event_is_named_by_its_number_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("damaged.jsonl");
        let lines: String = (0..600).map(|number| event(number) + "\n").collect();
        std::fs::write(&path, lines + "{\"error\": \"hidden\"}\n").unwrap();
        for share in [0, INFLATED_MEMORY] {
            let error = rows(&scan(vec![path.clone()], share), 1).unwrap_err().to_string();
            assert!(error.contains("damaged.jsonl: line 1201 is no event"), "{error}");
            assert!(!error.contains("hidden"), "{error}");
        }
    }
}
