//! `mixpanel_activity_feed(...)`: what some users did.

use std::sync::Arc;

use arrow_array::{ArrayRef, TimestampMicrosecondArray};

use super::{
    live::{answered, raw_answer},
    query_parameters, target,
};
use crate::{
    answers::{FeedEvent, feed},
    contract::{
        Arguments, BoundTable, Columns, Documentation, Error, Parameter, Result, Session, SqlType, TableFunction,
        Value, texts,
    },
    mixpanel::{Api, Request},
};

/// `GET /api/query/stream/query`: one row for each event, in the answer's order.
pub struct ActivityFeed;

impl TableFunction for ActivityFeed {
    fn name(&self) -> &'static str {
        "mixpanel_activity_feed"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "What these users did, event by event. Days from from_date to to_date, inclusive. One request.",
            example: "SELECT * FROM mixpanel_activity_feed(['user-1', 'user-2'], from_date := '2025-01-01', to_date := '2025-01-05');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = vec![
            Parameter::positional("distinct_ids", SqlType::List(Box::new(SqlType::Varchar))),
            Parameter::named("from_date", SqlType::Date),
            Parameter::named("to_date", SqlType::Date),
            Parameter::named("raw", SqlType::Boolean),
        ];
        parameters.extend(query_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let (from, to) = arguments.required_dates("from_date", "to_date")?;
        let raw = arguments.boolean("raw")?.unwrap_or(false);
        let request = Request::get(Api::Query, "stream/query")
            .query("distinct_ids", serde_json::json!(distinct_ids(&arguments)?).to_string())
            .query("from_date", from.to_string())
            .query("to_date", to.to_string());
        let target = target(&arguments, session)?;
        if raw {
            return Ok(raw_answer(target, request));
        }
        let columns = Columns::new([
            ("event_name", SqlType::Varchar),
            ("event_time", SqlType::Timestamp),
            ("distinct_id", SqlType::Varchar),
            ("properties", SqlType::Json),
        ]);
        Ok(answered(target, request, columns, |text| Ok(arrays(&feed(text)?))))
    }
}

fn distinct_ids(arguments: &Arguments) -> Result<Vec<String>> {
    let name_somebody = || Error::argument("distinct_ids", "names nobody; give at least one id, like ['user-1']");
    match arguments.get("distinct_ids") {
        Some(Value::List(ids)) if ids.is_empty() => Err(name_somebody()),
        _ => arguments.texts("distinct_ids")?.ok_or_else(name_somebody),
    }
}

fn arrays(events: &[FeedEvent]) -> Vec<ArrayRef> {
    vec![
        texts(events.iter().map(|event| event.name.as_deref())),
        Arc::new(events.iter().map(|event| event.time).collect::<TimestampMicrosecondArray>()),
        texts(events.iter().map(|event| event.distinct_id.as_deref())),
        texts(events.iter().map(|event| Some(&event.properties))),
    ]
}
