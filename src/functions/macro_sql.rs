//! `mixpanel_macro_sql()`: the statements that make the macros, for DuckDB 1.x.

use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, rows, texts,
    },
    macros,
};

pub struct MacroSql;

impl TableFunction for MacroSql {
    fn name(&self) -> &'static str {
        "mixpanel_macro_sql"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The statements that make this extension's macros, for DuckDB 1.x; on 2.0 they are there already.",
            example: "SELECT name, sql FROM mixpanel_macro_sql();",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![]
    }

    fn bind(&self, _arguments: Arguments, _session: Session) -> Result<Box<dyn BoundTable>> {
        let columns = [("name", SqlType::Varchar), ("sql", SqlType::Varchar)];
        Ok(rows(Columns::new(columns), || {
            let statements = macros::statements()?;
            Ok(vec![
                texts(statements.iter().map(|(name, _)| Some(name))),
                texts(statements.iter().map(|(_, sql)| Some(sql))),
            ])
        }))
    }
}
