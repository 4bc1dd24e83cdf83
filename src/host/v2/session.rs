//! What does DuckDB say of the connection in which a call is bound?

use duckdb_neo::{Error, connection::Context, error::DuckDBError, file::FileSystem, types::FromValue};
use jiff::tz::TimeZone;

use super::setting;
use crate::{catalog, contract::Journal, host::session::Surroundings};

pub fn surroundings(context: &Context, journal: Journal) -> Surroundings {
    let settings = catalog::SETTINGS.iter();
    Surroundings {
        external_access: external_access(context),
        pushes_filters: true,
        journal,
        settings: settings.filter_map(|setting| Some((setting.name, setting::value(context, setting)?))).collect(),
    }
}

/// `false` only where the database says so.
fn external_access(context: &Context) -> bool {
    of_duckdb(context, "enable_external_access") != Some(false)
}

/// The zone in which this connection shows moments; `None` where it has no such setting (DuckDB without its ICU), or one that we don't know.
pub fn time_zone(context: &Context) -> Option<TimeZone> {
    let name: String = of_duckdb(context, "TimeZone")?;
    TimeZone::get(&name).ok()
}

/// The error of a statement that was interrupted; `None` for any other, and where files can't be had.
///
/// There is no question for it, and who waits within a callback is told nothing. But DuckDB's file system looks before it
/// lists files, and a list of none costs nothing.
pub fn interruption(context: &Context) -> Option<Error> {
    let files = FileSystem::new(context).ok()?;
    files.glob("").err().filter(|error| error.code == DuckDBError::RuntimeInterrupt)
}

/// What one of DuckDB's own settings says, where it can be had.
fn of_duckdb<T: FromValue>(context: &Context, name: &str) -> Option<T> {
    let (value, _) = context.config().ok()?.try_get_value(name).ok()??;
    value.get().ok()?
}
