//! How does a call reach the files that a user names?
//!
//! Through what the host lends it while rows are read: DuckDB's file systems, where its C API has them, with what they
//! know of addresses, secrets and forbidden folders; else the operating system's.

use std::io::Read;

use super::Result;

/// The files that the user of this connection may read.
pub trait Files {
    /// The files that a path or a glob names, each once, sorted. None where there is none.
    fn find(&self, pattern: &str) -> Result<Vec<String>>;

    /// Errors: `IoError`, with the words of the system that has the file.
    fn open(&self, path: &str) -> Result<OpenFile>;
}

/// A file that is read from its beginning to its end, on any thread.
pub struct OpenFile {
    /// In bytes, as its system says; 0 where it doesn't know.
    pub length: u64,
    pub bytes: Box<dyn Read + Send>,
}

/// Lends no file, to readers that name none.
#[cfg(test)]
pub struct NoFiles;

#[cfg(test)]
impl Files for NoFiles {
    fn find(&self, _pattern: &str) -> Result<Vec<String>> {
        Ok(vec![])
    }

    fn open(&self, path: &str) -> Result<OpenFile> {
        Err(super::Error::new(super::Code::IoError, format!("no file was lent: {path}")))
    }
}
