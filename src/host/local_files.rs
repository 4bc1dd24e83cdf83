//! What does the operating system have of the files that a user names? For a host whose C API has no file systems.

use std::{
    fs::{self, File},
    io,
    path::PathBuf,
};

use crate::contract::{Code, Error, Files, Lent, OpenFile, Result};

/// What is lent where DuckDB's C API neither has file systems nor says whether a statement was interrupted.
pub const LENT: Lent<'_> = Lent { files: &LocalFiles, is_interrupted: &|| false };

struct LocalFiles;

impl Files for LocalFiles {
    fn find(&self, pattern: &str) -> Result<Vec<String>> {
        if pattern.contains("://") {
            return Err(Error::new(Code::IoError, format!("{pattern:?} is an address")).fix(
                "Download the files first, or use DuckDB 2.x: with DuckDB 1.x an extension reads local files only",
            ));
        }
        // A name may look like a pattern, and be one of a pipe.
        if fs::metadata(pattern).is_ok_and(|found| !found.is_dir()) {
            return Ok(vec![pattern.to_owned()]);
        }
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
        let found = glob::glob_with(pattern, options)
            .map_err(|error| Error::new(Code::IoError, format!("{pattern:?} is no glob: {error}")))?;
        let mut files = Vec::new();
        for path in found {
            let path = path.map_err(|error| Error::new(Code::IoError, error.to_string()))?;
            if path.is_file() {
                files.push(name(path)?);
            }
        }
        Ok(files)
    }

    fn open(&self, path: &str) -> Result<OpenFile> {
        let opened = || -> io::Result<OpenFile> {
            let file = File::open(path)?;
            Ok(OpenFile { length: file.metadata()?.len(), bytes: Box::new(file) })
        };
        opened().map_err(|error| Error::new(Code::IoError, format!("{path}: {error}")))
    }
}

/// DuckDB's texts are UTF-8, and so are the paths in them.
fn name(path: PathBuf) -> Result<String> {
    path.into_os_string()
        .into_string()
        .map_err(|name| Error::new(Code::IoError, format!("{name:?} is a name that is not UTF-8")).fix("Rename it"))
}
