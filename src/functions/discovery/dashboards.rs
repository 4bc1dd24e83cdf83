//! `mixpanel_dashboards()`: the dashboards, which the application calls boards.
//! `GET /api/app/projects/{project_id}/dashboards`, or those of a data view, cached.

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

pub const DASHBOARDS: Function = Function {
    name: "mixpanel_dashboards",
    description: "Dashboards (boards) of the project, one row each. mixpanel_dashboard returns the cards of one.",
    example: "SELECT dashboard_id, title, modified FROM mixpanel_dashboards();",
    parameters: params![&[RAW], QUERY],
    bind,
    ..Function::PLAIN
};

/// `{"results": [{"id": 501, "title": "KPIs", "creator_name": "Ada", "created": "2024-09-18T16:39:49", ...}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let request = view_request(&target, "dashboards")?;
    let table = Table::new()
        .bigint("dashboard_id", |board: &Record| board.id("id"))
        .text("title", |board| board.text("title"))
        .text("description", |board| board.text("description"))
        .timestamp("created", |board| board.timestamp("created"))
        .timestamp("modified", |board| board.timestamp("modified"))
        .text("creator_name", |board| board.text("creator_name"))
        .boolean("is_private", |board| board.boolean("is_private"))
        .boolean("is_restricted", |board| board.boolean("is_restricted"))
        .boolean("is_favorited", |board| board.boolean("is_favorited"))
        .timestamp("pinned", |board| board.timestamp("pinned_date"))
        .json("time_filter", |board| board.json("time_filter"))
        .json("filters", |board| board.json("filters"));
    listing(&arguments, target, request, read, table)
}

fn read(text: &str) -> Result<Vec<Record>> {
    let mut boards = Record::list("a dashboard", results(text, "a list of dashboards")?);
    boards.sort_by_cached_key(|board| (board.text("title"), board.bigint("id").ok()));
    Ok(boards)
}
