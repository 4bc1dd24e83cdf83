//! Where is the archive?

use std::path::Path;

use crate::{
    config::ArchivePlace,
    contract::{Code, Error, Result},
    folder::{Chosen, Folder, Unusable},
};

/// The folder of the answers.
#[derive(Debug, Clone)]
pub struct Archive {
    pub folder: Folder,
    /// Whether the user named it: then it keeps answers for good.
    pub is_for_good: bool,
}

impl Archive {
    /// Opens it; where it is off, or the user's cache can't be used, that is said instead.
    ///
    /// Errors: `InvalidConfig` where the folder that the user named can't be used.
    pub fn open(place: &ArchivePlace) -> Result<Result<Self, String>> {
        Ok(match place {
            ArchivePlace::Off(why) => Err(format!("no answers are archived: {why}")),
            ArchivePlace::Cache(path) => match cache(path) {
                Ok(folder) => Ok(Self { folder, is_for_good: false }),
                Err(why) => Err(format!("no answers are archived: the folder {} {why}", path.display())),
            },
            ArchivePlace::Named(path) => Ok(Self { folder: named(path)?, is_for_good: true }),
        })
    }

    /// The same, without making anything: for who only looks.
    pub fn existing(place: &ArchivePlace) -> Option<Self> {
        match place {
            ArchivePlace::Off(_) => None,
            ArchivePlace::Cache(path) => Some(Self { folder: Folder::existing(path)?, is_for_good: false }),
            ArchivePlace::Named(path) => Some(Self { folder: Folder::existing(path)?, is_for_good: true }),
        }
    }
}

fn cache(path: &Path) -> Result<Folder, Unusable> {
    let folder = Folder::open(path, Chosen::ByUs)?;
    folder.is_a_cache()?;
    Ok(folder)
}

/// The folder that the user named. Errors: `InvalidConfig`.
pub fn named(path: &Path) -> Result<Folder> {
    Folder::open(path, Chosen::ByUser).map_err(|why| {
        Error::new(Code::InvalidConfig, format!("the archive's folder {} {why}", path.display()))
            .fix("Set mixpanel_archive or MP_ARCHIVE to an empty or new folder, or to 'off' to archive nothing")
    })
}
