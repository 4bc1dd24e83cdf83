//! `mixpanel_custom_properties()`: the properties that are made of others, and how.
//! `GET /api/app/projects/{project_id}/custom_properties/`, or those of a data view, cached.

use super::{results::results, view_request};
use crate::{
    contract::{Arguments, BoundTable, Function, Result, Session, Table, params},
    functions::{
        listing::listing,
        parameters::{QUERY, RAW},
        target,
    },
    json::Record,
};

pub const CUSTOM_PROPERTIES: Function = Function {
    name: "mixpanel_custom_properties",
    description: "Custom properties of the project with their formulas, one row each.",
    example: "SELECT custom_property_id, name, formula FROM mixpanel_custom_properties();",
    parameters: params![&[RAW], QUERY],
    bind,
    ..Function::PLAIN
};

/// `{"results": [{"customPropertyId": 30001, "name": "Margin", "resourceType": "events", "displayFormula": "A*B", ...}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let request = view_request(&target, "custom_properties")?.slash(true);
    let table = Table::new()
        .bigint("custom_property_id", |property: &Record| property.id("custom_property_id"))
        .text("name", |property| property.text("name"))
        .text("resource_type", |property| property.text("resource_type"))
        .text("type", |property| property.text("property_type"))
        .text("description", |property| property.text("description"))
        .text("formula", |property| property.text("display_formula"))
        .json("composed_properties", |property| property.json("composed_properties"))
        .boolean("is_locked", |property| property.boolean("is_locked"))
        .boolean("is_visible", |property| property.boolean("is_visible"))
        .text("group_id", |property| property.text("data_group_id"))
        .text("example", |property| property.text("example_value"))
        .text("created", |property| property.text("created"))
        .text("modified", |property| property.text("modified"));
    listing(&arguments, target, request, read, table)
}

fn read(text: &str) -> Result<Vec<Record>> {
    let found = Record::list("a custom property", results(text, "a list of custom properties")?);
    let mut found: Vec<Record> = found.into_iter().map(Record::in_snake_case).collect();
    found.sort_by_cached_key(|property| (property.text("name"), property.bigint("custom_property_id").ok()));
    Ok(found)
}
