//! `mixpanel_fetch_sql(table, ...)`: the script that a pragma becomes on DuckDB 2.0, for users of 1.x to run.

use super::{
    ADOPT, FETCH_EVENTS, FETCH_PROFILES, SYNC_EVENTS, SYNC_PROFILES,
    adopt::{ASKED, KINDS, TYPE},
    events::LOOKBACK,
    profiles::DELETE_MISSING,
    steps::{MODE, TABLE},
};
use crate::{
    contract::{
        Arguments, BoundTable, Error, Function, Param, Pragma, Result, Session, SqlType, Statements, Table, Value,
        params,
    },
    functions::{
        export,
        parameters::{DAYS, MAX_ROWS, WORKSPACE_ID},
        profile_question::{WHAT, WHOSE},
    },
};

pub const FETCH_SQL: Function = Function {
    name: "mixpanel_fetch_sql",
    description: "Returns the SQL that fetches into a managed table, for DuckDB 1.x, where extensions have no pragmas. \
                  It is one transaction and ends with a row about the fetch.",
    example: "SELECT sql FROM mixpanel_fetch_sql('events', from_date := '2025-01-01', to_date := '2025-01-05');",
    parameters: params![OWN, THEIRS],
    bind,
    ..Function::PLAIN
};

/// What says which pragma.
const OWN: &[Param] = &[
    TABLE,
    TYPE,
    Param::named("sync", SqlType::Boolean, "Whether to sync the table instead of fetching into it"),
    Param::named(
        "adopt",
        SqlType::Boolean,
        "Whether to turn an existing table into a managed table instead of fetching into it",
    ),
];

/// What the pragmas take, each once. Settings are applied by the pragma that is meant: the others may not know them.
const THEIRS: &[Param] = &Param::without_settings(*params![
    DAYS,
    export::HANDED_ON,
    MODE,
    &[MAX_ROWS, LOOKBACK, ASKED],
    WHOSE,
    WHAT,
    &[WORKSPACE_ID, DELETE_MISSING],
]);

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let kind = arguments.one_of("type", &KINDS)?.unwrap_or("events");
    let sync = arguments.boolean("sync")?.unwrap_or(false);
    let adopt = arguments.boolean("adopt")?.unwrap_or(false);
    if sync && adopt {
        return Err(Error::argument("adopt", "cannot be combined with sync := true. Remove one of them"));
    }
    let pragma = if adopt { ADOPT } else { pragma(kind, sync) };
    let is_meant = |name: &str| pragma.parameters.iter().any(|known| known.name == name);
    if let Some(other) = THEIRS.iter().find(|param| arguments.get(param.name).is_some() && !is_meant(param.name)) {
        let what = match (sync, adopt) {
            (true, _) => "a sync",
            (_, true) => "an adoption",
            _ => "a fetch",
        };
        return Err(Error::argument(other.name, format!("does not apply to {what} of {kind}. Remove it")));
    }
    let arguments = if adopt { arguments } else { arguments.with("type", Value::Null) };
    let script = pragma.statements(arguments, session)?;
    let table = Table::new().text("sql", in_transaction);
    Ok(table.of(move || Ok(vec![script.clone()])))
}

/// The pragma for a type of table, and whether to sync.
fn pragma(kind: &str, sync: bool) -> Pragma {
    match (kind, sync) {
        ("profiles", false) => FETCH_PROFILES,
        ("profiles", true) => SYNC_PROFILES,
        (_, false) => FETCH_EVENTS,
        (_, true) => SYNC_EVENTS,
    }
}

/// All or nothing. The last statement, which says what happened, follows the end of the transaction, so that clients
/// which show the last result show that.
fn in_transaction(Statements { work, report }: &Statements) -> String {
    format!("BEGIN TRANSACTION;\n{work}COMMIT;\n{report}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_pragma_takes_can_be_said() {
        for pragma in KINDS.into_iter().flat_map(|kind| [pragma(kind, false), pragma(kind, true)]).chain([ADOPT]) {
            for param in pragma.parameters {
                assert!(
                    FETCH_SQL.parameters.iter().any(|own| own.name == param.name && own.sql_type == param.sql_type),
                    "{} of {}",
                    param.name,
                    pragma.name
                );
            }
        }
    }
}
