//! `mixpanel_lookup_tables(...)`: which lookup tables there are.
//! `GET /api/app/projects/{project_id}/data-definitions/lookup-tables/`, or those of a data view, cached.

use super::{results::results, view_request};
use crate::{
    contract::{Arguments, BoundTable, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        listing::listing,
        one_request,
        parameters::{QUERY, RAW},
        target,
    },
    json::{Record, without_secrets},
    known,
};

pub const LOOKUP_TABLES: Function = Function {
    name: "mixpanel_lookup_tables",
    description: "Lookup tables of the project, one row each. mixpanel_lookup_table returns the rows of one.",
    example: "SELECT lookup_table_id, name, modified FROM mixpanel_lookup_tables();",
    parameters: params![&[DATA_GROUP_ID, RAW], QUERY],
    bind,
    ..Function::PLAIN
};

const DATA_GROUP_ID: Param =
    Param::named("data_group_id", SqlType::Any, "Only the table of this data group, as a number or text");

/// `{"results": [{"id": 610, "name": "Products", "token": "...", "createdAt": "2025-01-01T00:00:00Z", ...}]}`
///
/// Nothing shows the token.
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let group = arguments.whole(DATA_GROUP_ID.name)?.map(|id| id.to_string());
    let target = target(&arguments, session)?;
    let request =
        view_request(&target, "data-definitions/lookup-tables")?.slash(true).query_some("data-group-id", group);
    if arguments.boolean(RAW.name)?.unwrap_or(false) {
        let whole = move || Ok(vec![known::kept_answer(&target, &request)?.read(without_secrets)?]);
        return Ok(one_request::raw().asking(whole));
    }
    let table = Table::new()
        .bigint("lookup_table_id", |table: &Record| table.id("id"))
        .text("name", |table| table.text("name"))
        .bigint("data_group_id", |table| table.bigint("data_group_id"))
        .timestamp("created", |table| table.timestamp("created_at"))
        .timestamp("modified", |table| table.timestamp("last_modified_at"))
        .boolean("has_mapped_properties", |table| table.boolean("has_mapped_properties"));
    listing(&arguments, target, request, read, table)
}

fn read(text: &str) -> Result<Vec<Record>> {
    let tables = Record::sorted("a lookup table", results(text, "a list of lookup tables")?, "id");
    Ok(tables.into_iter().map(Record::in_snake_case).collect())
}
