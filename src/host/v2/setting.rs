//! How does DuckDB's second C API have a [`Setting`]?

use duckdb_neo::{
    Result,
    connection::{Context, SettingScope},
    custom_option::{CustomOptionBuilder, CustomOptionCallbacks},
    extension::Extension,
    value::Value as DuckDBValue,
};

use super::{contained::contained, types};
use crate::{
    contract::{self, Setting, Value},
    host::place::Place,
};

pub fn register(extension: &Extension, setting: &'static Setting) -> Result<()> {
    let sql_type = types::logical_type(extension, &setting.sql_type)?;
    CustomOptionBuilder::new(setting.name, setting.description, sql_type, Adapter(setting)).register(extension)
}

struct Adapter(&'static Setting);

impl CustomOptionCallbacks for Adapter {
    fn update(
        &self,
        _context: &Context,
        value: DuckDBValue,
        _scope: SettingScope,
        _is_reset: bool,
    ) -> Result<DuckDBValue> {
        contained(Place::Setting, || {
            let Adapter(setting) = self;
            let given = types::constant(&value)?;
            if given.holds_nul() {
                return Err(contract::Error::nul(setting.name).into());
            }
            (setting.check)(&given)?;
            Ok(value)
        })
    }
}

/// The value that holds in this session, where there is one.
pub fn value(context: &Context, setting: &Setting) -> Option<Value> {
    let (value, _) = context.config().ok()?.try_get_value(setting.name).ok()??;
    types::constant(&value).ok().filter(|value| *value != Value::Null)
}
