//! `mixpanel_funnels()`: the saved funnels. `GET /api/query/funnels/list`, cached.

use crate::{
    contract::{Arguments, BoundTable, Function, Result, Session, Table},
    functions::{listing::listing, parameters::QUERY, target},
    json::{Record, parse},
    mixpanel::{Api, Request},
};

pub const FUNNELS: Function = Function {
    name: "mixpanel_funnels",
    description: "The saved funnels of a project, with the ids that mixpanel_funnel takes.",
    example: "SELECT funnel_id, name FROM mixpanel_funnels();",
    parameters: QUERY,
    bind,
    ..Function::PLAIN
};

/// `[{"funnel_id": 7509, "name": "Signup funnel"}]`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let read = |text: &str| Ok(Record::sorted("a funnel", parse(text, "a list of funnels")?, "funnel_id"));
    let table = Table::new()
        .bigint("funnel_id", |funnel: &Record| funnel.id("funnel_id"))
        .text("name", |funnel| funnel.text("name"));
    listing(&arguments, target(&arguments, session)?, Request::get(Api::Query, "funnels/list"), read, table)
}
