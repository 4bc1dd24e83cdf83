//! How do files of lines, as Mixpanel sends them, become rows?
//!
//! Each reader takes a file. One that fits its share of the memory is inflated and
//! decoded whole, a larger one block by block; who finds no file waiting takes the
//! next block of one that another reader has opened. Every file is read once, from its
//! beginning to its end: at an address each step back would be a request.

use std::{
    collections::VecDeque,
    io::{self, Cursor, Read},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
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
    contract::{ASK_EVERY, Code, Error, Files, Lent, Reader, ReaderThread, Result, Scan},
    decode::{Damage, DamageKind, Days, Decoder},
    mixpanel::Encoding,
};

/// The two bytes with which every gzip member begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Which files to read.
pub type Find = Box<dyn FnOnce(&dyn Files) -> Result<Vec<String>> + Send>;

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
    waiting: Mutex<Waiting>,
    /// How many files there are, once that is known.
    files: AtomicUsize,
    threads: usize,
    open: Mutex<Open>,
    /// Wakes readers that wait for a file which another one opens.
    opened: Condvar,
    cancelled: AtomicBool,
}

/// Files that no reader has taken yet.
enum Waiting {
    ToBeFound(Find),
    Found(VecDeque<String>),
}

/// Files that are open. No more are than can be read at once.
#[derive(Default)]
struct Open {
    /// Large ones, which are read block by block.
    large: Vec<Arc<LargeFile>>,
    /// How many readers have one that may turn out to be large.
    begun: usize,
}

struct LargeFile {
    path: String,
    /// `None` once it is read to its end, and closed.
    rest: Mutex<Option<Rest>>,
}

/// What a reader does next.
enum Next<'a> {
    Begin(Begun<'a>, String),
    Block(Arc<LargeFile>),
    /// Another reader has the last file, which may turn out to be large.
    Wait,
    Leave,
}

/// A file that a reader has, and that counts as open until it turns out what it is.
struct Begun<'a>(&'a Shared);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        lock(&self.0.open).begun -= 1;
        self.0.opened.notify_all();
    }
}

/// What was not read yet of a large file.
struct Rest {
    blocks: Blocks<Box<dyn Read + Send>>,
    /// Lines before it.
    lines: usize,
}

impl FileScan {
    /// Looks for no file before rows are wanted.
    pub fn new(find: Find, decoder: Decoder) -> Self {
        // A single file may be large enough for all.
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_READERS);
        let shared = Shared {
            decoder,
            share: INFLATED_MEMORY / (2 * threads + 1),
            block: STREAM_BLOCK,
            waiting: Mutex::new(Waiting::ToBeFound(find)),
            files: AtomicUsize::new(0),
            threads,
            open: Mutex::default(),
            opened: Condvar::new(),
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
        let files = self.shared.files.load(Ordering::Relaxed);
        if files == 0 {
            // Whoever looks for them holds the lock meanwhile.
            return Some(0.0);
        }
        let waiting = match &*lock(&self.shared.waiting) {
            Waiting::Found(paths) => paths.len(),
            Waiting::ToBeFound(_) => files,
        };
        let left = waiting + lock(&self.shared.open).large.len();
        Some(1.0 - left as f64 / files as f64)
    }
}

impl Drop for FileScan {
    fn drop(&mut self) {
        self.cancel();
    }
}

struct FileReader(Arc<Shared>);

impl Reader for FileReader {
    fn next(&mut self, lent: &Lent<'_>) -> Result<Option<RecordBatch>> {
        let files = lent.files;
        let shared = &*self.0;
        while !shared.cancelled.load(Ordering::Relaxed) {
            let batch = match shared.next(files)? {
                Next::Begin(..) | Next::Wait if (lent.is_interrupted)() => return Ok(None),
                Next::Begin(_begun, path) => shared.whole(files, path)?,
                Next::Block(file) => shared.next_block(&file)?,
                Next::Wait => None,
                Next::Leave => return Ok(None),
            };
            if let Some(batch) = batch.filter(|batch| batch.num_rows() > 0) {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }
}

impl Shared {
    /// A file that nobody has, else a block of one that is open. Waits a moment for one that another reader opens.
    fn next(&self, files: &dyn Files) -> Result<Next<'_>> {
        let is_taken = matches!(&*lock(&self.waiting), Waiting::Found(paths) if paths.is_empty());
        if !is_taken
            && let Some(begun) = self.begin()
            && let Some(path) = self.take(files)?
        {
            return Ok(Next::Begin(begun, path));
        }
        let open = lock(&self.open);
        match open.large.first() {
            Some(file) => Ok(Next::Block(Arc::clone(file))),
            None if open.begun == 0 => Ok(Next::Leave),
            None => {
                drop(self.opened.wait_timeout(open, ASK_EVERY));
                Ok(Next::Wait)
            }
        }
    }

    /// Sets aside what one more file needs; `None` where no more may be open.
    fn begin(&self) -> Option<Begun<'_>> {
        let mut open = lock(&self.open);
        let is_full = open.large.len() + open.begun >= self.threads;
        (!is_full).then(|| {
            open.begun += 1;
            Begun(self)
        })
    }

