//! The SQL surface, one file per family. `catalog.rs` lists what is registered.

pub mod accounts;
pub mod export;
pub mod fetches;
pub mod property;
pub mod quota;
pub mod quote;
pub mod timestamp;
pub mod version;

use crate::{
    config::Overrides,
    contract::{Arguments, Parameter, Result, SqlType},
};

/// What every function that talks to Mixpanel takes besides its own parameters. A project's id may be a number or text.
pub fn account_parameters() -> [Parameter; 3] {
    [
        Parameter::named("account", SqlType::Varchar),
        Parameter::named("project_id", SqlType::Any),
        Parameter::named("region", SqlType::Varchar),
    ]
}

pub fn overrides(arguments: &Arguments) -> Result<Overrides> {
    let text = |name| arguments.text(name).map(|text| text.map(str::to_string));
    Ok(Overrides {
        account: text("account")?,
        project_id: arguments.id("project_id")?,
        region: text("region")?,
        workspace_id: None,
    })
}
