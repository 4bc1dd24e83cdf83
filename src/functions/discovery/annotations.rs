//! `mixpanel_annotations(...)`: the notes that people have pinned to dates.
//! `GET /api/app/projects/{project_id}/annotations`, cached.

use super::{project_request, results::results};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        listing::listing,
        parameters::{DAYS, RAW, TARGET},
        target,
    },
    json::Record,
};

pub const ANNOTATIONS: Function = Function {
    name: "mixpanel_annotations",
    description: "Annotations of the project's charts, one row each: all of them, or those between two dates.",
    example: "SELECT date, description, tags FROM mixpanel_annotations(from_date := '2025-01-01', to_date := '2025-01-31');",
    parameters: params![DAYS, &[TAGS, RAW], TARGET],
    bind,
    ..Function::PLAIN
};

const TAGS: Param = Param::named(
    "tags",
    SqlType::Any,
    "Only annotations with one of these tags, as a list of ids from mixpanel_annotation_tags",
);

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let (from, to) = arguments.dates("from_date", "to_date")?;
    let tags = tags(&arguments)?;
    let target = target(&arguments, session)?;
    let request = project_request(&target, "annotations")?
        .query_some("fromDate", from.map(|date| date.to_string()))
        .query_some("toDate", to.map(|date| date.to_string()))
        .query_some("tags", tags);
    let table = Table::new()
        .bigint("annotation_id", |note: &Record| note.id("id"))
        .timestamp("date", |note| note.required_timestamp("date"))
        .text("description", |note| note.text("description"))
        .text("user_name", |note| Ok(note.record("user")?.as_ref().and_then(full_name)))
        .texts("tags", |note| note.names("tags"));
    listing(&arguments, target, request, read, table)
}

/// The ids, as the route takes them: `1,2`.
fn tags(arguments: &Arguments) -> Result<Option<String>> {
    let Some(ids) = arguments.ids(TAGS.name)? else { return Ok(None) };
    if ids.is_empty() || !ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_digit())) {
        let problem = "must be a list of ids, like tags := [1, 2]. mixpanel_annotation_tags() lists them";
        return Err(Error::argument(TAGS.name, problem));
    }
    Ok(Some(ids.join(",")))
}

/// `{"results": [{"id": 902, "date": "2025-01-01 12:00:00", "user": {"first_name": "Ada", ...}, "tags": [{"name": "x"}]}]}`
fn read(text: &str) -> Result<Vec<Record>> {
    let mut notes = Record::list("an annotation", results(text, "a list of annotations")?);
    notes.sort_by_cached_key(|note| (note.timestamp("date").ok(), note.bigint("id").ok()));
    Ok(notes)
}

fn full_name(user: &Record) -> Option<String> {
    let parts = ["first_name", "last_name"].into_iter().filter_map(|part| user.text(part));
    let name = parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}
