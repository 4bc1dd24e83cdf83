//! Which functions does SQL see? One file per family. `catalog.rs` lists what is registered.

pub mod accounts;
pub mod activity_feed;
pub mod api;
pub mod archive;
pub mod build;
pub mod cohort_members;
mod counting;
pub mod discovery;
mod each;
pub mod export;
mod expression;
pub mod fetches;
mod listing;
pub mod macro_sql;
pub mod managed;
mod on_failure;
mod one_request;
mod parameters;
mod percent;
mod profile_question;
pub mod profiles;
pub mod property;
pub mod property_names;
pub mod questions;
pub mod quota;
pub mod quote;
pub mod read;
pub mod reports;
pub mod saved;
pub mod settings;
pub mod timestamp;
pub mod utc;
pub mod version;
pub mod views;

use std::time::Duration;

use jiff::{SignedDuration, tz::TimeZone};

use crate::{
    config::{Config, KeepingSettings, Overrides, Target},
    contract::{Arguments, Columns, Error, Result, Session, SqlType},
    mixpanel::redact,
};

/// A time zone by its name. Errors: `InvalidArgument` for `time_zone`.
fn named_time_zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|error| {
        let problem = format!("{name:?} is not a time zone. Use an IANA name like 'Europe/Berlin' or 'UTC'");
        Error::argument("time_zone", problem).caused_by(error)
    })
}

/// Where a call's requests go, and where they are written down. Its errors will not repeat the credentials.
///
/// Errors: `ExternalAccessDisabled`, and those of [`Config::resolve`].
pub fn target(arguments: &Arguments, session: &Session) -> Result<Target> {
    session.require_external_access()?;
    let target = Config::process().resolve(&overrides(arguments, session)?)?;
    let credentials = target.credentials.clone();
    session.hide(move |text| redact(&credentials, text));
    Ok(Target { journal: session.journal.clone(), ..target })
}

/// What the session's settings say of what is kept and how requests are counted.
pub fn keeping(session: &Session) -> Result<KeepingSettings> {
    let settings =
        Arguments::given(session.settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())?;
    Ok(KeepingSettings {
        archive: settings.text(settings::ARCHIVE.name)?.map(str::to_owned),
        max_age: settings.interval(settings::MAX_AGE.name)?,
        hourly_limit: settings.count(settings::HOURLY_LIMIT.name)?,
    })
}

fn max_wait(arguments: &Arguments) -> Result<Option<Duration>> {
    let longest = SignedDuration::from_hours(1);
    match arguments.interval("max_wait")? {
        Some(length) if length > longest => Err(Error::argument("max_wait", "must be at most INTERVAL 1 HOUR")),
        length => Ok(length.map(SignedDuration::unsigned_abs)),
    }
}

fn overrides(arguments: &Arguments, session: &Session) -> Result<Overrides> {
    let text = |name| arguments.text(name).map(|text| text.map(str::to_string));
    Ok(Overrides {
        account: text("account")?,
        project_id: arguments.id("project_id")?,
        region: text("region")?,
        workspace_id: arguments.id("workspace_id")?,
        keeping: keeping(session)?,
        max_wait: max_wait(arguments)?,
        max_age: arguments.interval(parameters::MAX_AGE.name)?,
    })
}

/// The typed columns of `columns := {...}`, beside these fixed ones. DuckDB's names are the same in upper and lower case.
pub fn typed_columns(arguments: &Arguments, fixed: &Columns) -> Result<Vec<(String, SqlType)>> {
    let given = arguments.text_fields("columns")?.unwrap_or_default();
    if !given.is_empty() && arguments.boolean("raw")?.unwrap_or(false) {
        return Err(Error::argument(
            "columns",
            "cannot be combined with raw := true, which returns one column. Remove one of them",
        ));
    }
    let mut names: Vec<String> = fixed.iter().map(|(name, _)| name.to_string()).collect();
    let mut typed = Vec::with_capacity(given.len());
    for (name, type_name) in given {
        let lower = name.to_lowercase();
        if names.contains(&lower) {
            return Err(Error::argument(
                "columns",
                format!("'{name}' is already a column. Read it from properties instead"),
            ));
        }
        names.push(lower);
        let sql_type =
            SqlType::parse(&type_name).map_err(|error| Error::argument("columns", format!("'{name}': {error}")))?;
        typed.push((name, sql_type));
    }
    Ok(typed)
}
