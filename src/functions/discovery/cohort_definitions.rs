//! `mixpanel_cohort_definitions(...)`: the saved cohorts, and who belongs to them.
//! `GET /api/app/projects/{project_id}/cohorts`, or those of a data view, cached.

use super::{results::results, view_request};
use crate::{
    contract::{Arguments, BoundTable, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        listing::listing,
        parameters::{QUERY, RAW},
        target,
    },
    json::Record,
};

pub const COHORT_DEFINITIONS: Function = Function {
    name: "mixpanel_cohort_definitions",
    description: "Saved cohorts of the project with their definitions, as Mixpanel's app API returns them, one row \
                  each.",
    example: "SELECT cohort_id, name, definition FROM mixpanel_cohort_definitions();",
    parameters: params![&[GROUP_ID, RAW], QUERY],
    bind,
    ..Function::PLAIN
};

const GROUP_ID: Param = Param::named("group_id", SqlType::Any, "Only cohorts of this group");

/// What the application writes beside a cohort's name to say who is in it.
const DEFINITION: [&str; 3] = ["selector", "behaviors", "groups"];

/// `{"results": [{"id": 1001, "name": "Buyers", "count": 7, "is_visible": true, "selector": {...}, "behaviors": {...}}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let group = arguments.id(GROUP_ID.name)?;
    let target = target(&arguments, session)?;
    let request = view_request(&target, "cohorts")?.query_some("data_group_id", group);
    let read = |text: &str| Ok(Record::sorted("a cohort", results(text, "a list of cohorts")?, "id"));
    let table = Table::new()
        .bigint("cohort_id", |cohort: &Record| cohort.id("id"))
        .text("name", |cohort| cohort.text("name"))
        .text("description", |cohort| cohort.text("description"))
        .bigint("count", |cohort| cohort.bigint("count"))
        .boolean("is_visible", |cohort| cohort.boolean("is_visible"))
        .boolean("is_locked", |cohort| cohort.boolean("is_locked"))
        .boolean("verified", |cohort| cohort.boolean("verified"))
        .text("group_id", |cohort| cohort.text("data_group_id"))
        .text("creator_name", |cohort| Ok(cohort.record("created_by")?.and_then(|user| user.text("name"))))
        .text("last_edited", |cohort| cohort.text("last_edited"))
        .text("last_queried", |cohort| cohort.text("last_queried"))
        .json("definition", definition);
    listing(&arguments, target, request, read, table)
}

fn definition(cohort: &Record) -> Option<String> {
    cohort.json("definition").or_else(|| cohort.json_of(&DEFINITION))
}
