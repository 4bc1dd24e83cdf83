//! `mixpanel_event_properties()`: which property is on which event, all of them in one request.
//! `GET /api/query/data_definitions/events`, cached.

use super::results::bare_or_results;
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Function, Result, Session, Table, params},
    functions::{
        listing::listing,
        parameters::{QUERY, RAW},
        target,
    },
    json::Record,
    known,
    mixpanel::{Api, Request},
};

pub const EVENT_PROPERTIES: Function = Function {
    name: "mixpanel_event_properties",
    description: "Returns one row per event and property that occur together. One request.",
    example: "SELECT event_name, property_name FROM mixpanel_event_properties();",
    parameters: params![&[RAW], QUERY],
    bind,
    ..Function::PLAIN
};

/// An event, and a property that it has; an event without any stands alone.
struct Edge {
    event: String,
    property: Option<String>,
}

/// `{"results": [{"name": "Purchase", "properties": [{"name": "Amount"}]}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let table = Table::new()
        .text_ref("event_name", |edge: &Edge| Some(&edge.event))
        .text_ref("property_name", |edge| edge.property.as_deref());
    listing(&arguments, target, request(), read, table)
}

fn request() -> Request {
    Request::get(Api::Query, "data_definitions/events").query("fetch_per_event_properties", "true")
}

/// The properties of one event, by name. Blocks.
///
/// Errors: what a request can fail with.
pub fn properties_of(target: &Target, event: &str) -> Result<Vec<String>> {
    let edges = known::kept_answer(target, &request())?.read(read)?;
    Ok(edges.into_iter().filter(|edge| edge.event == event).filter_map(|edge| edge.property).collect())
}

fn read(text: &str) -> Result<Vec<Edge>> {
    let mut edges = Vec::new();
    for event in Record::list("an event", bare_or_results(text, "a list of events with their properties")?) {
        let name = event.required_text("name")?;
        let properties = event.names("properties")?.unwrap_or_default();
        if properties.is_empty() {
            edges.push(Edge { event: name.clone(), property: None });
        }
        edges.extend(properties.into_iter().map(|property| Edge { event: name.clone(), property: Some(property) }));
    }
    edges.sort_by(|a, b| (&a.event, &a.property).cmp(&(&b.event, &b.property)));
    Ok(edges)
}
