//! `CALL mixpanel_account_add(...)`, `_remove(...)` and `_use(...)`: the accounts file, changed from SQL.

use crate::{
    config::{Config, NewAccount, Secret, Written},
    contract::{Arguments, BoundTable, Function, Param, Result, SqlType, Table},
};

/// Adds an account to the file.
pub const ADD: Function = Function {
    name: "mixpanel_account_add",
    description: "Adds an account to the accounts file (~/.mp/config.toml). The first account becomes the default.",
    example: "CALL mixpanel_account_add('prod', username := 'name.abc123.mp-service-account', secret := '...', project_id := '12345', region := 'eu');",
    // Of any type, though texts are wanted: another type would be an error of binding.
    parameters: &[
        Param::positional("name", SqlType::Any, "Name of the new account"),
        Param::named("username", SqlType::Any, "Username of a service account"),
        Param::named("secret", SqlType::Any, "Secret of a service account or of a project"),
        Param::named("token", SqlType::Any, "OAuth token"),
        Param::named("project_id", SqlType::Any, "Project of calls that name no project"),
        Param::named("region", SqlType::Any, "Region of the project: us, eu or in"),
    ],
    // DuckDB shows the statement beside an error of binding, and this one holds a secret: nothing is an error before rows
    // are asked for.
    bind: |arguments, session| {
        let access = session.require_external_access();
        Ok(changed(move || {
            access.clone()?;
            let account = new_account(&arguments)?;
            Ok((account.name.clone(), Config::process().add(&account)?))
        }))
    },
    ..Function::PLAIN
};

/// Removes an account from the file.
pub const REMOVE: Function = Function {
    name: "mixpanel_account_remove",
    description: "Removes an account from the accounts file.",
    example: "CALL mixpanel_account_remove('prod');",
    parameters: &[NAME],
    bind: |arguments, session| {
        session.require_external_access()?;
        let name = arguments.required_text("name")?.to_string();
        Ok(changed(move || Ok((name.clone(), Config::process().remove(&name)?))))
    },
    ..Function::PLAIN
};

/// Makes an account the default.
pub const USE: Function = Function {
    name: "mixpanel_account_use",
    description: "Makes an account of the accounts file the default for calls that name no account.",
    example: "CALL mixpanel_account_use('prod');",
    parameters: &[NAME],
    bind: |arguments, session| {
        session.require_external_access()?;
        let name = arguments.required_text("name")?.to_string();
        Ok(changed(move || Ok((name.clone(), Config::process().select(&name)?))))
    },
    ..Function::PLAIN
};

const NAME: Param = Param::positional("name", SqlType::Varchar, "Name of the account in the accounts file");

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

/// The one row that says what a change came to. The change happens when the row is asked for, not at bind.
fn changed(change: impl Fn() -> Result<(String, Written)> + Send + Sync + 'static) -> Box<dyn BoundTable> {
    Table::new()
        .text_ref("account", |(name, _): &(String, Written)| Some(name))
        .text_ref("default_account", |(_, written)| written.default.as_deref())
        .texts("warnings", |(_, written)| written.warnings.clone())
        .of(move || Ok(vec![change()?]))
}
