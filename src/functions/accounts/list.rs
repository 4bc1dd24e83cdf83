//! `mixpanel_accounts()`: the accounts of the environment and the file, without their secrets.

use crate::{
    config::{AccountInfo, Config},
    contract::{Function, Table},
};

pub const ACCOUNTS: Function = Function {
    name: "mixpanel_accounts",
    description: "Mixpanel accounts that this session can use, one row each. Never shows secrets.",
    example: "SELECT name, kind, project_id, region, is_default FROM mixpanel_accounts();",
    bind: |_, session| {
        session.require_external_access()?;
        let table = Table::new()
            .text_ref("name", |account: &AccountInfo| Some(&account.name))
            .text_ref("kind", |account| Some(account.kind?.as_str()))
            .text_ref("username", |account| account.username.as_deref())
            .text_ref("project_id", |account| account.project_id.as_deref())
            .text("region", |account| account.region.map(|region| region.to_string()))
            .boolean("is_default", |account| account.is_default)
            .text_ref("problem", |account| account.problem.as_deref())
            .texts("warnings", |account| account.warnings.clone());
        Ok(table.of(|| Config::process().list()))
    },
    ..Function::PLAIN
};
