//! `CALL mixpanel_account_add(...)`, `_remove(...)` and `_use(...)`: the accounts file, changed from SQL.

use crate::{
    config::{Config, NewAccount, Secret, Written},
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction,
        list_of_texts, rows, texts,
    },
};

/// Adds an account to the file.
pub struct Add;

impl TableFunction for Add {
    fn name(&self) -> &'static str {
        "mixpanel_account_add"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Adds an account to the accounts file (~/.mp/config.toml). The first one becomes the default.",
            example: "CALL mixpanel_account_add('prod', username := 'name.abc123.mp-service-account', secret := '...', project_id := '12345', region := 'eu');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        // Of any type, though texts are wanted: another type would be an error of binding.
        let named = ["username", "secret", "token", "project_id", "region"];
        let named = named.map(|name| Parameter::named(name, SqlType::Any));
        [Parameter::positional("name", SqlType::Any)].into_iter().chain(named).collect()
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        // DuckDB shows the statement beside an error of binding, and this one holds a secret: nothing is an error
        // before rows are asked for.
        Ok(changed(move || {
            session.require_external_access()?;
            let account = new_account(&arguments)?;
            Ok((account.name.clone(), Config::process().add(&account)?))
        }))
    }
}

fn new_account(arguments: &Arguments) -> Result<NewAccount> {
    let text = |name| arguments.text(name).map(|text| text.map(str::to_string));
    Ok(NewAccount {
        name: arguments.required_text("name")?.to_string(),
        username: text("username")?,
        secret: text("secret")?.map(Secret::new),
        token: text("token")?.map(Secret::new),
        project_id: arguments.id("project_id")?,
        region: text("region")?,
    })
}

/// Removes an account from the file.
pub struct Remove;

impl TableFunction for Remove {
    fn name(&self) -> &'static str {
        "mixpanel_account_remove"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Removes an account from the accounts file.",
            example: "CALL mixpanel_account_remove('prod');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::positional("name", SqlType::Varchar)]
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        session.require_external_access()?;
        let name = arguments.required_text("name")?.to_string();
        Ok(changed(move || Ok((name.clone(), Config::process().remove(&name)?))))
    }
}

/// Makes an account the default.
pub struct Use;

impl TableFunction for Use {
    fn name(&self) -> &'static str {
        "mixpanel_account_use"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Makes an account of the accounts file the default for calls that name none.",
            example: "CALL mixpanel_account_use('prod');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::positional("name", SqlType::Varchar)]
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        session.require_external_access()?;
        let name = arguments.required_text("name")?.to_string();
        Ok(changed(move || Ok((name.clone(), Config::process().select(&name)?))))
    }
}

/// The one row that says what a change came to. The change happens when the row is asked for, not at bind.
fn changed(change: impl Fn() -> Result<(String, Written)> + Send + Sync + 'static) -> Box<dyn BoundTable> {
    let columns = Columns::new([
        ("account", SqlType::Varchar),
        ("default_account", SqlType::Varchar),
        ("warnings", SqlType::List(Box::new(SqlType::Varchar))),
    ]);
    rows(columns, move || {
        let (name, written) = change()?;
        Ok(vec![texts([Some(name)]), texts([written.default]), list_of_texts([Some(written.warnings)])])
    })
}
