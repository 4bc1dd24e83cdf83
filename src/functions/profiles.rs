//! `mixpanel_profiles(...)`: the profiles of users or groups.

use std::sync::Arc;

use super::{
    parameters::{self, COLUMNS, LABEL, QUERY},
    profile_question::{FILTER, WHAT, WHICH, WHOSE, request},
    target, typed_columns,
};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Columns, Filter, Function, Param, Result, Scan, Session, SqlType, params},
    decode::Column,
    fetching::{
        columns,
        profiles::{self, ProfilesRequest, ProfilesScan},
        record,
    },
};

pub const PROFILES: Function = Function {
    name: "mixpanel_profiles",
    description: "Profiles of the project's users, or of a group's members, one row each.",
    example: "CREATE TABLE profiles AS SELECT * FROM mixpanel_profiles(filter := 'properties[\"plan\"] == \"pro\"');",
    parameters: params![WHOSE, &[FILTER], WHAT, WHICH, &[COLUMNS, RAW, MAX_WORKERS, LABEL], QUERY],
    bind,
    takes_filters: true,
    reports_progress: true,
};

pub const MAX_WORKERS: Param =
    Param::named("max_workers", SqlType::BigInt, "Pages fetched at the same time").default("4");
const RAW: Param = parameters::RAW.meaning("Whether to return one column with each profile as Mixpanel sent it");

/// The columns that every call has but one with `raw`.
const FIXED: &[Column] = &[Column::ProfileId, Column::Properties, Column::LastSeen];

/// What the pragmas that keep profiles hand on.
pub const HANDED_ON: &[Param] = params![WHOSE, &[FILTER], WHAT, &[COLUMNS, MAX_WORKERS], QUERY];

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let raw = arguments.boolean("raw")?.unwrap_or(false);
    let typed = typed_columns(&arguments, &columns(FIXED, vec![]).1)?;
    let (outputs, columns) = if raw { columns(&[Column::Profile], vec![]) } else { columns(FIXED, typed) };
    Ok(Box::new(Call {
        request: request(&arguments, session.clock.now().as_second())?,
        max_workers: profiles::WORKERS.of(&arguments)?,
        outputs,
        columns,
        id_column: (!raw).then_some(0),
        arguments: arguments.to_json(),
        target: target(&arguments, session)?,
    }))
}

/// A call with good arguments.
struct Call {
    target: Target,
    request: ProfilesRequest,
    max_workers: usize,
    outputs: Vec<Column>,
    columns: Columns,
    /// The column that conditions can be about, by position.
    id_column: Option<usize>,
    /// For the record of the fetch.
    arguments: String,
}

impl BoundTable for Call {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn scan(&self, projection: &[usize], filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        let outputs: Vec<Column> = projection.iter().filter_map(|&index| self.outputs.get(index).cloned()).collect();
        let request = match self.id_column {
            Some(column) => self.request.clone().narrowed(filters, column),
            None => self.request.clone(),
        };
        let questions = request.questions(self.target.now().as_second());
        let record =
            record::start(PROFILES.name, self.arguments.clone(), questions.len(), self.target.testing.clock.clone());
        // Pages that arrive in any order would undo the server's.
        let max_workers = if request.sort.is_some() { 1 } else { self.max_workers };
        Ok(Arc::new(ProfilesScan::new(self.target.clone(), questions, request.max_rows, max_workers, &outputs, record)))
    }
}
