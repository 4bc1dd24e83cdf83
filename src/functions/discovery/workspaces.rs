//! `mixpanel_workspaces()`: the data views. `GET /api/app/projects/{project_id}/workspaces/public`, cached.

use super::{project_request, results::results};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Code, Error, Function, Result, Session, Table},
    functions::{listing::listing, parameters::TARGET, target},
    json::Record,
    known,
};

pub const WORKSPACES: Function = Function {
    name: "mixpanel_workspaces",
    description: "Data views of the project, one row each. Other functions take their ids as workspace_id.",
    example: "SELECT workspace_id, name, is_global FROM mixpanel_workspaces();",
    parameters: TARGET,
    bind,
    ..Function::PLAIN
};

const ROUTE: &str = "workspaces/public";

const NAME_ONE: &str = "This request needs a data view. Add workspace_id := ... to save the request that looks it up";

fn read(text: &str) -> Result<Vec<Record>> {
    Ok(Record::sorted("a workspace", results(text, "a list of workspaces")?, "id"))
}

/// `{"results": [{"id": 3001, "name": "All Project Data", "is_global": true}]}`
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let request = project_request(&target, ROUTE)?;
    let table = Table::new()
        .bigint("workspace_id", |workspace: &Record| workspace.id("id"))
        .text("name", |workspace| workspace.text("name"))
        .boolean("is_global", |workspace| workspace.boolean("is_global"));
    listing(&arguments, target, request, read, table)
}

/// The id of the data view that has all data, for questions that must name one. Blocks: takes a request of the app API,
/// unless the answer is remembered.
///
/// Errors: `NotFound` where the project has none; what a request can fail with.
pub fn of_all_data(target: &Target) -> Result<String> {
    let found = || {
        let request = project_request(target, ROUTE)?;
        let views = known::kept_answer(target, &request)?.read(read)?;
        let is = |name: &'static str| move |view: &&Record| view.boolean(name) == Ok(Some(true));
        let found =
            views.iter().find(is("is_global")).or_else(|| views.iter().find(is("is_default"))).or(views.first());
        found.map(|view| view.id("id").map(|id| id.to_string())).transpose()?.ok_or_else(|| {
            Error::new(Code::NotFound, "Mixpanel lists no data view of the project").fix("Add workspace_id := ...")
        })
    };
    found().map_err(|error| match error.code() {
        Code::InvalidConfig | Code::PermissionDenied => error.also(NAME_ONE),
        _ => error,
    })
}
