//! `mixpanel_property_definitions(...)`: the properties that are defined, with types and examples.
//! `GET /api/app/projects/{project_id}/data-definitions/properties/`, or those of a data view, cached.

use super::{definition::definitions, event_definitions::NAMES, view_request};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        listing::listing,
        parameters::{QUERY, RAW},
        target,
    },
    json::Record,
    mixpanel::Request,
};

pub const PROPERTY_DEFINITIONS: Function = Function {
    name: "mixpanel_property_definitions",
    description: "Properties of events or profiles that are defined in the project, with types, descriptions and \
                  examples, one row each.",
    example: "SELECT property_name, type, description, example FROM mixpanel_property_definitions(resource_type := 'event');",
    parameters: params![&[RESOURCE_TYPE, NAMES, DENSITY, RAW], QUERY],
    bind,
    ..Function::PLAIN
};

const RESOURCE_TYPE: Param =
    Param::named("resource_type", SqlType::Varchar, "Owner of the properties: event or user").default("'event'");
const DENSITY: Param = Param::named(
    "density",
    SqlType::Boolean,
    "Whether to add a column with the number of events or profiles that have the property",
)
.default("false");

/// `{"results": [{"id": 1, "name": "Amount", "resourceType": "Event", "type": "number", "exampleValue": "9.5", ...}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let resource = arguments.one_of(RESOURCE_TYPE.name, &["event", "user"])?;
    let names = arguments.texts(NAMES.name)?.unwrap_or_default();
    let density = arguments.boolean(DENSITY.name)?.unwrap_or(false);
    let target = target(&arguments, session)?;
    let request = request(&target, resource, names)?.query_some("includeDensity", density.then_some("true"));
    let mut table = Table::new()
        .text("property_name", |property: &Record| property.required_text("name"))
        .text("resource_type", |property| property.text("resource_type"))
        .text("type", |property| property.text("type"))
        .text("display_name", |property| property.text("display_name"))
        .text("description", |property| property.text("description"))
        .text("example", |property| property.text("example_value"))
        .boolean("hidden", |property| property.boolean("hidden"))
        .boolean("dropped", |property| property.boolean("dropped"))
        .boolean("merged", |property| property.boolean("merged"))
        .boolean("sensitive", |property| property.boolean("sensitive"))
        .text("group_id", |property| property.text("data_group_id"))
        .bigint("custom_property_id", |property| property.bigint("custom_property_id"))
        .bigint("definition_id", |property| property.bigint("id"));
    if density {
        table = table.json("density", |property| property.json("density"));
    }
    listing(&arguments, target, request, read, table)
}

/// All of one kind, unless there are names, which stand alone.
pub fn request(target: &Target, resource: Option<&str>, names: Vec<String>) -> Result<Request> {
    let request = view_request(target, "data-definitions/properties")?.slash(true);
    let whose = |resource: &str| if resource == "user" { "User" } else { "Event" };
    if names.is_empty() {
        let request = request.query("resourceType", whose(resource.unwrap_or("event")));
        return Ok(request.query("includeCustom", "true").query("includeZeroCounts", "true"));
    }
    let request = request.query_some("resourceType", resource.map(whose));
    Ok(names.into_iter().fold(request, |request, name| request.query("name[]", name)))
}

pub fn read(text: &str) -> Result<Vec<Record>> {
    definitions("the definition of a property", text)
}
