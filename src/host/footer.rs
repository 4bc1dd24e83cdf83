//! What does the footer of our own file say?
//!
//! `scripts/footer.py` appends it to the library: which of the two C APIs, and for
//! which DuckDB and platform. DuckDB compares it with itself before it calls us.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use super::library;

const FIELD: usize = 32;
const FIELDS: usize = 8;
const SIGNATURE: usize = 256;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footer {
    /// `C_STRUCT`, or `C_STRUCT_UNSTABLE` for exactly one DuckDB.
    pub abi: String,
    /// The C API's version; with `C_STRUCT_UNSTABLE` the DuckDB's.
    pub duckdb: String,
    pub platform: String,
}

impl Footer {
    /// That of the file which this code was loaded from.
    pub fn own() -> io::Result<Footer> {
        let file =
            library::file_of(Self::own as *const ()).ok_or_else(|| io::Error::other("the system does not name it"))?;
        Self::of(&file).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
    }

    fn of(path: &Path) -> io::Result<Footer> {
        let mut file = File::open(path)?;
        let mut bytes = [0; FIELDS * FIELD + SIGNATURE];
        file.seek(SeekFrom::End(-(bytes.len() as i64)))?;
        file.read_exact(&mut bytes)?;
        Self::read(&bytes).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it has no footer"))
    }

    /// Fields stand in the order 8 to 1; the last of them is the form's own number.
    fn read(bytes: &[u8]) -> Option<Footer> {
        let mut fields = bytes.chunks_exact(FIELD).take(FIELDS).map(|field| {
            let text = field.split(|byte| *byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(text).into_owned()
        });
        let abi = fields.nth(3)?;
        let (_extension, duckdb, platform) = (fields.next()?, fields.next()?, fields.next()?);
        (fields.next()? == "4").then_some(Footer { abi, duckdb, platform })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(fields: [&str; FIELDS]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in fields {
            bytes.extend(field.bytes());
            bytes.resize(
                bytes.len().next_multiple_of(FIELD).max(bytes.len() + FIELD * usize::from(field.is_empty())),
                0,
            );
        }
        bytes.resize(bytes.len() + SIGNATURE, 7);
        bytes
    }

    #[test]
    fn the_last_bytes_of_a_file_are_its_footer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mixpanel.duckdb_extension");
        let fields = ["", "", "", "C_STRUCT_UNSTABLE", "v0.1.0", "v2.0.1", "linux_amd64", "4"];
        std::fs::write(&path, [&b"a library"[..], &bytes(fields)].concat()).unwrap();
        let footer = Footer::of(&path).unwrap();
        assert_eq!(
            (footer.abi.as_str(), footer.duckdb.as_str(), footer.platform.as_str()),
            ("C_STRUCT_UNSTABLE", "v2.0.1", "linux_amd64")
        );
    }

    #[test]
    fn what_has_none_is_said_to_have_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.so");
        for content in
            [vec![], vec![1; 100], vec![1; 5000], bytes(["", "", "", "C_STRUCT", "v0", "v1.2.0", "linux", "3"])]
        {
            std::fs::write(&path, content).unwrap();
            assert!(Footer::of(&path).is_err());
        }
        // These tests are no extension.
        assert!(Footer::own().unwrap_err().to_string().contains("it has no footer"));
    }
}
