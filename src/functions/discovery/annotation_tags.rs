//! `mixpanel_annotation_tags()`: the tags that notes on dates can have.
//! `GET /api/app/projects/{project_id}/annotations/tags`, cached.

use super::{project_request, results::results};
use crate::{
    contract::{Arguments, BoundTable, Function, Result, Session, Table, params},
    functions::{
        listing::listing,
        parameters::{RAW, TARGET},
        target,
    },
    json::Record,
};

pub const ANNOTATION_TAGS: Function = Function {
    name: "mixpanel_annotation_tags",
    description: "Annotation tags of the project, one row each. mixpanel_annotations takes their ids as tags.",
    example: "SELECT tag_id, name, has_annotations FROM mixpanel_annotation_tags();",
    parameters: params![&[RAW], TARGET],
    bind,
    ..Function::PLAIN
};

/// `{"results": [{"id": 1, "name": "releases", "has_annotations": true}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let request = project_request(&target, "annotations/tags")?;
    let read = |text: &str| Ok(Record::sorted("a tag", results(text, "a list of tags")?, "id"));
    let table = Table::new()
        .bigint("tag_id", |tag: &Record| tag.id("id"))
        .text("name", |tag| tag.text("name"))
        .boolean("has_annotations", |tag| tag.boolean("has_annotations"));
    listing(&arguments, target, request, read, table)
}
