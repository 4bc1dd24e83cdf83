//! `mixpanel_cohorts()`: the saved cohorts. `POST /api/query/cohorts/list`, cached.

use crate::{
    contract::{Arguments, BoundTable, Function, Result, Session, Table},
    functions::{listing::listing, parameters::QUERY, target},
    json::{Record, parse},
    mixpanel::{Api, Request},
};

pub const COHORTS: Function = Function {
    name: "mixpanel_cohorts",
    description: "The saved cohorts of a project. count is what Mixpanel last counted and may be old.",
    example: "SELECT cohort_id, name, count, created FROM mixpanel_cohorts();",
    parameters: QUERY,
    bind,
    ..Function::PLAIN
};

/// `[{"id": 1000, "name": "Cohort One", "count": 150, "is_visible": 1, "created": "2019-03-19 23:49:51", ...}]`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let read = |text: &str| Ok(Record::sorted("a cohort", parse(text, "a list of cohorts")?, "id"));
    let table = Table::new()
        .bigint("cohort_id", |cohort: &Record| cohort.id("id"))
        .text("name", |cohort| cohort.text("name"))
        .bigint("count", |cohort| cohort.bigint("count"))
        .text("description", |cohort| cohort.text("description"))
        .timestamp("created", |cohort| cohort.timestamp("created"))
        .boolean("is_visible", |cohort| cohort.boolean("is_visible"))
        .text("group_id", |cohort| cohort.text("data_group_id"));
    listing(&arguments, target(&arguments, session)?, Request::post(Api::Query, "cohorts/list"), read, table)
}
