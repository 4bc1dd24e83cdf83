//! What on this user's disk is this extension's?
//!
//! A folder with a marker in it. Only files beneath a marker are ever read or
//! removed, so that no mistake in a path costs anybody else's files. The marker
//! holds a salt, which makes names of what must not be read out of them.

use std::{
    fmt, fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{file_limit, hash};

const MARKER: &str = ".mixpanel-duckdb.json";

const VERSION: u32 = 1;

/// The folder in one for the counts of requests.
pub const BOOKS: &str = "quota";

const CACHE_TAG: &str = "CACHEDIR.TAG";

/// A folder of this extension's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Folder {
    path: PathBuf,
    salt: String,
}

/// Who chose the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// We did: it has to belong to this user.
    ByUs,
    /// The user did: it has to be empty, or to have our marker.
    ByUser,
}

/// Why a folder can't be used: a clause that goes on "the folder ...".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self(format!("can't be used: {error}"))
    }
}

#[derive(Serialize, Deserialize)]
struct Marker {
    version: u32,
    about: String,
    salt: String,
}

impl Folder {
    /// Opens a folder; one that is not there is made, with its marker.
    pub fn open(path: &Path, chosen: Chosen) -> Result<Self, Unusable> {
        make_private(path)?;
        if chosen == Chosen::ByUs {
            must_be_ours(path)?;
        }
        let salt = match read_marker(path)? {
            Some(marker) => marker.salt,
            None => {
                if chosen == Chosen::ByUser && !is_empty(path)? {
                    return Err(Unusable(format!("is not empty and has no {MARKER}, so another program may own it")));
                }
                write_marker(path, hash::random())?.salt
            }
        };
        Ok(Self { path: path.to_owned(), salt })
    }

