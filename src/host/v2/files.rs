//! How does a call reach files through DuckDB's own file systems?
//!
//! Those of the connection: with the file systems that its extensions and client have registered, its secrets, and the
//! folders that the database may not reach.

use std::io::{self, Read};

use duckdb_neo::{
    Error,
    connection::Context,
    file::{File, FileBuilder, FileSystem},
};

use crate::contract::{self, Code, Files, OpenFile, Result};

/// While a callback lasts.
pub struct DuckDbFiles<'a>(pub &'a Context);

impl DuckDbFiles<'_> {
    fn found(&self, pattern: &str) -> duckdb_neo::Result<Vec<String>> {
        let system = FileSystem::new(self.0)?;
        let path = system.expand(pattern)?;
        // A name may look like a pattern. To ask that of an address costs a request.
        if !system.is_remote(&path)? && system.exists(&path)? {
            return Ok(vec![path]);
        }
        let mut files = system.glob(&path)?;
        files.sort();
        files.dedup();
        Ok(files)
    }

    fn opened(&self, path: &str) -> duckdb_neo::Result<OpenFile> {
        let system = FileSystem::new(self.0)?;
        let file = FileBuilder::new(&system, path)?.read().open()?;
        // Some file systems say so where they don't know.
        let length = Some(file.size()?).filter(|length| *length != u64::MAX).unwrap_or(0);
        Ok(OpenFile { length, bytes: Box::new(Bytes { file, length, read: 0 }) })
    }
}

impl Files for DuckDbFiles<'_> {
    fn find(&self, pattern: &str) -> Result<Vec<String>> {
        self.found(pattern).map_err(|error| said(pattern, &error))
    }

    fn open(&self, path: &str) -> Result<OpenFile> {
        self.opened(path).map_err(|error| said(path, &error))
    }
}

struct Bytes {
    file: File,
    /// 0 where nobody knows.
    length: u64,
    read: u64,
}

impl Read for Bytes {
    /// Errors: a file that ends before its length, of which lines would be missing without a word.
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_into(target).map_err(|error| io::Error::other(error.message))?;
        self.read += read as u64;
        match read == 0 && !target.is_empty() && self.read < self.length {
            true => Err(io::Error::other(format!("ended after {} of {} bytes", self.read, self.length))),
            false => Ok(read),
        }
    }
}

/// DuckDB's own words: they name the extension that is missing, the secret, or the setting that forbids it.
fn said(path: &str, error: &Error) -> contract::Error {
    contract::Error::new(Code::IoError, format!("{path}: {}", error.message))
}
