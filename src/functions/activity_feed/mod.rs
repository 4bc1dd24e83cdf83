//! `mixpanel_activity_feed(...)`: what some users did. `GET /api/query/stream/query`: one row for each event, in the
//! answer's order.

mod feed;

use feed::{FeedEvent, feed};

use super::{
    one_request::{self, answered, raw_answer},
    parameters::{DAYS, LIVE, RAW},
    target,
};
use crate::{
    contract::{Arguments, BoundTable, Function, Param, Result, Session, SqlType, Table, params},
    mixpanel::{Api, Request},
};

pub const ACTIVITY_FEED: Function = Function {
    name: "mixpanel_activity_feed",
    description: "What these users did, event by event. Days from from_date to to_date, inclusive. One request.",
    example: "SELECT * FROM mixpanel_activity_feed(['user-1', 'user-2'], from_date := '2025-01-01', to_date := '2025-01-05');",
    parameters: params![&[DISTINCT_IDS], DAYS, &[RAW], LIVE],
    bind,
    ..Function::PLAIN
};

const DISTINCT_IDS: Param = Param::positional("distinct_ids", SqlType::Any, "the users, a list of texts or numbers");

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let (from, to) = arguments.required_dates("from_date", "to_date")?;
    let raw = arguments.boolean("raw")?.unwrap_or(false);
    let ids = distinct_ids(&arguments)?;
    let request = Request::get(Api::Query, "stream/query")
        .query("distinct_ids", serde_json::json!(ids).to_string())
        .query("from_date", from.to_string())
        .query("to_date", to.to_string());
    let target = target(&arguments, session)?;
    request.url(&target)?;
    let table = Table::new()
        .text_ref("event_name", |event: &FeedEvent| event.name.as_deref())
        .timestamp("event_time", |event| event.time)
        .text_ref("distinct_id", |event| event.distinct_id.as_deref())
        .json_ref("properties", |event| Some(&event.properties));
    Ok(match (raw, ids.is_empty()) {
        // Nobody did anything, which needs no request to be known.
        (true, true) => one_request::raw().of(|| Ok(vec![])),
        (false, true) => table.of(|| Ok(vec![])),
        (true, false) => raw_answer(target, request),
        (false, false) => answered(target, request, feed, table),
    })
}

fn distinct_ids(arguments: &Arguments) -> Result<Vec<String>> {
    arguments.refuse_null("distinct_ids", "name users, like ['user-1'], or give [] for nobody")?;
    Ok(arguments.ids("distinct_ids")?.unwrap_or_default())
}
