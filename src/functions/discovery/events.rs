//! `mixpanel_events(...)`: the names of a project's events. `GET /api/query/events/names`, cached.

use super::{limit, uncut};
use crate::{
    contract::{Arguments, BoundTable, Function, Result, Session, Table, params},
    functions::{
        parameters::{DAYS, MAX_ROWS, QUERY},
        target,
    },
    known::{DayRange, event_names},
};

pub const EVENTS: Function = Function {
    name: "mixpanel_events",
    description: "The names of a project's events, of all time unless dates say otherwise.",
    example: "SELECT event_name FROM mixpanel_events();",
    parameters: params![DAYS, &[MAX_ROWS], QUERY],
    bind,
    ..Function::PLAIN
};

/// Dates that are left out are as wide as they get.
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let (from, to) = arguments.dates("from_date", "to_date")?;
    let max_rows = arguments.count("max_rows")?;
    let target = target(&arguments, session)?;
    Ok(Table::new().text_ref("event_name", |name: &String| Some(name)).of(move || {
        let names = event_names(&target, DayRange { from, to }, limit(max_rows))?;
        let mut names = uncut(names, max_rows, "Narrow it with from_date and to_date; ")?;
        names.sort();
        Ok(names)
    }))
}
