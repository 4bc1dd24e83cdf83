//! `mixpanel_feature_flags(...)`: the feature flags, and who gets which variant.
//! `GET /api/app/projects/{project_id}/workspaces/{workspace_id}/feature-flags/`, cached.
//!
//! The route is of a data view. Where the call names none, it is the one that has all data, which takes a question of its own.

use super::{project_request, results::results, workspaces};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Function, Result, Session, Table, params},
    functions::{
        listing::listing_of,
        parameters::{INCLUDE_ARCHIVED, QUERY, RAW},
        target,
    },
    json::Record,
    mixpanel::{Api, Request, require_readable},
};

pub const FEATURE_FLAGS: Function = Function {
    name: "mixpanel_feature_flags",
    description: "Feature flags of the project with their variants and rollout, one row each.",
    example: "SELECT flag_id, key, name, status FROM mixpanel_feature_flags();",
    parameters: params![&[INCLUDE_ARCHIVED, RAW], QUERY],
    bind,
    ..Function::PLAIN
};

/// `{"results": [{"id": "f-0001", "key": "new_checkout", "status": "enabled", "ruleset": {"variants": [...], ...}, ...}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    require_readable(&target, Api::App)?;
    let archived = arguments.boolean(INCLUDE_ARCHIVED.name)?.unwrap_or(false);
    let read = |text: &str| Ok(Record::sorted("a feature flag", results(text, "a list of feature flags")?, "id"));
    let table = Table::new()
        .text("flag_id", |flag: &Record| flag.required_text("id"))
        .text("key", |flag| flag.text("key"))
        .text("name", |flag| flag.text("name"))
        .text("status", |flag| flag.text("status"))
        .text("description", |flag| flag.text("description"))
        .text("context", |flag| flag.text("context"))
        .text("serving_method", |flag| flag.text("serving_method"))
        .texts("tags", |flag| flag.names("tags"))
        .text("experiment_id", |flag| flag.text("experiment_id"))
        .timestamp("created", |flag| flag.timestamp("created"))
        .timestamp("modified", |flag| flag.timestamp("modified"))
        .text("creator_name", |flag| flag.text("creator_name"))
        .json("ruleset", |flag| flag.json("ruleset"));
    listing_of(&arguments, target, move |target| request(target, archived), read, table)
}

/// Blocks where the data view is not known.
fn request(target: &Target, archived: bool) -> Result<Request> {
    let view = match &target.workspace_id {
        Some(id) => id.clone(),
        None => workspaces::of_all_data(target)?,
    };
    let request = project_request(target, "workspaces")?.segment(view).segment("feature-flags").slash(true);
    Ok(request.query_some("include_archived", archived.then_some("true")))
}
