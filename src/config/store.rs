//! How is the accounts file written, so that it is never half there and never readable by others?
//!
//! Into a new file beside it with mode 0600, then renamed over it. A directory
//! that is missing is made with mode 0700. Where the file is a symbolic link, as
//! with dotfile managers, the file that it points to is replaced.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use super::{file, lock::Lock};
use crate::contract::{Code, Error, Result};

/// Changes the file's text. No other process of this extension changes it meanwhile.
///
/// Errors: `IoError` with the path, `InvalidConfig` for what is no file, and what `change` complains of.
pub(super) fn update<T>(path: &Path, change: impl Fn(&str) -> Result<(String, T)>) -> Result<T> {
    let writing = |error: std::io::Error| {
        Error::from(error).context(format!("cannot write the accounts file {}", path.display()))
    };
    // What is no file has no lock beside it either.
    file::text(path)?;
    let target = follow_links(path).map_err(writing)?;
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !directory.exists() {
        // What is refused makes no folder.
        change("")?;
        create_directory(directory).map_err(writing)?;
    }
    let _lock = Lock::of(&target)?;
    let (text, outcome) = change(&file::text(path)?)?;
    write(&target, directory, &text).map_err(writing)?;
    Ok(outcome)
}

/// What is wrong with the file's permissions, if anything: a sentence without its full stop.
#[cfg(unix)]
pub(super) fn warning(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;

    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let path = path.display();
        format!("other users of this machine can read {path} (mode {mode:03o}). Run chmod 600 '{path}'")
    })
}

#[cfg(not(unix))]
pub(super) fn warning(_path: &Path) -> Option<String> {
    None
}

fn write(target: &Path, directory: &Path, text: &str) -> std::io::Result<()> {
    // `tempfile` makes files that only their owner can read.
    let mut file = tempfile::Builder::new().prefix(".mixpanel-accounts-").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(target)?;
    Ok(())
}

/// The file at the end of a chain of symbolic links, whether it exists or not.
fn follow_links(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        let Ok(link) = std::fs::read_link(&path) else { return Ok(path) };
        // `join` with an absolute path is that path.
        path = path.parent().unwrap_or(Path::new("")).join(link);
    }
    Err(std::io::Error::other("too many symbolic links"))
}

#[cfg(unix)]
fn create_directory(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn create_directory(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)
}

/// The path of the accounts file, or the complaint that there is nowhere to put one.
pub(super) fn required(path: Option<PathBuf>) -> Result<PathBuf> {
    path.ok_or_else(|| {
        Error::new(Code::InvalidConfig, "there is no home directory for the accounts file")
            .fix("Set MP_CONFIG_PATH to the path of a file")
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).map(|data| data.permissions().mode() & 0o777).unwrap_or(0)
    }

    fn put(path: &Path, text: &str) -> Result<()> {
        update(path, |_| Ok((text.to_owned(), ())))
    }

    #[test]
    fn directory_and_file_are_the_owners_alone() -> Result<()> {
        let home = tempfile::tempdir()?;
        let path = home.path().join("a/.mp/config.toml");
        put(&path, "x = 1\n")?;
        assert_eq!((mode(&path), mode(&home.path().join("a/.mp"))), (0o600, 0o700));
        assert_eq!(file::text(&path)?, "x = 1\n");
        assert_eq!(warning(&path), None);
        Ok(())
    }

    #[test]
    fn an_open_file_is_warned_about_and_closed_by_the_next_change() -> Result<()> {
        let home = tempfile::tempdir()?;
        let path = home.path().join("config.toml");
        std::fs::write(&path, "")?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
        assert!(warning(&path).is_some_and(|warning| warning.contains("mode 644") && warning.contains("chmod 600")));
        put(&path, "x = 1\n")?;
        assert_eq!(mode(&path), 0o600);
        Ok(())
    }

    #[test]
    fn a_link_stays_a_link() -> Result<()> {
        let home = tempfile::tempdir()?;
        let (link, target) = (home.path().join("config.toml"), home.path().join("dotfiles/mp.toml"));
        symlink("dotfiles/mp.toml", &link)?;
        for text in ["x = 1\n", "x = 2\n"] {
            put(&link, text)?;
            assert_eq!(std::fs::read_link(&link)?, Path::new("dotfiles/mp.toml"));
            assert_eq!(file::text(&target)?, text);
        }
        Ok(())
    }

    #[test]
    fn links_in_a_circle_are_an_error() -> Result<()> {
        let home = tempfile::tempdir()?;
        let (a, b) = (home.path().join("a"), home.path().join("b"));
        symlink(&b, &a)?;
        symlink(&a, &b)?;
        assert!(put(&a, "").is_err());
        Ok(())
    }

    #[test]
    fn a_refused_change_writes_nothing_and_leaves_nothing_beside() -> Result<()> {
        let home = tempfile::tempdir()?;
        let path = home.path().join("config.toml");
        assert!(update::<()>(&path, |_| Err(Error::new(Code::AccountExists, "x"))).is_err());
        assert_eq!(std::fs::read_dir(home.path())?.count(), 0);
        assert!(update::<()>(&home.path().join("a/b/c"), |_| Err(Error::new(Code::AccountNotFound, "x"))).is_err());
        assert_eq!(std::fs::read_dir(home.path())?.count(), 0);
        Ok(())
    }

    #[test]
    fn what_is_no_file_is_never_replaced_nor_read() -> Result<()> {
        let home = tempfile::tempdir()?;
        let (folder, pipe) = (home.path().join("folder"), home.path().join("pipe"));
        std::fs::create_dir(&folder)?;
        std::process::Command::new("mkfifo").arg(&pipe).status()?;
        let link = home.path().join("link");
        symlink(&pipe, &link)?;
        for (path, kind) in [
            (folder.as_path(), "a folder"),
            (&pipe, "a device or pipe"),
            (&link, "a device or pipe"),
            (Path::new("/dev/null"), "a device"),
        ] {
            let before = std::fs::metadata(path)?.file_type();
            for error in [file::text(path).unwrap_err(), put(path, "x = 1\n").unwrap_err()] {
                assert_eq!(error.code(), Code::InvalidConfig, "{error}");
                assert!(error.to_string().contains(kind), "{error}");
            }
            assert_eq!(std::fs::metadata(path)?.file_type(), before);
        }
        Ok(())
    }
}
