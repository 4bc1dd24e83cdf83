//! How does DuckDB's second C API call a [`Pragma`]?

use std::sync::Arc;

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
    session::surroundings,
    table::{documentation, parameter},
    types,
};
use crate::{
    contract::{Host, Journal, Pragma},
    host::{contain::Guarded, place::Place},
};

pub fn register(extension: &Extension, pragma: &'static Pragma, host: &Arc<Host>) -> Result<()> {
    let mut signature = SignatureBuilder::new().documentation(documentation(pragma.description, pragma.example));
    for declared in pragma.parameters {
        signature = signature.param(parameter(extension, declared)?);
    }
    let adapter = Adapter(Guarded::new(Place::DropFunction, Registered { pragma, host: Arc::clone(host) }));
    PragmaFunctionBuilder::query(pragma.name, signature, adapter).register(extension)
}

/// A pragma, and the host that it is registered in.
struct Registered {
    pragma: &'static Pragma,
    host: Arc<Host>,
}

/// The core's pragma, with the callback that DuckDB calls.
struct Adapter(Guarded<Registered>);

impl PragmaQueryCallbacks for Adapter {
    fn query(&self, context: &Context, given: BindArguments<'_>) -> Result<String> {
        contained(Place::Pragma, || self.script(context, &given))
    }
}

impl Adapter {
    fn script(&self, context: &Context, given: &BindArguments<'_>) -> Result<String> {
        let Registered { pragma, host } = &*self.0;
        let mut values = Vec::with_capacity(given.len()?);
        for index in 0..given.len()? {
            let name = given.name(index)?;
            let value = given
                .value(index)?
                .ok_or_else(|| Error::invalid_input(format!("[INVALID_ARGUMENT] {name}: must be a constant.")))?;
            let is_not_given = match pragma.parameters.iter().find(|parameter| parameter.name == name) {
                Some(parameter) => types::is_not_given(parameter, &value)?,
                None => false,
            };
            if !is_not_given {
                values.push((name, types::constant(&value)?));
            }
        }
        let script = pragma.call(values, &surroundings(context, Journal::default()).session(host))?;
        Ok(script.work + &script.report)
    }
}
