//! `mixpanel_funnels()`: the saved funnels. `GET /api/query/funnels/list`, cached.

use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Function, Result, Session, Table},
    functions::{listing::listing, parameters::QUERY, target},
    json::{Record, parse},
    known,
    mixpanel::{Api, Request},
};

pub const FUNNELS: Function = Function {
    name: "mixpanel_funnels",
    description: "Saved funnels of the project, one row each. mixpanel_funnel takes their ids.",
    example: "SELECT funnel_id, name FROM mixpanel_funnels();",
    parameters: QUERY,
    bind,
    ..Function::PLAIN
};

/// `[{"funnel_id": 7509, "name": "Signup funnel"}]`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let table = Table::new()
        .bigint("funnel_id", |funnel: &Record| funnel.id("funnel_id"))
        .text("name", |funnel| funnel.text("name"));
    listing(&arguments, target(&arguments, session)?, request(), read, table)
}

fn request() -> Request {
    Request::get(Api::Query, "funnels/list")
}

fn read(text: &str) -> Result<Vec<Record>> {
    Ok(Record::sorted("a funnel", parse(text, "a list of funnels")?, "funnel_id"))
}

/// What a saved funnel is called, from the list of them, which is remembered. `None` where it is not there. Blocks.
pub fn funnel_name(target: &Target, funnel_id: &str) -> Result<Option<String>> {
    let funnels = known::kept_answer(target, &request())?.read(read)?;
    let found = funnels.iter().find(|funnel| funnel.text("funnel_id").is_some_and(|id| id == funnel_id));
    Ok(found.and_then(|funnel| funnel.text("name")))
}
