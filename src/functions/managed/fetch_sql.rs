//! `mixpanel_fetch_sql(table, ...)`: the script that a pragma becomes on DuckDB 2.0, for users of 1.x to run.

use super::{FetchEvents, FetchProfiles, SyncEvents, SyncProfiles};
use crate::contract::{
    Arguments, BoundTable, Columns, Documentation, Error, Parameter, Pragma, Result, Session, SqlType, Statements,
    TableFunction, Value, rows, texts,
};

pub struct FetchSql;

/// The pragma for a type of table, and whether to sync.
fn pragma(kind: &str, sync: bool) -> Box<dyn Pragma> {
    match (kind, sync) {
        ("profiles", false) => Box::new(FetchProfiles),
        ("profiles", true) => Box::new(SyncProfiles),
        (_, false) => Box::new(FetchEvents),
        (_, true) => Box::new(SyncEvents),
    }
}

const KINDS: [&str; 2] = ["events", "profiles"];

impl TableFunction for FetchSql {
    fn name(&self) -> &'static str {
        "mixpanel_fetch_sql"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The SQL that fetches into a kept table, for DuckDB 1.x, which has no pragmas of extensions: one transaction that ends with a row that says what happened.",
            example: "SELECT sql FROM mixpanel_fetch_sql('events', from_date := '2025-01-01', to_date := '2025-01-05');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = vec![
            Parameter::positional("table", SqlType::Varchar),
            Parameter::named("type", SqlType::Varchar),
            Parameter::named("sync", SqlType::Boolean),
        ];
        for (kind, sync) in KINDS.iter().flat_map(|kind| [(kind, false), (kind, true)]) {
            for parameter in pragma(kind, sync).parameters() {
                if parameters.iter().all(|known| known.name != parameter.name) {
                    parameters.push(parameter);
                }
            }
        }
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let kind = arguments.one_of("type", &KINDS)?.unwrap_or("events");
        let sync = arguments.boolean("sync")?.unwrap_or(false);
        let pragma = pragma(kind, sync);
        let own = pragma.parameters();
        if let Some(other) = self.parameters().iter().skip(3).find(|parameter| {
            arguments.get(parameter.name).is_some() && own.iter().all(|known| known.name != parameter.name)
        }) {
            let what = if sync { "a sync" } else { "a fetch" };
            return Err(Error::argument(other.name, format!("means nothing to {what} of {kind}; drop it")));
        }
        let script = pragma.script(arguments.with("type", Value::Null), session)?;
        Ok(rows(Columns::new([("sql", SqlType::Varchar)]), move || Ok(vec![texts([Some(in_transaction(&script))])])))
    }
}

/// All or nothing. The last statement, which says what happened, follows the end of the transaction, so that clients
/// which show the last result show that.
fn in_transaction(Statements { work, report }: &Statements) -> String {
    format!("BEGIN TRANSACTION;\n{work}COMMIT;\n{report}")
}
