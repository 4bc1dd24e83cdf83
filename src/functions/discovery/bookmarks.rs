//! `mixpanel_bookmarks(...)`: the saved reports.
//! `GET /api/app/projects/{project_id}/bookmarks?v=2`, or those of a data view, cached.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    results::{result, results},
    view_request,
};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::{listing::listing, parameters::QUERY, target},
    json::{Record, parse_object, unexpected},
    known::{self, answer_at_hand},
    mixpanel::Request,
};

pub const BOOKMARKS: Function = Function {
    name: "mixpanel_bookmarks",
    description: "Saved reports of the project, one row each. Mixpanel's API calls them bookmarks.",
    example: "SELECT bookmark_id, name, type, modified FROM mixpanel_bookmarks(type := 'funnels');",
    parameters: params![&[TYPE, BOOKMARK_ID], QUERY],
    bind,
    ..Function::PLAIN
};

const TYPE: Param = Param::named("type", SqlType::Varchar, "Only reports of this type");
/// A number or text.
const BOOKMARK_ID: Param = Param::named("bookmark_id", SqlType::Any, "Only the report with this id");
const TYPES: [&str; 5] = ["insights", "funnels", "retention", "flows", "launch-analysis"];

/// `{"results": {"results": [{"id": 8001, "name": "Orders", "type": "insights", "created": "2024-09-18T16:39:49", ...}]}}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let report_type = arguments.one_of("type", &TYPES)?;
    let id = arguments.whole(BOOKMARK_ID.name)?;
    if id.is_some() && report_type.is_some() {
        return Err(Error::argument(BOOKMARK_ID.name, "cannot be combined with type. Remove one of them"));
    }
    let target = target(&arguments, session)?;
    let request = match id {
        Some(id) => definition_request(&target, id)?,
        None => request(&target, report_type)?,
    };
    let read = move |text: &str| match id {
        Some(_) => Ok(vec![Record::new("a bookmark", result(text, "a bookmark")?)]),
        None => Ok(Record::sorted("a bookmark", results(text, "a list of bookmarks")?, "id")),
    };
    let table = Table::new()
        .bigint("bookmark_id", |mark: &Record| mark.id("id"))
        .text("name", |mark| mark.text("name"))
        .text("type", |mark| mark.text("type"))
        .text("description", |mark| mark.text("description"))
        .timestamp("created", |mark| mark.timestamp("created"))
        .timestamp("modified", |mark| mark.timestamp("modified"))
        .text("creator_name", |mark| mark.text("creator_name"))
        .bigint("workspace_id", |mark| mark.bigint("workspace_id"))
        .bigint("dashboard_id", |mark| mark.bigint("dashboard_id"))
        .json("params", |mark| mark.text("params"));
    listing(&arguments, target, request, read, table)
}

fn request(target: &Target, report_type: Option<&str>) -> Result<Request> {
    Ok(view_request(target, "bookmarks")?.query("v", "2").query_some("type", report_type))
}

/// What a saved report is of (`insights`, `flows`, ...), as far as this is known without a request: from an answer to
/// `mixpanel_bookmarks` that is remembered.
pub fn known_type(target: &Target, bookmark_id: i64) -> Option<String> {
    at_hand(target, bookmark_id)?.text("type")
}

/// A saved report in an answer to `mixpanel_bookmarks` that is remembered.
fn at_hand(target: &Target, bookmark_id: i64) -> Option<Record> {
    let whole_project = Target { workspace_id: None, ..target.clone() };
    let asked = [target, &whole_project]
        .into_iter()
        .flat_map(|target| std::iter::once(None).chain(TYPES.map(Some)).map(move |report_type| (target, report_type)));
    asked.into_iter().find_map(|(target, report_type)| {
        let text = answer_at_hand(target, &request(target, report_type).ok()?)?;
        let items = results(&text, "a list of bookmarks").ok()?;
        Record::list("a bookmark", items).into_iter().find(|item| item.id("id") == Ok(bookmark_id))
    })
}

/// A saved report as it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedDefinition {
    /// `insights`, `flows`, ...
    pub report_type: String,
    /// What Mixpanel calls `params`.
    pub params: Map<String, Value>,
}

/// The request for it. Errors: `InvalidConfig` for credentials that can't read it.
fn definition_request(target: &Target, bookmark_id: i64) -> Result<Request> {
    Ok(view_request(target, "bookmarks")?.segment(bookmark_id.to_string()).query("v", "2"))
}

/// Whether a definition can be asked for at all. Errors: `InvalidConfig`.
pub fn require_definitions(target: &Target) -> Result<()> {
    definition_request(target, 1)?.url(target).map(drop)
}

/// How a report was made: out of an answer to `mixpanel_bookmarks` that is remembered, or requested and remembered as long. Blocks.
pub fn saved_definition(target: &Target, bookmark_id: i64) -> Result<SavedDefinition> {
    if let Some(found) = at_hand(target, bookmark_id).and_then(|record| definition(&record).transpose()) {
        return found;
    }
    let read = |text: &str| -> Result<SavedDefinition> {
        let expected = "a saved report";
        let Wrapped { results } = parse_object(text, expected)?;
        let record = Record::new(expected, results);
        definition(&record)?.ok_or_else(|| unexpected("params of a saved report", "there are none", text))
    };
    known::kept_answer(target, &definition_request(target, bookmark_id)?)?.read(read)
}

#[derive(Deserialize)]
struct Wrapped {
    results: Map<String, Value>,
}

/// `None` where the list has no `params`, or empty ones. Errors: `UnexpectedResponse`.
fn definition(record: &Record) -> Result<Option<SavedDefinition>> {
    let params = record.members("params")?.filter(|params| !params.is_empty());
    params.map(|params| Ok(SavedDefinition { report_type: record.required_text("type")?, params })).transpose()
}
