//! `mixpanel_event_counts(events, ...)`: how often some events happened (`GET /api/query/events`), and
//! `mixpanel_property_counts(event, property, ...)`: with which values (`GET /api/query/events/properties`).

use super::{
    Question, REPORT,
    parameters::{RowLimit, about_days, missing, subject},
    series,
    unit::{MINUTE_TO_MONTH, Unit},
};
use crate::{
    contract::{Arguments, Error, Function, Param, Result, SqlType, params},
    functions::{
        counting::Counting,
        parameters::{DAYS, EVENT, MAX_ROWS, TYPE, UNIT},
    },
};

pub const EVENT_COUNTS: Function = Function {
    name: "mixpanel_event_counts",
    description: "Counts the named events, or the users who did them, by date. One request.",
    example: "SELECT * FROM mixpanel_event_counts(['Sign Up', 'Purchase'], from_date := '2025-01-01', \
              to_date := '2025-01-05');",
    parameters: params![
        &[Param::positional("events", SqlType::VARCHARS, "Names of the events")],
        DAYS,
        &[UNIT, TYPE],
        REPORT
    ],
    bind: |arguments, session| event_counts(&arguments)?.bound(&arguments, session),
    ..Function::PLAIN
};

/// Events without the property are not counted.
pub const PROPERTY_COUNTS: Function = Function {
    name: "mixpanel_property_counts",
    description: "Counts an event by date and value of a property. One request.",
    example: "SELECT * FROM mixpanel_property_counts('Purchase', 'plan', from_date := '2025-01-01', \
              to_date := '2025-01-05');",
    parameters: params![
        &[EVENT, Param::positional("property", SqlType::Varchar, "Name of the property")],
        DAYS,
        &[UNIT, TYPE, Param::named("property_values", SqlType::VARCHARS, "Only these values"), MAX_ROWS],
        REPORT
    ],
    bind: |arguments, session| property_counts(&arguments)?.bound(&arguments, session),
    ..Function::PLAIN
};

fn event_counts(arguments: &Arguments) -> Result<Question> {
    let events = arguments.texts("events")?.ok_or_else(|| missing("events"))?;
    let counted = counted(arguments)?;
    let request = about_days("events", arguments)?
        .query("event", json(events.clone()))
        .query("unit", counted.0.name())
        .query("type", counted.1.name());
    Ok(series::question(request, counted, "event_name", &[], None).about_each(events, "event_name"))
}

fn property_counts(arguments: &Arguments) -> Result<Question> {
    let (event, property) = (subject(arguments, "event")?, subject(arguments, "property")?);
    let counted = counted(arguments)?;
    let limit = RowLimit::of(arguments, None)?;
    let request = about_days("events/properties", arguments)?
        .query("event", event)
        .query("name", property)
        .query("unit", counted.0.name())
        .query("type", counted.1.name())
        .query_some("values", arguments.texts("property_values")?.map(json))
        .query("limit", limit.to_text());
    series::question(request, counted, "value", &[], Some(limit)).about(arguments, "event")
}

fn counted(arguments: &Arguments) -> Result<(Unit, Counting)> {
    let (unit, counting) = (Unit::of(arguments, MINUTE_TO_MONTH)?, Counting::of(arguments)?);
    if counting.is_unique() && unit.is_within_a_day() {
        let problem = format!(
            "'unique' cannot be counted by {}. Use unit := 'day', 'week' or 'month', or mixpanel_segmentation",
            unit.name()
        );
        return Err(Error::argument("type", problem));
    }
    Ok((unit, counting))
}

/// How these routes take lists.
fn json(texts: Vec<String>) -> String {
    serde_json::Value::from(texts).to_string()
}
