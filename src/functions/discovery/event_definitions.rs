//! `mixpanel_event_definitions(...)`: the events that are defined, custom ones too.
//! `GET /api/app/projects/{project_id}/data-definitions/events/`, or those of a data view, cached.

use super::{definition::definitions, view_request};
use crate::{
    contract::{Arguments, BoundTable, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        listing::listing,
        parameters::{QUERY, RAW},
        target,
    },
    json::Record,
};

pub const EVENT_DEFINITIONS: Function = Function {
    name: "mixpanel_event_definitions",
    description: "Events defined in the project, custom events included, with their Lexicon entries, one row each.",
    example: "SELECT event_name, description, tags FROM mixpanel_event_definitions();",
    parameters: params![&[NAMES, CUSTOM, RAW], QUERY],
    bind,
    ..Function::PLAIN
};

pub const NAMES: Param = Param::named("names", SqlType::VARCHARS, "Only events with these names");
const CUSTOM: Param = Param::named("custom", SqlType::Boolean, "Whether to return only custom events").default("false");

/// `[{"id": 7001, "name": "Purchase", "displayName": "Order", "verified": true, "tags": ["core"], "customEventId": null, ...}]`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let names = arguments.texts(NAMES.name)?.unwrap_or_default();
    let custom = arguments.boolean(CUSTOM.name)?.unwrap_or(false);
    let target = target(&arguments, session)?;
    let request = view_request(&target, "data-definitions/events")?.slash(true);
    let request = names.into_iter().fold(request, |request, name| request.query("name[]", name));
    let request = request.query_some("custom_event", custom.then_some("true"));
    let read = |text: &str| definitions("the definition of an event", text);
    let table = Table::new()
        .text("event_name", |event: &Record| event.required_text("name"))
        .text("display_name", |event| event.text("display_name"))
        .text("description", |event| event.text("description"))
        .texts("tags", |event| event.names("tags"))
        .boolean("hidden", |event| event.boolean("hidden"))
        .boolean("dropped", |event| event.boolean("dropped"))
        .boolean("merged", |event| event.boolean("merged"))
        .boolean("verified", |event| event.boolean("verified"))
        .text("status", |event| event.text("status"))
        .texts("platforms", |event| event.names("platforms"))
        .bigint("custom_event_id", |event| event.bigint("custom_event_id"))
        .bigint("definition_id", |event| event.bigint("id"))
        .text("created", |event| event.text("created_utc"))
        .text("modified", |event| event.text("modified_utc"))
        .text("last_modified", |event| event.text("last_modified"));
    listing(&arguments, target, request, read, table)
}
