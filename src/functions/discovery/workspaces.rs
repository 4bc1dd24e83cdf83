//! `mixpanel_workspaces()`: the data views. `GET /api/app/projects/{project_id}/workspaces/public`, cached.

use super::{project_request, results::results};
use crate::{
    contract::{Arguments, BoundTable, Function, Result, Session, Table},
    functions::{listing::listing, parameters::TARGET, target},
    json::Record,
};

pub const WORKSPACES: Function = Function {
    name: "mixpanel_workspaces",
    description: "The data views of a project, whose ids other functions take as workspace_id.",
    example: "SELECT workspace_id, name, is_global FROM mixpanel_workspaces();",
    parameters: TARGET,
    bind,
    ..Function::PLAIN
};

/// `{"results": [{"id": 3001, "name": "All Project Data", "is_global": true}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let request = project_request(&target, "workspaces/public")?;
    let read = |text: &str| Ok(Record::sorted("a workspace", results(text, "a list of workspaces")?, "id"));
    let table = Table::new()
        .bigint("workspace_id", |workspace: &Record| workspace.id("id"))
        .text("name", |workspace| workspace.text("name"))
        .boolean("is_global", |workspace| workspace.boolean("is_global"));
    listing(&arguments, target, request, read, table)
}