    /// The next file. The first reader finds them, for all.
    fn take(&self, files: &dyn Files) -> Result<Option<String>> {
        let mut waiting = lock(&self.waiting);
        if let Waiting::ToBeFound(_) = &*waiting
            && let Waiting::ToBeFound(find) = std::mem::replace(&mut *waiting, Waiting::Found(VecDeque::new()))
        {
            let found = find(files)?;
            self.files.store(found.len(), Ordering::Relaxed);
            *waiting = Waiting::Found(found.into());
        }
        Ok(match &mut *waiting {
            Waiting::Found(paths) => paths.pop_front(),
            Waiting::ToBeFound(_) => None,
        })
    }

    /// The rows of a file that fits into memory. Another one is opened for all readers.
    fn whole(&self, files: &dyn Files, path: String) -> Result<Option<RecordBatch>> {
        let mut file = files.open(&path)?;
        // Of one that says that it is large its first bytes, which tell what it is.
        let first = if file.length > self.share as u64 { GZIP.len() } else { (self.share + 1).max(GZIP.len()) };
        let mut bytes = Vec::new();
        let mut read = || {
            let length = usize::try_from(file.length).unwrap_or(usize::MAX);
            bytes.try_reserve_exact(first.min(length.saturating_add(1)))?;
            file.bytes.by_ref().take(first as u64).read_to_end(&mut bytes)
        };
        let is_whole = read().map_err(|error| unreadable(&path, &error))? < first;
        let encoding = if bytes.starts_with(&GZIP) { Encoding::Gzip } else { Encoding::Identity };
        let source: Box<dyn Read + Send> = if is_whole {
            let mut spool = Spool::from(bytes);
            let size = inflate::expected_size(&mut spool, encoding).map_err(|error| unreadable(&path, &error))?;
            if size.unwrap_or(0) <= self.share as u64
                && let Some(lines) =
                    inflate::whole(&mut spool, encoding, size, self.share).map_err(|error| no_lines(&path, error))?
            {
                return self.decode(&path, lines, 0).map(Some);
            }
            inflate::stream_spool(spool, encoding).map_err(|error| no_lines(&path, error))?
        } else {
            inflate::stream(Cursor::new(bytes).chain(file.bytes), encoding)
        };
        let rest = Mutex::new(Some(Rest { blocks: Blocks::new(source, self.block), lines: 0 }));
        lock(&self.open).large.push(Arc::new(LargeFile { path, rest }));
        Ok(None)
    }

    fn next_block(&self, file: &Arc<LargeFile>) -> Result<Option<RecordBatch>> {
        let (block, lines_before) = {
            let mut rest = lock(&file.rest);
            let Some(Rest { blocks, lines }) = rest.as_mut() else { return Ok(None) };
            let Some(block) = blocks.next().map_err(|error| no_lines(&file.path, error))? else {
                *rest = None;
                lock(&self.open).large.retain(|other| !Arc::ptr_eq(other, file));
                return Ok(None);
            };
            let before = *lines;
            *lines += memchr_iter(b'\n', &block).count();
            (block, before)
        };
        self.decode(&file.path, block, lines_before).map(Some)
    }

