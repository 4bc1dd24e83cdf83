//! `PRAGMA mixpanel_drop(...)`: a managed table and its history, gone.

use super::steps::{label, own, text};
use crate::{
    contract::{Arguments, Code, Error, Param, Pragma, Result, Session, SqlType, Statements, Value},
    kept::{Script, TableName, literal},
};

/// Drops managed tables. A pragma learns nothing from the database before it becomes SQL, so that "all of them" has to be
/// said as a list: `SET VARIABLE kept = (SELECT list('"' || replace(name, '"', '""') || '"') FROM mixpanel_tables())` first, then
/// `PRAGMA mixpanel_drop(getvariable('kept'))`.
pub const DROP: Pragma = Pragma {
    name: "mixpanel_drop",
    description: "Drops one managed table or a list of them, and deletes their entries in _metadata.",
    example: "PRAGMA mixpanel_drop('events');",
    parameters: &[Param::positional("tables", SqlType::Any, "Name of the table, or a list of names")],
    script: statements,
};

fn statements(arguments: &Arguments, _session: &Session) -> Result<Statements> {
    let names = match arguments.get("tables") {
        Some(Value::List(names)) if names.is_empty() => {
            return Err(Error::argument("tables", "is an empty list. Name at least one table"));
        }
        Some(Value::List(_)) => arguments.texts("tables")?.unwrap_or_default(),
        _ => vec![arguments.required_text("tables")?.to_owned()],
    };
    let tables = names.iter().map(|name| TableName::read("tables", name)).collect::<Result<Vec<_>>>()?;
    let mut script = Script::default();
    script.set("own", own(&label()));
    for table in &tables {
        let not_kept = Error::new(Code::TableNotFound, format!("{table} is not a managed table"))
            .fix("mixpanel_tables() lists the managed tables. Drop any other table with DROP TABLE");
        let hidden = Error::new(Code::WrongTable, format!("{table} is a view or a temporary table"))
            .fix("Drop it with DROP VIEW or DROP TABLE. The managed table of that name is visible again after that");
        script
            .set("table", table.sql())
            .set("metadata", table.metadata())
            .set("turn", table.turn())
            .set("is_this", table.is_this())
            .set("not_kept", literal(&not_kept.to_string()))
            .set("condition", table.condition())
            .set("hidden", literal(&hidden.to_string()))
            .add(text!("must_be_a_table"))?
            .add(text!("must_be_listed"))?
            .add(text!("one_at_a_time"))?
            .add(text!("drop"))?;
    }
    let dropped = tables.iter().map(|table| literal(&table.to_string())).collect::<Vec<_>>().join(", ");
    let work = script.add(text!("forget_variables"))?.finish();
    Ok(Statements {
        work,
        report: script.set("dropped", format!("[{dropped}]")).add("SELECT unnest({{dropped}}) AS dropped;\n")?.finish(),
    })
}
