//! `mixpanel_property_values(property, ...)`: the values that a property has. `GET /api/query/events/properties/values`, or with
//! `counts` how often an event had each, `GET /api/query/events/properties`; cached.

use serde_json::value::RawValue;

use super::{
    limit, subject,
    tally::{COUNTS, tally},
    uncut,
};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        parameters::{MAX_ROWS, QUERY},
        target,
    },
    json,
    known::{DayRange, kept_answer, refused_event, unknown_event_at_hand},
    mixpanel::{Api, Request},
};

pub const PROPERTY_VALUES: Function = Function {
    name: "mixpanel_property_values",
    description: "Values that a property had in the last 31 days, one row each, the most frequent first.",
    example: "SELECT value FROM mixpanel_property_values('plan', event := 'Purchase');",
    parameters: params![&[PROPERTY, EVENT, MAX_ROWS, COUNTS], QUERY],
    bind,
    ..Function::PLAIN
};

const PROPERTY: Param = Param::positional("property", SqlType::Varchar, "Name of the property");
const EVENT: Param = Param::named("event", SqlType::Varchar, "Only values on this event");

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let property = subject(&arguments, "property", "mixpanel_property_values('plan')")?.to_owned();
    let event = arguments.text("event")?.map(str::to_owned);
    let max_rows = arguments.count("max_rows")?;
    let target = target(&arguments, session)?;
    if arguments.boolean(COUNTS.name)?.unwrap_or(false) {
        let event = event.ok_or_else(|| {
            Error::argument("event", "is missing: counts := true counts the values of one event. Add event := '...'")
        })?;
        let table = Table::new()
            .text_ref("value", |(value, _): &(String, i64)| Some(value))
            .bigint("count", |(_, count)| *count);
        return Ok(table.asking(move || {
            let found = counted(&target, &property, &event, limit(max_rows))?;
            uncut(found, max_rows, "Raise max_rows, or set ")
        }));
    }
    Ok(Table::new().text_ref("value", Option::<String>::as_deref).asking(move || {
        let found = values(&target, &property, event.as_deref(), limit(max_rows))?;
        let narrower =
            if event.is_none() { "Narrow it to an event, raise max_rows, or set " } else { "Raise max_rows, or add " };
        uncut(found, max_rows, narrower)
    }))
}

/// `GET /api/query/events/properties`, the most frequent first, then by value.
fn counted(target: &Target, property: &str, event: &str, limit: u64) -> Result<Vec<(String, i64)>> {
    let request = Request::get(Api::Query, "events/properties")
        .query("event", event)
        .query("name", property)
        .query("limit", limit.to_string());
    let found = tally(target, &request, DayRange::default());
    let mut found = found.map_err(|error| refused_event(target, event, error))?;
    found.sort_by(|(a, counts_a), (b, counts_b)| counts_b.cmp(counts_a).then_with(|| a.cmp(b)));
    let unknown = found.is_empty().then(|| unknown_event_at_hand(target, event)).flatten();
    unknown.map_or(Ok(found), Err)
}

fn values(target: &Target, property: &str, event: Option<&str>, limit: u64) -> Result<Vec<Option<String>>> {
    let request = Request::get(Api::Query, "events/properties/values")
        .query_some("event", event)
        .query("name", property)
        .query("limit", limit.to_string());
    let found = kept_answer(target, &request).and_then(|answer| answer.read(read)).map_err(|error| match event {
        Some(event) => refused_event(target, event, error),
        None => error,
    })?;
    // Also of an answer that was kept: the names may have come later.
    let unknown = event.filter(|_| found.is_empty()).and_then(|event| unknown_event_at_hand(target, event));
    unknown.map_or(Ok(found), Err)
}

/// `["pro", "free"]`. What is no text becomes its JSON text, null NULL.
fn read(text: &str) -> Result<Vec<Option<String>>> {
    let values: Vec<&RawValue> = json::parse(text, "a list of values")?;
    Ok(values.into_iter().map(json::said).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind() {
        let text = r#"["pro", "é\n\"", "", 1.50, true, null, {"a": [1, 2]}, "{\"on_sale\": true}"]"#;
        let expected = ["pro", "é\n\"", "", "1.50", "true", "NULL", r#"{"a": [1, 2]}"#, r#"{"on_sale": true}"#];
        let found = read(text).unwrap();
        assert_eq!(found.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn other_shapes_are_errors() {
        for text in ["{}", "", "null", "\"pro\"", "[1,"] {
            assert!(read(text).is_err_and(|error| error.to_string().contains("[UNEXPECTED_RESPONSE]")), "{text}");
        }
    }
}
