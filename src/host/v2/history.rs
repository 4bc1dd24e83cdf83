//! `_metadata` where nothing has been fetched yet: an empty history instead of an error.

use duckdb_neo::{
    Result,
    connection::Context,
    extension::Extension,
    qualified_name::QualifiedName,
    replacement_scan::{ReplacementHandle, ReplacementScanBuilder, ReplacementScanCallbacks, ReplacementType},
};

use super::contained::contained;
use crate::{
    host::place::Place,
    kept::{METADATA, NO_HISTORY},
};

pub fn register(extension: &Extension) -> Result<()> {
    ReplacementScanBuilder::new(History).register(extension)
}

struct History;

impl ReplacementScanCallbacks for History {
    fn scan(&self, _context: &Context, name: &QualifiedName, handle: ReplacementHandle<'_>) -> Result<()> {
        // Whoever says where it should be wants to know that it isn't there.
        contained(Place::Replacement, || match name.parts()?.as_slice() {
            [table] if table.eq_ignore_ascii_case(METADATA) => {
                handle.set_reference(ReplacementType::Subquery(NO_HISTORY.to_owned()))
            }
            _ => Ok(()),
        })
    }
}
