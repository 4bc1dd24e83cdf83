//! `mixpanel_workspaces()`: the data views.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array};
use serde_json::{Map, Value};

use super::results::results;
use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, texts,
    },
    functions::{account_parameters, target},
    json::Record,
};

/// `GET /api/app/projects/{project_id}/workspaces/public`, cached.
pub struct Workspaces;

impl TableFunction for Workspaces {
    fn name(&self) -> &'static str {
        "mixpanel_workspaces"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The data views of a project, whose ids other functions take as workspace_id.",
            example: "SELECT workspace_id, name, is_global FROM mixpanel_workspaces();",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        account_parameters().into()
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let target = target(&arguments, session)?;
        let request = super::project_request(&target, "workspaces/public")?;
        let columns = Columns::new([
            ("workspace_id", SqlType::BigInt),
            ("name", SqlType::Varchar),
            ("is_global", SqlType::Boolean),
        ]);
        Ok(super::cached(target, request, columns, read))
    }
}

/// `{"results": [{"id": 3001, "name": "All Project Data", "is_global": true}]}`
fn read(text: &str) -> Result<Vec<ArrayRef>> {
    let items: Vec<Map<String, Value>> = results(text, "a list of workspaces")?;
    let workspace = |item| {
        let record = Record::new("a workspace", item);
        Ok((record.text("name"), record.id("id")?, record.boolean("is_global")?))
    };
    let mut workspaces = items.iter().map(workspace).collect::<Result<Vec<_>>>()?;
    workspaces.sort();
    Ok(vec![
        Arc::new(workspaces.iter().map(|(_, id, _)| *id).collect::<Int64Array>()),
        texts(workspaces.iter().map(|(name, ..)| name.as_ref())),
        Arc::new(workspaces.iter().map(|(.., is_global)| *is_global).collect::<BooleanArray>()),
    ])
}
