//! How does DuckDB's second C API learn what our [`catalog`] puts in the place of tables that a database does not have?

use duckdb_neo::{
    Result, ToValue,
    connection::Context,
    extension::Extension,
    qualified_name::QualifiedName,
    replacement_scan::{ReplacementHandle, ReplacementScanBuilder, ReplacementScanCallbacks, ReplacementType},
};

use super::contained::contained;
use crate::{catalog, contract::Replacement, host::place::Place};

pub fn register(extension: &Extension) -> Result<()> {
    ReplacementScanBuilder::new(Replacements).register(extension)
}

struct Replacements;

impl ReplacementScanCallbacks for Replacements {
    fn scan(&self, context: &Context, name: &QualifiedName, handle: ReplacementHandle<'_>) -> Result<()> {
        contained(Place::Replacement, || {
            // Whoever says where it should be wants to know that it isn't there.
            let parts = name.parts()?;
            let [table] = parts.as_slice() else {
                return Ok(());
            };
            match catalog::replacement(table) {
                None => Ok(()),
                Some(Replacement::Query(text)) => handle.set_reference(ReplacementType::Subquery(text.to_owned())),
                Some(Replacement::Call { function, argument }) => {
                    handle.set_reference(ReplacementType::Table(QualifiedName::from_parts(&[function])?))?;
                    handle.add_parameter(argument.value(context)?)
                }
            }
        })
    }
}
