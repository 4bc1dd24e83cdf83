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
        Ok(OpenFile { length: file.size()?, bytes: Box::new(Bytes(file)) })
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

struct Bytes(File);

impl Read for Bytes {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        self.0.read_into(target).map_err(|error| io::Error::other(error.message))
    }
}

/// DuckDB's own words: they name the extension that is missing, the secret, or the setting that forbids it.
fn said(path: &str, error: &Error) -> contract::Error {
    contract::Error::new(Code::IoError, format!("{path}: {}", error.message))
}
