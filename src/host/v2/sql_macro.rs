//! Where does DuckDB's second C API keep a [`Macro`]? In the system catalog, so that nothing is written to the user's database.

use duckdb_neo::{
    DuckDBType, Result, ToValue,
    connection::FFILink,
    extension::Extension,
    macro_function::{MacroBody, MacroFunctionBuilder},
    signature::{FunctionDocumentationBuilder, FunctionParameter, SignatureBuilder},
    types::List,
    value::Value as DuckDBValue,
};

use super::types;
use crate::contract::{Macro, SqlType, Value};

pub fn register(extension: &Extension, declared: Macro) -> Result<()> {
    let documentation = FunctionDocumentationBuilder::new()
        .description(declared.description)
        .add_example("", declared.example)
        .add_category("mixpanel");
    let mut signature = SignatureBuilder::new().documentation(documentation);
    for (name, default) in declared.parameters {
        let parameter = FunctionParameter::with_type(name, types::logical_type(extension, &SqlType::Any)?);
        signature = signature.param(match default {
            Some(value) => parameter.default_value(Default(value)),
            None => parameter,
        });
    }
    MacroFunctionBuilder::new(declared.name, signature, MacroBody::Table(declared.body.to_owned())).register(extension)
}

/// What a parameter is unless it is given.
struct Default(Value);

impl ToValue for Default {
    fn value<C: FFILink + ?Sized>(&self, link: &C) -> Result<DuckDBValue> {
        match &self.0 {
            Value::Integer(number) => i32::try_from(*number).unwrap_or_default().value(link),
            Value::Text(text) => text.value(link),
            Value::List(items) => {
                let numbers = items.iter().filter_map(|item| match item {
                    Value::Integer(number) => i32::try_from(*number).ok(),
                    _ => None,
                });
                numbers.map(Some).collect::<List<i32>>().value(link)
            }
            _ => DuckDBValue::null(link, &String::logical_type(link)?),
        }
    }
}
