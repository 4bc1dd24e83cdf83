//! `mixpanel_events(...)`: the names of a project's events. `GET /api/query/events/names`, cached; with `counts`, how often they
//! happened, which `GET /api/query/events` says.

use std::collections::HashMap;

use super::{
    limit,
    tally::{COUNTS, tally},
    uncut,
};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Function, Result, Session, Table, params},
    functions::{
        parameters::{DAYS, MAX_ROWS, QUERY},
        target,
    },
    known::{DayRange, event_names},
    mixpanel::{Api, Request},
};

pub const EVENTS: Function = Function {
    name: "mixpanel_events",
    description: "Event names of the project, one row each: of all time, or between two dates.",
    example: "SELECT event_name FROM mixpanel_events();",
    parameters: params![DAYS, &[MAX_ROWS, COUNTS], QUERY],
    bind,
    ..Function::PLAIN
};

/// An event and how often it happened, where that is asked for.
struct Named {
    name: String,
    count: i64,
}

/// Dates that are left out are as wide as they get.
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let (from, to) = arguments.dates("from_date", "to_date")?;
    let max_rows = arguments.count("max_rows")?;
    let counts = arguments.boolean(COUNTS.name)?.unwrap_or(false);
    let target = target(&arguments, session)?;
    let mut table = Table::new().text_ref("event_name", |event: &Named| Some(&event.name));
    if counts {
        table = table.bigint("count", |event| event.count);
    }
    Ok(table.asking(move || {
        let days = DayRange { from, to };
        let names = event_names(&target, days, limit(max_rows))?;
        let mut names = uncut(names, max_rows, "Narrow it with from_date and to_date, or set ")?;
        names.sort();
        let counted = if counts { counted(&target, &names, days)? } else { HashMap::new() };
        Ok(names.into_iter().map(|name| Named { count: counted.get(&name).copied().unwrap_or(0), name }).collect())
    }))
}

/// One request for as many names as a URL has room for.
fn counted(target: &Target, names: &[String], days: DayRange) -> Result<HashMap<String, i64>> {
    let mut counted = HashMap::new();
    for names in portions(names) {
        let request = Request::get(Api::Query, "events").query("event", serde_json::json!(names).to_string());
        counted.extend(tally(target, &request, days)?);
    }
    Ok(counted)
}

/// How long the names in a URL may be: the longest that servers take is 16 KiB.
const LONGEST: usize = 14 << 10;

fn portions(names: &[String]) -> Vec<&[String]> {
    let (mut portions, mut start, mut length) = (Vec::new(), 0, 0);
    for (at, name) in names.iter().enumerate() {
        let own = encoded(name);
        if at > start && length + own > LONGEST {
            portions.extend(names.get(start..at));
            (start, length) = (at, 0);
        }
        length += own;
    }
    portions.extend(names.get(start..).filter(|rest| !rest.is_empty()));
    portions
}

/// At most so many bytes in a URL, with its quotes and its comma.
fn encoded(name: &str) -> usize {
    let json = serde_json::Value::from(name).to_string();
    3 + json.bytes().map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 }).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixpanel::testing::target;

    #[test]
    fn every_name_is_in_one_portion_and_each_fits_a_url() {
        for (name, count) in [("Sign Up", 5000), ("購入 🛒 \"&", 700), ("a", 1), ("a", 0)] {
            let names: Vec<String> = (0..count).map(|number| format!("{name}{number}")).collect();
            let portions = portions(&names);
            assert_eq!(portions.concat(), names);
            for portion in portions {
                let request = Request::get(Api::Query, "events").query("event", serde_json::json!(portion).to_string());
                let request = request.query("from_date", "2025-01-01").query("to_date", "2025-01-31");
                assert!(request.url(&target()).is_ok(), "{name}");
            }
        }
    }
}
