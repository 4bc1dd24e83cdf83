//! `mixpanel_top_events(...)`: what happens today.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    answers::{self, Record},
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, texts,
    },
    functions::{live, query_parameters, target},
    mixpanel::{Api, Request},
};

/// `GET /api/query/events/top`. Never cached: it is about this very day.
pub struct TopEvents;

const AVERAGE: &str = "average";

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
        let count_type = arguments.one_of("type", &["general", "unique", AVERAGE])?.unwrap_or("general");
        let max_rows = arguments.count("max_rows")?;
        let request = Request::get(Api::Query, "events/top")
            .query("type", count_type)
            .query("limit", super::limit(max_rows).to_string());
        let averages = count_type == AVERAGE;
        let columns = Columns::new([
            ("event_name", SqlType::Varchar),
            ("count", if averages { SqlType::Double } else { SqlType::BigInt }),
            ("percent_change", SqlType::Double),
        ]);
        let read = move |text: &str| read(text, averages, max_rows);
        Ok(live::answered(target(&arguments, session)?, request, columns, read))
    }
}

#[derive(Deserialize)]
struct Answer {
    events: Vec<Map<String, Value>>,
}

/// `{"events": [{"event": "Purchase", "amount": 75, "percent_change": -0.2}], "type": "unique"}`
fn read(text: &str, averages: bool, max_rows: Option<u64>) -> Result<Vec<ArrayRef>> {
    let answer: Answer = answers::parse_object(text, "a list of events")?;
    let events = super::whole(answer.events, max_rows, "")?;
    let events: Vec<Record<'_>> = events.iter().map(|item| Record::new("an event", item)).collect();
    let doubles =
        |name: &str| events.iter().map(|event| event.double(name)).collect::<Result<Float64Array>>().map(Arc::new);
    let counts: ArrayRef = match averages {
        true => doubles("amount")?,
        false => Arc::new(events.iter().map(|event| event.bigint("amount")).collect::<Result<Int64Array>>()?),
    };
    let names = events.iter().map(|event| event.required_text("event").map(Some)).collect::<Result<Vec<_>>>()?;
    Ok(vec![texts(names), counts, doubles("percent_change")?])
}

#[cfg(test)]
mod tests {
    use super::*;

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
