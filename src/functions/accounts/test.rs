//! `mixpanel_account_test(...)`: does an account work? One request.

use std::sync::Arc;

use arrow_array::{BooleanArray, Int64Array};

use crate::{
    config::{Config, Target},
    contract::{
        Arguments, BoundTable, Code, Columns, Documentation, Error, Parameter, Result, Session, SqlType, TableFunction,
        list_of_texts, rows, texts,
    },
    functions::{account_parameters, overrides},
    mixpanel::{Api, Client, Request, block_on},
};

pub struct Test;

impl TableFunction for Test {
    fn name(&self) -> &'static str {
        "mixpanel_account_test"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Whether an account can read its project, tried with one request. A failure is a row, not an error.",
            example: "SELECT success, account, project_id, region, error FROM mixpanel_account_test(account := 'prod');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        account_parameters().into()
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        session.require_external_access()?;
        let target = Config::process().resolve(&overrides(&arguments)?)?;
        let columns = Columns::new([
            ("success", SqlType::Boolean),
            ("account", SqlType::Varchar),
            ("project_id", SqlType::Varchar),
            ("region", SqlType::Varchar),
            ("events_found", SqlType::BigInt),
            ("error", SqlType::Varchar),
            ("warnings", SqlType::List(Box::new(SqlType::Varchar))),
        ]);
        Ok(rows(columns, move || {
            let found = count_events(&target);
            Ok(vec![
                Arc::new(BooleanArray::from(vec![found.is_ok()])),
                texts([target.account.as_deref()]),
                texts([target.project_id.as_deref()]),
                texts([Some(target.region.to_string())]),
                Arc::new(Int64Array::from(vec![found.as_ref().ok().copied()])),
                texts([found.err().map(|error| error.to_string())]),
                list_of_texts([Some(target.warnings.clone())]),
            ])
        }))
    }
}

/// Names of events, as many as the API tells: `GET /api/query/events/names`.
fn count_events(target: &Target) -> Result<i64> {
    let request = Request::get(Api::Query, "/events/names").query("type", "general");
    let answer = block_on(Client::new(target)?.json(&request))??;
    let names: Vec<serde_json::Value> = serde_json::from_slice(&answer.body).map_err(|error| {
        Error::new(Code::UnexpectedResponse, format!("a list of event names was expected: {error}"))
    })?;
    Ok(names.len() as i64)
}
