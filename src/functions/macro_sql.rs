//! `mixpanel_macro_sql()`: the statements that make the macros, for DuckDB 1.x.

use crate::{
    contract::{Function, Table},
    macros,
};

pub const MACRO_SQL: Function = Function {
    name: "mixpanel_macro_sql",
    description: "Returns the statements that create this extension's macros on DuckDB 1.x. DuckDB 2.x has the macros \
                  already.",
    example: "SELECT name, sql FROM mixpanel_macro_sql();",
    bind: |_, _| {
        Ok(Table::new()
            .text_ref("name", |(name, _): &(&'static str, &'static str)| Some(name))
            .text_ref("sql", |(_, sql)| Some(sql))
            .of(macros::statements))
    },
    ..Function::PLAIN
};
