//! A [`Pragma`] in DuckDB's second C API.

use duckdb_neo::{
    Error, Result,
    bind_arguments::BindArguments,
    connection::Context,
    extension::Extension,
    pragma_function::{PragmaFunctionBuilder, PragmaQueryCallbacks},
    signature::SignatureBuilder,
};

use super::{
    contained::contained,
    table::{arguments, documentation, external_access, parameter},
    types,
};
use crate::{
    config::Config,
    contract::{Pragma, Session},
    host::{contain::Guarded, place::Place},
};

pub fn register(extension: &Extension, pragma: Box<dyn Pragma>) -> Result<()> {
    let mut signature = SignatureBuilder::new().documentation(documentation(&pragma.documentation()));
    for declared in pragma.parameters() {
        signature = signature.param(parameter(extension, &declared)?);
    }
    let adapter = Adapter(Guarded::new(Place::DropFunction, pragma));
    PragmaFunctionBuilder::query(adapter.0.name(), signature, adapter).register(extension)
}

/// The core's pragma, with the callback that DuckDB calls.
struct Adapter(Guarded<Box<dyn Pragma>>);

impl PragmaQueryCallbacks for Adapter {
    fn query(&self, context: &Context, given: BindArguments<'_>) -> Result<String> {
        contained(Place::Pragma, || self.script(context, &given))
    }
}

impl Adapter {
    fn script(&self, context: &Context, given: &BindArguments<'_>) -> Result<String> {
        let parameters = self.0.parameters();
        let mut values = Vec::with_capacity(given.len()?);
        for index in 0..given.len()? {
            let name = given.name(index)?;
            let value = given
                .value(index)?
                .ok_or_else(|| Error::invalid_input(format!("[INVALID_ARGUMENT] {name}: must be a constant.")))?;
            let is_not_given = match parameters.iter().find(|parameter| parameter.name == name) {
                Some(parameter) => types::is_not_given(parameter, &value)?,
                None => false,
            };
            if !is_not_given {
                values.push((name, types::constant(&value)?));
            }
        }
        let session = Session {
            external_access: external_access(context),
            pushes_filters: true,
            clock: Config::process().clock(),
        };
        let script = self.0.script(arguments(context, self.0.name(), &parameters, values)?, session)?;
        Ok(script.work + &script.report)
    }
}
