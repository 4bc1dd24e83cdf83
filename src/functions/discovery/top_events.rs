//! `mixpanel_top_events(...)`: what happens today. `GET /api/query/events/top`. It is about this very day,
//! so the answer is remembered like a report's, for a minute.

use std::cmp::{Ordering, Reverse};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{limit, uncut};
use crate::{
    contract::{Arguments, BoundTable, Function, Result, Session, Table, params},
    functions::{
        counting::Counting,
        one_request,
        parameters::{LIVE, MAX_ROWS, TYPE},
        target,
    },
    json::{self, Record},
    mixpanel::{Api, Request},
};

pub const TOP_EVENTS: Function = Function {
    name: "mixpanel_top_events",
    description: "Events of today, one row each, with their count and its change since yesterday (0.25 means a quarter \
                  more).",
    example: "SELECT event_name, count, percent_change FROM mixpanel_top_events(type := 'unique');",
    parameters: params![&[TYPE, MAX_ROWS], LIVE],
    bind,
    ..Function::PLAIN
};

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let counting = Counting::of(&arguments)?;
    let max_rows = arguments.count("max_rows")?;
    let request = Request::get(Api::Query, "events/top")
        .query("type", counting.name())
        .query("limit", limit(max_rows).to_string());
    let read = move |text: &str| read(text, counting.is_average(), max_rows);
    Ok(one_request::answered(target(&arguments, session)?, request, read, table(counting)))
}

fn table(counting: Counting) -> Table<Vec<Record>> {
    let table = Table::new().text("event_name", |event: &Record| event.required_text("event"));
    let table = match counting.is_average() {
        true => table.double("count", |event| event.double("amount")),
        false => table.bigint("count", |event| event.bigint("amount")),
    };
    table.double("percent_change", |event| event.double("percent_change"))
}

#[derive(Deserialize)]
struct Answer {
    events: Vec<Map<String, Value>>,
}

/// `{"events": [{"event": "Purchase", "amount": 75, "percent_change": -0.2}], "type": "unique"}`: the most frequent ones
/// first, those without a count last, then by name.
fn read(text: &str, averages: bool, max_rows: Option<u64>) -> Result<Vec<Record>> {
    let answer: Answer = json::parse_object(text, "a list of events")?;
    let mut found = Record::list("an event", answer.events);
    match averages {
        true => found.sort_by_cached_key(|event| {
            (Reverse(event.double("amount").ok().flatten().map(Total)), event.text("event"))
        }),
        false => {
            found.sort_by_cached_key(|event| (Reverse(event.bigint("amount").ok().flatten()), event.text("event")))
        }
    }
    uncut(found, max_rows, "Set ")
}

/// A number in the order of all numbers.
#[derive(PartialEq)]
struct Total(f64);

impl Eq for Total {}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::RecordBatch;

    use super::*;
    use crate::contract::Value;

    fn rows(text: &str, counting: &str) -> Result<RecordBatch> {
        let counting = Arguments::new(vec![("type".into(), Value::Text(counting.into()))]);
        let counting = Counting::of(&counting)?;
        table(counting).batch(&read(text, counting.is_average(), None)?)
    }

    #[test]
    fn the_most_frequent_come_first() {
        let text = r#"{"events": [{"event": "rare", "amount": 1}, {"event": "b"}, {"event": "n", "amount": 20},
            {"event": "often", "amount": 300}, {"event": "m", "amount": 20}, {"event": "a", "amount": null}]}"#;
        let names = |max_rows| {
            let names = |averages| {
                let found = read(text, averages, max_rows).unwrap();
                found.iter().map(|event| event.required_text("event").unwrap()).collect::<Vec<_>>()
            };
            assert_eq!(names(true), names(false));
            names(true)
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
            let outcome = rows(text, "general");
            assert!(outcome.is_err_and(|error| error.to_string().contains("[UNEXPECTED_RESPONSE]")), "{text}");
        }
        assert!(rows(r#"{"events": [{"event": "A", "amount": 1.5}]}"#, "average").is_ok());
    }
}
