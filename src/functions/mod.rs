//! The SQL surface, one file per family. `catalog.rs` lists what is registered.

pub mod accounts;
pub mod export;
pub mod fetches;
pub mod quota;
pub mod quote;
pub mod version;

use crate::{
    config::Overrides,
    contract::{Arguments, Parameter, Result, SqlType},
};

/// What every function that talks to Mixpanel takes besides its own parameters.
pub fn account_parameters() -> [Parameter; 3] {
    ["account", "project_id", "region"].map(|name| Parameter::named(name, SqlType::Varchar))
}

pub fn overrides(arguments: &Arguments) -> Result<Overrides> {
    let text = |name| arguments.text(name).map(|text| text.map(str::to_string));
    Ok(Overrides { account: text("account")?, project_id: text("project_id")?, region: text("region")?, workspace_id: None })
}
