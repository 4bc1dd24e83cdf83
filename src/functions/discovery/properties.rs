//! `mixpanel_properties(event, ...)`: the properties that an event has.

use std::sync::Arc;

use arrow_array::Int64Array;
use serde_json::Value;

use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, rows, texts,
    },
    functions::{query_parameters, target},
    json::{self, Entries},
    known::{answer, refused_event, unknown_event},
    mixpanel::{Api, Request},
};

/// `GET /api/query/events/properties/top`, cached.
pub struct Properties;

impl TableFunction for Properties {
    fn name(&self) -> &'static str {
        "mixpanel_properties"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The properties that an event had in the last 31 days, and how many of its events had them.",
            example: "SELECT property_name, count FROM mixpanel_properties('Purchase');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters =
            vec![Parameter::positional("event", SqlType::Varchar), Parameter::named("max_rows", SqlType::BigInt)];
        parameters.extend(query_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let event = super::subject(&arguments, "event", "mixpanel_properties('Purchase')")?.to_owned();
        let max_rows = arguments.count("max_rows")?;
        let target = target(&arguments, session)?;
        let columns = Columns::new([("property_name", SqlType::Varchar), ("count", SqlType::BigInt)]);
        Ok(rows(columns, move || {
            let found = super::uncut(properties(&target, &event, super::limit(max_rows))?, max_rows, "")?;
            Ok(vec![
                texts(found.iter().map(|(name, _)| Some(name))),
                Arc::new(found.iter().map(|(_, count)| *count).collect::<Int64Array>()),
            ])
        }))
    }
}

/// Errors: `NotFound` where there is no such event.
fn properties(target: &Target, event: &str, limit: u64) -> Result<Vec<(String, Option<i64>)>> {
    let request =
        Request::get(Api::Query, "events/properties/top").query("event", event).query("limit", limit.to_string());
    let check = |text: &str| match read(text)?.is_empty().then(|| unknown_event(target, event)) {
        None => Ok(()),
        Some(unknown) => unknown?.map_or(Ok(()), Err),
    };
    read(&answer(target, &request, check).map_err(|error| refused_event(target, event, error))?)
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
