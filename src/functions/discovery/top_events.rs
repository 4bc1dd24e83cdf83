//! `mixpanel_top_events(...)`: what happens today.

use std::{cmp::Ordering, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, texts,
    },
    functions::{counting::Counting, live, query_parameters, target},
    json::{self, Record},
    mixpanel::{Api, Request},
};

/// `GET /api/query/events/top`. Never cached: it is about this very day.
pub struct TopEvents;

impl TableFunction for TopEvents {
    fn name(&self) -> &'static str {
        "mixpanel_top_events"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The events of today, how often they happened, and how that differs from yesterday (0.25: a quarter more).",
            example: "SELECT event_name, count, percent_change FROM mixpanel_top_events(type := 'unique');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters =
            vec![Parameter::named("type", SqlType::Varchar), Parameter::named("max_rows", SqlType::BigInt)];
        parameters.extend(query_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let counting = Counting::of(&arguments)?;
        let max_rows = arguments.count("max_rows")?;
        let request = Request::get(Api::Query, "events/top")
            .query("type", counting.name())
            .query("limit", super::limit(max_rows).to_string());
        let columns = Columns::new([
            ("event_name", SqlType::Varchar),
            ("count", counting.sql_type()),
            ("percent_change", SqlType::Double),
        ]);
        let read = move |text: &str| read(text, counting.is_average(), max_rows);
        Ok(live::answered(target(&arguments, session)?, request, columns, read))
    }
}

#[derive(Deserialize)]
struct Answer {
    events: Vec<Map<String, Value>>,
}

/// What happened today.
#[derive(Debug, PartialEq)]
struct Top<T> {
    name: String,
    count: Option<T>,
    change: Option<f64>,
}

/// `{"events": [{"event": "Purchase", "amount": 75, "percent_change": -0.2}], "type": "unique"}`
fn read(text: &str, averages: bool, max_rows: Option<u64>) -> Result<Vec<ArrayRef>> {
    Ok(match averages {
        true => {
            let found = top(text, max_rows, |event, name| event.double(name), f64::total_cmp)?;
            let counts = found.iter().map(|event| event.count).collect::<Float64Array>();
            arrays(&found, Arc::new(counts))
        }
        false => {
            let found = top(text, max_rows, |event, name| event.bigint(name), i64::cmp)?;
            let counts = found.iter().map(|event| event.count).collect::<Int64Array>();
            arrays(&found, Arc::new(counts))
        }
    })
}

/// The most frequent ones first, those without a count last, then by name.
fn top<T>(
    text: &str,
    max_rows: Option<u64>,
    count: fn(&Record<'_>, &str) -> Result<Option<T>>,
    compare: fn(&T, &T) -> Ordering,
) -> Result<Vec<Top<T>>> {
    let answer: Answer = json::parse_object(text, "a list of events")?;
    let event = |item| {
        let record = Record::new("an event", item);
        let name = record.required_text("event")?;
        Ok(Top { name, count: count(&record, "amount")?, change: record.double("percent_change")? })
    };
    let mut found = answer.events.iter().map(event).collect::<Result<Vec<_>>>()?;
    found.sort_by(|a, b| {
        let by_count = match (&a.count, &b.count) {
            (Some(count), Some(other)) => compare(other, count),
            (count, other) => other.is_some().cmp(&count.is_some()),
        };
        by_count.then_with(|| a.name.cmp(&b.name))
    });
    super::uncut(found, max_rows, "")
}

fn arrays<T>(found: &[Top<T>], counts: ArrayRef) -> Vec<ArrayRef> {
    let changes = found.iter().map(|event| event.change).collect::<Float64Array>();
    vec![texts(found.iter().map(|event| Some(&event.name))), counts, Arc::new(changes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first() {
        let text = r#"{"events": [{"event": "rare", "amount": 1}, {"event": "b"}, {"event": "n", "amount": 20},
            {"event": "often", "amount": 300}, {"event": "m", "amount": 20}, {"event": "a", "amount": null}]}"#;
        let names = |max_rows| {
            let whole: Vec<String> = top(text, max_rows, |event, name| event.bigint(name), i64::cmp)
                .unwrap()
                .into_iter()
                .map(|event| event.name)
                .collect();
            let doubles = top(text, max_rows, |event, name| event.double(name), f64::total_cmp).unwrap();
            assert_eq!(doubles.into_iter().map(|event| event.name).collect::<Vec<_>>(), whole);
            whole
        };
        assert_eq!(names(None), ["often", "m", "n", "rare", "a", "b"]);
        assert_eq!(names(Some(2)), ["often", "m"]);
    }

    #[test]
    fn other_shapes_are_errors() {
        for text in [
            "[]",
            "[[]]",
            "{}",
            r#"{"events": null}"#,
            r#"{"events": [{"amount": 1}]}"#,
            r#"{"events": [{"event": "A", "amount": 1.5}]}"#,
        ] {
            let outcome = read(text, false, None);
            assert!(outcome.is_err_and(|error| error.to_string().contains("[UNEXPECTED_RESPONSE]")), "{text}");
        }
        assert!(read(r#"{"events": [{"event": "A", "amount": 1.5}]}"#, true, None).is_ok());
    }
}