    /// The same, without making anything; `None` where none was made yet.
    pub fn existing(path: &Path) -> Option<Self> {
        let marker = read_marker(path).ok()??;
        Some(Self { path: path.to_owned(), salt: marker.salt })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same for all processes, and nobody else's business.
    pub fn salt(&self) -> &[u8] {
        self.salt.as_bytes()
    }

    /// A folder in it, which is made where it is not there. Never through a link.
    ///
    /// Errors: also where somebody removed all of it and another process began anew: what we call things by means nothing there.
    pub fn within(&self, names: &[&str]) -> Result<PathBuf, Unusable> {
        self.be_marked()?;
        let mut path = self.path.clone();
        for name in names {
            path.push(name);
            make_private(&path)?;
            if !fs::symlink_metadata(&path)?.is_dir() {
                return Err(Unusable(format!("has something other than a folder at {}", path.display())));
            }
        }
        Ok(path)
    }

    /// Somebody may have removed all of it since it was opened. Without its marker, what we make in it would be nobody's, and the
    /// folder of no use to anybody. All who have it open know the same salt, and go on with it.
    fn be_marked(&self) -> Result<(), Unusable> {
        let marker = match read_marker(&self.path)? {
            Some(marker) => marker,
            None => {
                make_private(&self.path)?;
                if !fs::read_dir(&self.path)?.flatten().all(|entry| may_be_ours(&entry.file_name())) {
                    return Err(Unusable(format!("has no {MARKER} any more, and something else in it")));
                }
                write_marker(&self.path, self.salt.clone())?
            }
        };
        match marker.salt == self.salt {
            true => Ok(()),
            false => Err(Unusable("was removed and made anew meanwhile".into())),
        }
    }

    /// Says to backup programs that what lies here can be had again.
    pub fn is_a_cache(&self) -> io::Result<()> {
        let tag = self.path.join(CACHE_TAG);
        if tag.exists() {
            return Ok(());
        }
        let text = "Signature: 8a477f597d28d172789f06886806bc55\n# Answers of Mixpanel's, kept by the DuckDB extension mixpanel.\n";
        file_limit::allows(text.len() as u64)?;
        fs::write(tag, text)
    }
}

fn make_private(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// What stands at the top of a folder of ours, besides the marker and its beginnings: hashes, the books, the tag of a cache.
fn may_be_ours(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    hash::is_one(&name) || [BOOKS, CACHE_TAG].contains(&&*name) || name.starts_with(MARKER)
}

fn is_empty(path: &Path) -> io::Result<bool> {
    // Beginnings of a marker may be there, of another process that makes it now.
    let other = |name: &std::ffi::OsStr| !name.as_encoded_bytes().starts_with(MARKER.as_bytes());
    Ok(!fs::read_dir(path)?.flatten().any(|entry| other(&entry.file_name())))
}

/// Looks whether whoever runs this process owns the folder.
#[cfg(unix)]
fn must_be_ours(path: &Path) -> Result<(), Unusable> {
    use std::os::unix::fs::MetadataExt;

    let us = tempfile::Builder::new().prefix(MARKER).tempfile_in(path)?.as_file().metadata()?.uid();
    match fs::metadata(path)?.uid() == us {
        true => Ok(()),
        false => Err(Unusable("belongs to another user".into())),
    }
}

#[cfg(not(unix))]
fn must_be_ours(_path: &Path) -> Result<(), Unusable> {
    Ok(())
}

fn read_marker(path: &Path) -> Result<Option<Marker>, Unusable> {
    let bytes = match fs::read(path.join(MARKER)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match serde_json::from_slice::<Marker>(&bytes) {
        Ok(marker) if marker.version == VERSION => Ok(Some(marker)),
        Ok(_) => Err(Unusable("was written by a later version of this extension".into())),
        Err(_) => Err(Unusable(format!("has a damaged {MARKER}"))),
    }
}

/// Writes a marker, or reads the one that another process wrote meanwhile: all have the same salt.
fn write_marker(path: &Path, salt: String) -> Result<Marker, Unusable> {
    let about = "This folder belongs to the DuckDB extension mixpanel, which removes its files by itself.".to_owned();
    let marker = Marker { version: VERSION, about, salt };
    let bytes = serde_json::to_vec_pretty(&marker).map_err(io::Error::from)?;
    file_limit::allows(bytes.len() as u64)?;
    let mut file = tempfile::Builder::new().prefix(MARKER).tempfile_in(path)?;
    file.write_all(&bytes)?;
    match file.persist_noclobber(path.join(MARKER)) {
        Ok(_) => Ok(marker),
        Err(error) => read_marker(path)?.ok_or_else(|| error.error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_salt_for_all_who_open_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/mixpanel-duckdb");
        assert!(Folder::existing(&path).is_none());
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || Folder::open(&path, Chosen::ByUser).unwrap())
            })
            .collect();
        let folders: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(folders.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(Folder::existing(&path).as_ref(), folders.first());
        assert_eq!(folders[0].salt().len(), 32);
        // Nothing but the marker.
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_we_make_is_for_this_user_only() {
        use std::os::unix::fs::PermissionsExt;

        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("ours"), Chosen::ByUs).unwrap();
        let within = folder.within(&["a", "b"]).unwrap();
        for path in [folder.path(), &within] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
        }
        assert_eq!(fs::metadata(folder.path().join(MARKER)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_was_removed_while_it_was_open_comes_back_with_its_marker() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("archive");
        let folder = Folder::open(&path, Chosen::ByUser).unwrap();
        folder.within(&["quota"]).unwrap();
        fs::remove_dir_all(&path).unwrap();
        folder.within(&["quota", "b"]).unwrap();
        assert_eq!(Folder::open(&path, Chosen::ByUser).unwrap(), folder);
        // A removal that fails half-way takes the marker first.
        fs::remove_file(path.join(MARKER)).unwrap();
        folder.within(&["quota"]).unwrap();
        assert_eq!(Folder::existing(&path).as_ref(), Some(&folder));
        // What somebody else put there since is not ours.
        fs::remove_dir_all(&path).unwrap();
        fs::create_dir(&path).unwrap();
        fs::write(path.join("thesis.txt"), "").unwrap();
        assert!(folder.within(&["quota"]).is_err());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        // Another process was first: its folder is not ours.
        fs::remove_dir_all(&path).unwrap();
        let other = Folder::open(&path, Chosen::ByUser).unwrap();
        assert!(folder.within(&["quota"]).is_err());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        other.within(&["quota"]).unwrap();
    }

    #[test]
    fn a_folder_of_somebody_elses_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("thesis.txt"), "").unwrap();
        let refused = Folder::open(place.path(), Chosen::ByUser).unwrap_err().to_string();
        assert!(refused.contains("is not empty"), "{refused}");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        for marker in ["", "{}", "{\"version\":2,\"about\":\"\",\"salt\":\"\"}"] {
            fs::write(place.path().join(MARKER), marker).unwrap();
            assert!(Folder::open(place.path(), Chosen::ByUser).is_err(), "{marker}");
        }
        assert!(Folder::open(&place.path().join("thesis.txt"), Chosen::ByUser).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_it_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path(), Chosen::ByUser).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), place.path().join("link")).unwrap();
        assert!(folder.within(&["link", "x"]).is_err());
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
