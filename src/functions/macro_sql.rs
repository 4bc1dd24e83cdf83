//! `mixpanel_macro_sql()`: the statements that make the macros, for DuckDB 1.x.

use crate::{
    contract::{Function, Table},
    macros,
};

pub const MACRO_SQL: Function = Function {
    name: "mixpanel_macro_sql",
    description: "The statements that make this extension's macros, for DuckDB 1.x; on 2.0 they are there already.",
    example: "SELECT name, sql FROM mixpanel_macro_sql();",
    bind: |_, _| {
        Ok(Table::new()
            .text_ref("name", |(name, _): &(&'static str, &'static str)| Some(name))
            .text_ref("sql", |(_, sql)| Some(sql))
            .of(macros::statements))
    },
    ..Function::PLAIN
};
