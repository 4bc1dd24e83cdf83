//! `PRAGMA mixpanel_fetch_profiles(...)` and `PRAGMA mixpanel_sync_profiles(...)`: profiles into a table that is kept.

use super::steps::{Mode, PROFILES, Steps, mode, mode_parameters, text, text_or_null};
use crate::{
    contract::{
        Arguments, Code, Documentation, Error, Parameter, Pragma, Result, Session, SqlType, Statements, TableFunction,
    },
    functions::{profiles::Profiles, target},
};

/// Fetches profiles.
pub struct FetchProfiles;

impl Pragma for FetchProfiles {
    fn name(&self) -> &'static str {
        PROFILES.pragma
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Fetches profiles into a table and notes it in _metadata, all or nothing. An existing table needs append, which updates profiles that are there, or replace.",
            example: "PRAGMA mixpanel_fetch_profiles('profiles');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let table = [Parameter::positional("table", SqlType::Varchar)];
        table.into_iter().chain(fetch_parameters()).chain(mode_parameters()).collect()
    }

    fn script(&self, arguments: Arguments, session: Session) -> Result<Statements> {
        let mode = mode(&arguments)?;
        let mut steps = begin(&arguments, session)?;
        steps.rows(mode)?;
        if mode == Mode::Append {
            steps
                .script
                .add(text!("merge_profiles"))?
                .add(text!("forget_same_profiles"))?
                .add(text!("write_staged"))?;
        }
        steps.finish()
    }
}

/// Brings a table of profiles up to date.
pub struct SyncProfiles;

impl Pragma for SyncProfiles {
    fn name(&self) -> &'static str {
        "mixpanel_sync_profiles"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Brings a table of profiles up to date: new ones are added, changed ones updated; those that Mixpanel no longer has stay unless delete_missing is true.",
            example: "PRAGMA mixpanel_sync_profiles('profiles');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let own =
            [Parameter::positional("table", SqlType::Varchar), Parameter::named("delete_missing", SqlType::Boolean)];
        own.into_iter().chain(fetch_parameters()).collect()
    }

    fn script(&self, arguments: Arguments, session: Session) -> Result<Statements> {
        let mut steps = begin(&arguments, session)?;
        let unknown = Error::new(
            Code::WrongTable,
            format!("table {} was not made by mixpanel_fetch_profiles or mixpanel_sync_profiles", steps.table),
        )
        .fix("Choose another name, and the table is made");
        steps.make(&unknown)?.stage()?.script.add(text!("merge_profiles"))?;
        if arguments.boolean("delete_missing")?.unwrap_or(false) {
            steps.script.add(text!("remove_gone_profiles"))?;
        }
        steps.script.add(text!("forget_same_profiles"))?.add(text!("write_staged"))?;
        steps.finish()
    }
}

/// What the pragmas hand on to `mixpanel_profiles`.
fn fetch_parameters() -> Vec<Parameter> {
    const OTHERS: [&str; 3] = ["columns", "raw", "label"];
    Profiles.parameters().into_iter().filter(|parameter| !OTHERS.contains(&parameter.name)).collect()
}

/// Validates the call as `mixpanel_profiles` does and begins its script.
fn begin(arguments: &Arguments, session: Session) -> Result<Steps> {
    let table = arguments.required_text("table")?;
    Profiles.bind(arguments.clone(), session.clone())?;
    let mut steps = Steps::new(table, PROFILES, &target(arguments, session)?)?;
    steps
        .script
        .set("filter_events", "NULL")
        .set("filter_where", text_or_null(arguments.text("filter")?))
        .set("first_day", "NULL::DATE")
        .set("last_day", "NULL::DATE");
    steps.fetch(arguments, &fetch_parameters(), &[]);
    Ok(steps)
}
