//! `mixpanel_cohorts()`: the saved cohorts. `POST /api/query/cohorts/list`, cached.

use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Function, Result, Session, Table},
    functions::{listing::listing, parameters::QUERY, target},
    json::{Record, parse},
    known,
    mixpanel::{Api, Request},
};

pub const COHORTS: Function = Function {
    name: "mixpanel_cohorts",
    description: "Saved cohorts of the project, one row each. count is Mixpanel's last count and may be out of date.",
    example: "SELECT cohort_id, name, count, created FROM mixpanel_cohorts();",
    parameters: QUERY,
    bind,
    ..Function::PLAIN
};

fn request() -> Request {
    Request::post(Api::Query, "cohorts/list")
}

fn read(text: &str) -> Result<Vec<Record>> {
    Ok(Record::sorted("a cohort", parse(text, "a list of cohorts")?, "id"))
}

/// All saved cohorts, as `mixpanel_cohorts()` knows them. Takes a request, unless the answer is remembered.
pub fn saved_cohorts(target: &Target) -> Result<Vec<Record>> {
    known::kept_answer(target, &request())?.read(read)
}

/// `[{"id": 1000, "name": "Cohort One", "count": 150, "is_visible": 1, "created": "2019-03-19 23:49:51", ...}]`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let table = Table::new()
        .bigint("cohort_id", |cohort: &Record| cohort.id("id"))
        .text("name", |cohort| cohort.text("name"))
        .bigint("count", |cohort| cohort.bigint("count"))
        .text("description", |cohort| cohort.text("description"))
        .timestamp("created", |cohort| cohort.timestamp("created"))
        .boolean("is_visible", |cohort| cohort.boolean("is_visible"))
        .text("group_id", |cohort| cohort.text("data_group_id"));
    listing(&arguments, target(&arguments, session)?, request(), read, table)
}
