//! Whether what can't be had is an error: the parameter `on_failure`.

use crate::contract::{Arguments, Error, Param, Result, SqlType};

pub const ON_FAILURE: Param = Param::named(
    "on_failure",
    SqlType::Varchar,
    "What to do with one that cannot be fetched: error fails, skip leaves it out and lists it in mixpanel_fetches()",
)
.default("'error'");

/// Whether what can't be had is left out. Errors: `InvalidArgument` for another word.
pub fn skips_failures(arguments: &Arguments) -> Result<bool> {
    match arguments.text(ON_FAILURE.name)? {
        None | Some("error") => Ok(false),
        Some("skip") => Ok(true),
        Some(other) => Err(Error::argument(ON_FAILURE.name, format!("must be 'error' or 'skip', not '{other}'"))),
    }
}
