//! Which types have the properties of some events?
//!
//! `GET /api/2.0/export` of one event with a limit: one request, of the exports' hour. Nothing of it is kept.

use jiff::{ToSpan, tz::TimeZone};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    config::Target,
    contract::{Code, Error, Result},
    decode::iso_microseconds,
    json::{self, Entries, Part, unexpected},
    mixpanel::{Api, Client, Request, block_on, with_retries},
};

/// How far back events are looked for.
const DAYS: i64 = 30;

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    properties: Entries<&'a RawValue>,
}

/// What the values of a property were so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Null,
    Boolean,
    Whole,
    Number,
    Moment,
    Texts,
    Json,
    Text,
}

/// The properties of at most so many events of this name, in the order in which they were first seen, and their types in
/// SQL. Blocks.
///
/// Errors: `NotFound` where there was no event; what a request can fail with.
pub fn types(target: &Target, event: &str, events: u64) -> Result<Vec<(String, String)>> {
    let today = TimeZone::UTC.to_datetime(target.now()).date();
    let day = |back: i64| today.checked_sub(back.days()).unwrap_or(today).to_string();
    let request = Request::get(Api::Export, "export")
        .query("from_date", day(DAYS))
        // In the west it is still yesterday, and days to come are refused.
        .query("to_date", day(1))
        .query("event", serde_json::json!([event]).to_string())
        .query("limit", events.to_string());
    let client = Client::new(target)?;
    let answer = block_on(with_retries(&mut client.tries(), || client.text_once(&request), || ()))??;
    let found = read(&json::into_text(answer.body))?;
    if found.is_empty() {
        let what = format!("event '{event}' did not occur with properties in the last {DAYS} days");
        return Err(Error::new(Code::NotFound, what).fix("mixpanel_events() lists the names of all events"));
    }
    Ok(found.into_iter().map(|(name, seen)| (name, sql_type(seen).to_owned())).collect())
}

fn read(text: &str) -> Result<Vec<(String, Seen)>> {
    let mut found: Vec<(String, Seen)> = Vec::new();
    for line in text.split('\n').filter(|line| !line.trim().is_empty()) {
        let Event { properties } = json::parse_object(line, "an event")?;
        for (name, value) in properties {
            let seen =
                seen(value).map_err(|error| unexpected("an event", &error.to_string(), line).caused_by(error))?;
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = both(*known, seen),
                None => found.push((name, seen)),
            }
        }
    }
    Ok(found)
}

fn seen(value: &RawValue) -> serde_json::Result<Seen> {
    Ok(match Part::of(value)? {
        Part::Null => Seen::Null,
        Part::Boolean => Seen::Boolean,
        Part::Number(digits) if digits.parse::<i64>().is_ok() => Seen::Whole,
        Part::Number(_) => Seen::Number,
        Part::Text(text) if text.contains('T') && iso_microseconds(&text).is_some() => Seen::Moment,
        Part::Text(_) => Seen::Text,
        Part::List(items) if items.iter().all(|item| item.get().starts_with('"')) => Seen::Texts,
        Part::List(_) | Part::Object(_) => Seen::Json,
    })
}

/// What holds both.
fn both(a: Seen, b: Seen) -> Seen {
    match (a, b) {
        (a, b) if a == b => a,
        (Seen::Null, other) | (other, Seen::Null) => other,
        (Seen::Whole | Seen::Number, Seen::Whole | Seen::Number) => Seen::Number,
        (Seen::Texts | Seen::Json, Seen::Texts | Seen::Json) => Seen::Json,
        _ => Seen::Text,
    }
}

fn sql_type(seen: Seen) -> &'static str {
    match seen {
        Seen::Boolean => "BOOLEAN",
        Seen::Whole => "BIGINT",
        Seen::Number => "DOUBLE",
        Seen::Moment => "TIMESTAMP",
        Seen::Texts => "VARCHAR[]",
        Seen::Json => "JSON",
        Seen::Null | Seen::Text => "VARCHAR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types_of(values: &[&str]) -> Vec<&'static str> {
        let lines: Vec<String> =
            values.iter().map(|values| format!(r#"{{"event":"A","properties":{values}}}"#)).collect();
        read(&lines.join("\n")).unwrap().into_iter().map(|(_, seen)| sql_type(seen)).collect()
    }

    #[test]
    fn one_value_of_each_kind() {
        let values = r#"{"a":1,"b":1.5,"c":true,"d":"x","e":"2025-01-31T10:00:00","f":["x"],"g":[1],"h":{},"i":null,"j":12345678901234567890}"#;
        let expected =
            ["BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR", "TIMESTAMP", "VARCHAR[]", "JSON", "JSON", "VARCHAR", "DOUBLE"];
        assert_eq!(types_of(&[values]), expected);
    }

    #[test]
    fn values_of_two_kinds_have_a_type_that_holds_both() {
        let first = r#"{"a":1,"b":1,"c":null,"d":["x"],"e":true,"f":"2025-01-31T10:00:00","g":{}}"#;
        let second = r#"{"a":1.5,"b":"x","c":2,"d":[1],"e":1,"f":"x","g":"x","z":1}"#;
        let expected = ["DOUBLE", "VARCHAR", "BIGINT", "JSON", "VARCHAR", "VARCHAR", "VARCHAR", "BIGINT"];
        assert_eq!(types_of(&[first, second]), expected);
    }

    #[test]
    fn a_line_that_is_no_event_is_an_error() {
        for text in ["terminated early", r#"{"event":"A"}"#, r#"{"event":"A","properties":[]}"#] {
            assert!(read(text).is_err_and(|error| error.code() == Code::UnexpectedResponse), "{text}");
        }
        assert_eq!(read("\n\n"), Ok(vec![]));
    }
}
