//! `mixpanel_properties(event, ...)`: the properties that an event has. `GET /api/query/events/properties/top`, cached.

use serde_json::Value;

use super::{limit, subject, uncut};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Function, Result, Session, Table, params},
    functions::{
        parameters::{EVENT, MAX_ROWS, QUERY},
        target,
    },
    json::{self, Entries},
    known::{checked_answer, refused_event, unknown_event},
    mixpanel::{Api, Request},
};

pub const PROPERTIES: Function = Function {
    name: "mixpanel_properties",
    description: "Properties that an event had in the last 31 days, one row each, with the number of events that had \
                  them.",
    example: "SELECT property_name, count FROM mixpanel_properties('Purchase');",
    parameters: params![&[EVENT, MAX_ROWS], QUERY],
    bind,
    ..Function::PLAIN
};

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let event = subject(&arguments, "event", "mixpanel_properties('Purchase')")?.to_owned();
    let max_rows = arguments.count("max_rows")?;
    let target = target(&arguments, session)?;
    Ok(Table::new()
        .text_ref("property_name", |(name, _): &(String, Option<i64>)| Some(name))
        .bigint("count", |(_, count)| *count)
        .asking(move || uncut(properties(&target, &event, limit(max_rows))?, max_rows, "Set ")))
}

/// Errors: `NotFound` where there is no such event.
fn properties(target: &Target, event: &str, limit: u64) -> Result<Vec<(String, Option<i64>)>> {
    let request =
        Request::get(Api::Query, "events/properties/top").query("event", event).query("limit", limit.to_string());
    let check = |text: &str| match read(text)?.is_empty().then(|| unknown_event(target, event)) {
        None => Ok(()),
        Some(unknown) => unknown?.map_or(Ok(()), Err),
    };
    read(&checked_answer(target, &request, check).map_err(|error| refused_event(target, event, error))?)
}

/// `{"plan": {"count": 295}, "announced": {}}`, and `{"plan": 295}`: the most frequent first, then by name. Two properties
/// may be called the same (see [`Entries`]).
fn read(text: &str) -> Result<Vec<(String, Option<i64>)>> {
    let Entries(found): Entries<Value> = json::parse(text, "an object of properties")?;
    let count = |name: &str, entry: &Value| {
        let count = entry.as_object().map_or(Some(entry), |entry| entry.get("count"));
        let Some(count) = count.filter(|count| !count.is_null()) else { return Ok(None) };
        let error = || json::unexpected(&format!("the count of '{name}'"), &format!("it is {count}"), text);
        json::bigint(count).map(Some).ok_or_else(error)
    };
    let mut counts =
        found.iter().map(|(name, entry)| Ok((name.clone(), count(name, entry)?))).collect::<Result<Vec<_>>>()?;
    counts.sort_by(|(a, most), (b, other)| other.cmp(most).then_with(|| a.cmp(b)));
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_every_form() {
        let text =
            r#"{"b": {"count": 9007199254740993}, "a": {}, "error": {"count": 1}, "n": 3, "f": 100.0, "z": null}"#;
        let expected = [
            ("b", Some(9_007_199_254_740_993)),
            ("f", Some(100)),
            ("n", Some(3)),
            ("error", Some(1)),
            ("a", None),
            ("z", None),
        ];
        assert_eq!(read(text).unwrap(), expected.map(|(name, count)| (name.to_owned(), count)));
        assert_eq!(read("{}"), Ok(vec![]));
    }

    #[test]
    fn names_that_mending_made_equal_are_two() {
        let text = json::text(br#"{"a\ud83d": {"count": 1}, "a\ud83e": {"count": 2}}"#);
        assert_eq!(read(&text), Ok(vec![("a\u{fffd}".to_owned(), Some(2)), ("a\u{fffd}".to_owned(), Some(1))]));
    }

    #[test]
    fn other_shapes_are_errors() {
        for text in ["[]", "", "null", r#"{"a": 50.5}"#, r#"{"a": {"count": [1]}}"#, r#"{"a": "x"}"#] {
            assert!(read(text).is_err_and(|error| error.to_string().contains("[UNEXPECTED_RESPONSE]")), "{text}");
        }
    }
}
