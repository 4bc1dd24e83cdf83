//! `mixpanel_accounts()`: the accounts of the environment and the file, without their secrets.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray};

use crate::{
    config::{AccountInfo, Config},
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction,
        list_of_texts, rows, texts,
    },
};

pub struct Accounts;

impl TableFunction for Accounts {
    fn name(&self) -> &'static str {
        "mixpanel_accounts"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The Mixpanel accounts that this session can use. Secrets are never shown.",
            example: "SELECT name, kind, project_id, region, is_default FROM mixpanel_accounts();",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![]
    }

    fn bind(&self, _arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        session.require_external_access()?;
        let columns = Columns::new([
            ("name", SqlType::Varchar),
            ("kind", SqlType::Varchar),
            ("username", SqlType::Varchar),
            ("project_id", SqlType::Varchar),
            ("region", SqlType::Varchar),
            ("is_default", SqlType::Boolean),
            ("problem", SqlType::Varchar),
            ("warnings", SqlType::List(Box::new(SqlType::Varchar))),
        ]);
        Ok(rows(columns, || Ok(arrays(&Config::process().list()?))))
    }
}

fn arrays(accounts: &[AccountInfo]) -> Vec<ArrayRef> {
    let text = |value: fn(&AccountInfo) -> Option<String>| texts(accounts.iter().map(value));
    vec![
        text(|account| Some(account.name.clone())),
        text(|account| account.kind.map(|kind| kind.as_str().to_string())),
        text(|account| account.username.clone()),
        text(|account| account.project_id.clone()),
        text(|account| account.region.map(|region| region.to_string())),
        Arc::new(accounts.iter().map(|account| Some(account.is_default)).collect::<BooleanArray>()),
        text(|account| account.problem.clone()),
        list_of_texts(accounts.iter().map(|account| Some(account.warnings.iter().collect()))),
    ]
}
