//! `mixpanel_bookmarks(...)`: the saved reports.
//! `GET /api/app/projects/{project_id}/bookmarks?v=2`, or those of a data view, cached.

use super::{results::results, view_request};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Function, Param, Result, Session, SqlType, Table, params},
    functions::{listing::listing, parameters::QUERY, target},
    json::Record,
    known::answer_at_hand,
    mixpanel::Request,
};

pub const BOOKMARKS: Function = Function {
    name: "mixpanel_bookmarks",
    description: "The saved reports of a project, which Mixpanel's API calls bookmarks.",
    example: "SELECT bookmark_id, name, type, modified FROM mixpanel_bookmarks(type := 'funnels');",
    parameters: params![&[TYPE], QUERY],
    bind,
    ..Function::PLAIN
};

const TYPE: Param = Param::named("type", SqlType::Varchar, "only reports of this type");
const TYPES: [&str; 5] = ["insights", "funnels", "retention", "flows", "launch-analysis"];

/// `{"results": {"results": [{"id": 8001, "name": "Orders", "type": "insights", "created": "2024-09-18T16:39:49", ...}]}}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let report_type = arguments.one_of("type", &TYPES)?;
    let target = target(&arguments, session)?;
    let request = request(&target, report_type)?;
    let read = |text: &str| Ok(Record::sorted("a bookmark", results(text, "a list of bookmarks")?, "id"));
    let table = Table::new()
        .bigint("bookmark_id", |mark: &Record| mark.id("id"))
        .text("name", |mark| mark.text("name"))
        .text("type", |mark| mark.text("type"))
        .text("description", |mark| mark.text("description"))
        .timestamp("created", |mark| mark.timestamp("created"))
        .timestamp("modified", |mark| mark.timestamp("modified"))
        .text("creator_name", |mark| mark.text("creator_name"))
        .bigint("workspace_id", |mark| mark.bigint("workspace_id"))
        .bigint("dashboard_id", |mark| mark.bigint("dashboard_id"));
    listing(&arguments, target, request, read, table)
}

fn request(target: &Target, report_type: Option<&str>) -> Result<Request> {
    Ok(view_request(target, "bookmarks")?.query("v", "2").query_some("type", report_type))
}

/// What a saved report is of (`insights`, `flows`, ...), as far as this is known without a request: from an answer to
/// `mixpanel_bookmarks` that is kept.
pub fn known_type(target: &Target, bookmark_id: i64) -> Option<String> {
    let whole_project = Target { workspace_id: None, ..target.clone() };
    let asked = [target, &whole_project]
        .into_iter()
        .flat_map(|target| std::iter::once(None).chain(TYPES.map(Some)).map(move |report_type| (target, report_type)));
    asked.into_iter().find_map(|(target, report_type)| {
        let text = answer_at_hand(target, &request(target, report_type).ok()?)?;
        let items = results(&text, "a list of bookmarks").ok()?;
        Record::list("a bookmark", items).iter().find(|item| item.id("id") == Ok(bookmark_id))?.text("type")
    })
}
