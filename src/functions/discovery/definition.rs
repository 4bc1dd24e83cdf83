//! What all definitions have in common: names in two spellings, and an envelope that may be missing.

use super::results::bare_or_results;
use crate::{contract::Result, json::Record};

/// The definitions of an answer, by name. Errors: `UnexpectedResponse`.
pub fn definitions(what: &'static str, text: &str) -> Result<Vec<Record>> {
    let found = Record::sorted(what, bare_or_results(text, "a list of definitions")?, "id");
    Ok(found.into_iter().map(Record::in_snake_case).collect())
}
