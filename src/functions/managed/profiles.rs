//! `PRAGMA mixpanel_fetch_profiles(...)` and `PRAGMA mixpanel_sync_profiles(...)`: profiles into a table that is kept.

use super::steps::{MODE, Mode, PROFILES as KIND, Steps, TABLE, mode, text, text_or_null};
use crate::{
    contract::{Arguments, Code, Error, Param, Pragma, Result, Session, SqlType, Statements, params},
    functions::{
        profiles::{HANDED_ON, PROFILES},
        target,
    },
};

/// Fetches profiles.
pub const FETCH_PROFILES: Pragma = Pragma {
    name: KIND.pragma,
    description: "Fetches profiles into a managed table and records the fetch in _metadata, all or nothing. An \
                  existing table needs replace, or append, which updates the profiles that it holds.",
    example: "PRAGMA mixpanel_fetch_profiles('profiles');",
    parameters: params![&[TABLE], HANDED_ON, MODE],
    script: fetch,
};

fn fetch(arguments: &Arguments, session: &Session) -> Result<Statements> {
    let mode = mode(arguments)?;
    let mut steps = begin(arguments, session)?;
    steps.rows(mode)?;
    if mode == Mode::Append {
        steps.script.add(text!("merge_profiles"))?.add(text!("forget_same_profiles"))?.add(text!("write_staged"))?;
    }
    steps.finish()
}

/// Brings a table of profiles up to date.
pub const SYNC_PROFILES: Pragma = Pragma {
    name: "mixpanel_sync_profiles",
    description: "Brings a managed table of profiles up to date: adds new profiles and updates changed ones. Profiles \
                  that Mixpanel no longer has stay unless delete_missing is true.",
    example: "PRAGMA mixpanel_sync_profiles('profiles');",
    parameters: params![&[TABLE, DELETE_MISSING], HANDED_ON],
    script: sync,
};

fn sync(arguments: &Arguments, session: &Session) -> Result<Statements> {
    let mut steps = begin(arguments, session)?;
    let unknown = Error::new(
        Code::WrongTable,
        format!("table {} was not created by mixpanel_fetch_profiles or mixpanel_sync_profiles", steps.table),
    )
    .fix(
        "Adopt it with PRAGMA mixpanel_adopt, or with mixpanel_fetch_sql(..., adopt := true) on DuckDB 1.x. Or choose \
         another name",
    );
    steps.make(&unknown)?.stage()?.script.add(text!("merge_profiles"))?;
    if arguments.boolean("delete_missing")?.unwrap_or(false) {
        steps.script.add(text!("remove_gone_profiles"))?;
    }
    steps.script.add(text!("forget_same_profiles"))?.add(text!("write_staged"))?;
    steps.finish()
}

pub const DELETE_MISSING: Param =
    Param::named("delete_missing", SqlType::Boolean, "Whether to delete profiles that Mixpanel no longer has");

/// Validates the call as `mixpanel_profiles` does and begins its script.
fn begin(arguments: &Arguments, session: &Session) -> Result<Steps> {
    let table = arguments.required_text("table")?;
    let profiles = (PROFILES.bind)(arguments.clone(), session)?;
    let mut steps = Steps::new(table, KIND, profiles.columns(), &target(arguments, session)?)?;
    steps
        .script
        .set("filter_events", "NULL")
        .set("filter_where", text_or_null(arguments.text("filter")?))
        .set("first_day", "NULL::DATE")
        .set("last_day", "NULL::DATE");
    steps.fetch(arguments, HANDED_ON, &[]);
    Ok(steps)
}