    /// Nobody asked for these lines by days: the size of a time says its unit.
    fn decode(&self, path: &str, lines: Vec<u8>, lines_before: usize) -> Result<RecordBatch> {
        match self.decoder.decode(lines, Days::ALL) {
            Ok(decoded) => Ok(decoded.batch),
            Err(damage) => Err(no_event(path, &damage, lines_before)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unreadable(path: &str, error: &io::Error) -> Error {
    Error::new(Code::IoError, format!("{path}: {error}"))
}

/// Says nothing of what is in the file: it is somebody's data.
fn no_event(path: &str, damage: &Damage, lines_before: usize) -> Error {
    let code = match damage.kind {
        DamageKind::TooLong => Code::TooLarge,
        DamageKind::TooLarge | DamageKind::Internal(_) => Code::Internal,
        _ => Code::InvalidArgument,
    };
    let what = format!("{path}: {}", damage.place(lines_before));
    Error::new(code, what).fix("Pass files that hold lines as Mixpanel's export sends them, plain or gzip")
}

fn no_lines(path: &str, error: InflateError) -> Error {
    match error {
        InflateError::Damaged(_) => {
            Error::new(Code::InvalidArgument, format!("{path}: its compression is cut off or damaged"))
                .fix("Download the file again")
        }
        InflateError::TooLong => no_event(path, &Damage::too_long(), 0),
        InflateError::Io(error) => unreadable(path, &error),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Write, path::PathBuf};

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::{contract::OpenFile, decode::Column};

    fn event(number: usize) -> String {
        format!("{{\"event\":\"e{number}\",\"properties\":{{\"time\":{number}}}}}\n")
    }

    /// The files that are given, with or without their lengths, and how many of them are open.
    #[derive(Clone, Default)]
    struct Given {
        says_length: bool,
        open: Arc<AtomicUsize>,
        most_open: Arc<AtomicUsize>,
    }

    struct Counted(File, Arc<AtomicUsize>);

    impl Files for Given {
        fn find(&self, pattern: &str) -> Result<Vec<String>> {
            Ok(vec![pattern.into()])
        }

        fn open(&self, path: &str) -> Result<OpenFile> {
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            let length = if self.says_length { file.metadata().map_or(0, |metadata| metadata.len()) } else { 0 };
            self.most_open.fetch_max(self.open.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            Ok(OpenFile { length, bytes: Box::new(Counted(file, Arc::clone(&self.open))) })
        }
    }

    impl Read for Counted {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            self.0.read(target)
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.1.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn scan(files: Vec<PathBuf>, share: usize) -> FileScan {
        let names = files.into_iter().map(|path| path.to_str().unwrap().to_owned()).collect();
        let mut scan =
            FileScan::new(Box::new(|_| Ok(names)), Decoder::new(&[Column::EventName, Column::Properties], None));
        let shared = Arc::get_mut(&mut scan.shared).unwrap();
        (shared.share, shared.block) = (share, 4 << 10);
        scan
    }

    /// The rows of all readers together, each on a thread of its own.
    fn rows(scan: &FileScan, readers: usize) -> Result<usize> {
        rows_of(scan, readers, &Given { says_length: true, ..Given::default() })
    }

    fn rows_of(scan: &FileScan, readers: usize, files: &(impl Files + Sync)) -> Result<usize> {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..readers)
                .map(|_| {
                    let mut reader = scan.reader(ReaderThread::Ours).unwrap();
                    scope.spawn(move || {
                        let mut rows = 0;
                        while let Some(batch) = reader.next(&Lent { files, is_interrupted: &|| false })? {
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
                for says_length in [true, false] {
                    let scan = scan(vec![plain.clone(), gzip.clone(), plain.clone()], share);
                    assert_eq!(scan.progress(), Some(0.0));
                    let found = rows_of(&scan, readers, &Given { says_length, ..Given::default() });
                    assert_eq!(found, Ok(1_800), "{share} {readers} {says_length}");
                    assert_eq!(scan.progress(), Some(1.0));
                }
            }
        }
    }

    #[test]
    fn no_more_large_files_are_open_than_are_read_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        std::fs::write(&path, event(1).repeat(600)).unwrap();
        for readers in [1, 3] {
            let files = Given::default();
            let scan = scan(vec![path.clone(); 40], 0);
            assert_eq!(rows_of(&scan, readers, &files), Ok(24_000));
            let most = files.most_open.load(Ordering::Relaxed);
            assert!(most <= scan.threads, "{most} files were open for {readers} readers");
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
            assert!(error.contains("damaged.jsonl: line 1201 is not an event"), "{error}");
            assert!(!error.contains("hidden"), "{error}");
        }
    }
}
