//! `mixpanel_bookmarks(...)`: the saved reports.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, TimestampMicrosecondArray};
use serde_json::{Map, Value};

use super::results::results;
use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, texts,
    },
    functions::{query_parameters, target},
    json::Record,
    known::answer_at_hand,
    mixpanel::{Api, Request, require_readable},
};

/// `GET /api/app/projects/{project_id}/bookmarks?v=2`, or those of a data view, cached.
pub struct Bookmarks;

const TYPES: [&str; 5] = ["insights", "funnels", "retention", "flows", "launch-analysis"];

impl TableFunction for Bookmarks {
    fn name(&self) -> &'static str {
        "mixpanel_bookmarks"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The saved reports of a project, which Mixpanel's API calls bookmarks.",
            example: "SELECT bookmark_id, name, type, modified FROM mixpanel_bookmarks(type := 'funnels');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = vec![Parameter::named("type", SqlType::Varchar)];
        parameters.extend(query_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let report_type = arguments.one_of("type", &TYPES)?;
        let target = target(&arguments, session)?;
        let request = request(&target, report_type)?;
        let columns = Columns::new([
            ("bookmark_id", SqlType::BigInt),
            ("name", SqlType::Varchar),
            ("type", SqlType::Varchar),
            ("description", SqlType::Varchar),
            ("created", SqlType::Timestamp),
            ("modified", SqlType::Timestamp),
            ("creator_name", SqlType::Varchar),
            ("workspace_id", SqlType::BigInt),
            ("dashboard_id", SqlType::BigInt),
        ]);
        Ok(super::cached(target, request, columns, read))
    }
}

fn request(target: &Target, report_type: Option<&str>) -> Result<Request> {
    let request = match &target.workspace_id {
        None => super::project_request(target, "bookmarks")?,
        Some(id) => {
            require_readable(target, Api::App)?;
            Request::get(Api::App, "workspaces").segment(id).segment("bookmarks")
        }
    };
    Ok(request.query("v", "2").query_some("type", report_type))
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
        let items: Vec<Map<String, Value>> = results(&text, "a list of bookmarks").ok()?;
        let record = |item| Record::new("a bookmark", item);
        items.iter().map(record).find(|item| item.id("id") == Ok(bookmark_id))?.text("type")
    })
}

struct Bookmark {
    id: i64,
    name: Option<String>,
    report_type: Option<String>,
    description: Option<String>,
    created: Option<i64>,
    modified: Option<i64>,
    creator_name: Option<String>,
    workspace_id: Option<i64>,
    dashboard_id: Option<i64>,
}

/// `{"results": {"results": [{"id": 8001, "name": "Orders", "type": "insights", "created": "2024-09-18T16:39:49", ...}]}}`
fn read(text: &str) -> Result<Vec<ArrayRef>> {
    let items: Vec<Map<String, Value>> = results(text, "a list of bookmarks")?;
    let bookmark = |item| {
        let record = Record::new("a bookmark", item);
        Ok(Bookmark {
            id: record.id("id")?,
            name: record.text("name"),
            report_type: record.text("type"),
            description: record.text("description"),
            created: record.timestamp("created")?,
            modified: record.timestamp("modified")?,
            creator_name: record.text("creator_name"),
            workspace_id: record.bigint("workspace_id")?,
            dashboard_id: record.bigint("dashboard_id")?,
        })
    };
    let mut bookmarks = items.iter().map(bookmark).collect::<Result<Vec<_>>>()?;
    bookmarks.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let text = |value: fn(&Bookmark) -> &Option<String>| texts(bookmarks.iter().map(|mark| value(mark).as_ref()));
    let number = |value: fn(&Bookmark) -> Option<i64>| Arc::new(bookmarks.iter().map(value).collect::<Int64Array>());
    let moment = |value: fn(&Bookmark) -> Option<i64>| {
        Arc::new(bookmarks.iter().map(value).collect::<TimestampMicrosecondArray>())
    };
    Ok(vec![
        number(|mark| Some(mark.id)),
        text(|mark| &mark.name),
        text(|mark| &mark.report_type),
        text(|mark| &mark.description),
        moment(|mark| mark.created),
        moment(|mark| mark.modified),
        text(|mark| &mark.creator_name),
        number(|mark| mark.workspace_id),
        number(|mark| mark.dashboard_id),
    ])
}
