//! `mixpanel_experiments(...)`: the experiments, and what they have found so far.
//! `GET /api/app/projects/{project_id}/experiments/`, or those of a data view, cached.

use super::{results::results, view_request};
use crate::{
    contract::{Arguments, BoundTable, Function, Result, Session, Table, params},
    functions::{
        listing::listing,
        parameters::{INCLUDE_ARCHIVED, QUERY, RAW},
        target,
    },
    json::Record,
};

pub const EXPERIMENTS: Function = Function {
    name: "mixpanel_experiments",
    description: "Experiments of the project with the results that Mixpanel computed last, one row each.",
    example: "SELECT experiment_id, name, status, start_date FROM mixpanel_experiments();",
    parameters: params![&[INCLUDE_ARCHIVED, RAW], QUERY],
    bind,
    ..Function::PLAIN
};

/// `{"results": [{"id": "e-0001", "name": "New checkout", "status": "active", "variants": [...], "results_cache": {...}, ...}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let archived = arguments.boolean(INCLUDE_ARCHIVED.name)?.unwrap_or(false);
    let request = view_request(&target, "experiments")?.slash(true);
    let request = request.query_some("include_archived", archived.then_some("true"));
    let read = |text: &str| Ok(Record::sorted("an experiment", results(text, "a list of experiments")?, "id"));
    let table = Table::new()
        .text("experiment_id", |experiment: &Record| experiment.required_text("id"))
        .text("name", |experiment| experiment.text("name"))
        .text("status", |experiment| experiment.text("status"))
        .text("description", |experiment| experiment.text("description"))
        .text("hypothesis", |experiment| experiment.text("hypothesis"))
        .timestamp("start_date", |experiment| experiment.timestamp("start_date"))
        .timestamp("end_date", |experiment| experiment.timestamp("end_date"))
        .timestamp("created", |experiment| experiment.timestamp("created"))
        .texts("tags", |experiment| experiment.names("tags"))
        .json("variants", |experiment| experiment.json("variants"))
        .json("metrics", |experiment| experiment.json("metrics"))
        .json("settings", |experiment| experiment.json("settings"))
        .json("exposures", |experiment| experiment.json("exposures_cache"))
        .json("results", |experiment| experiment.json("results_cache"))
        .json("feature_flag", |experiment| experiment.json("feature_flag"));
    listing(&arguments, target, request, read, table)
}
