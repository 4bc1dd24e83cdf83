//! `mixpanel_typed_columns(event)`: which columns the properties of an event would be, for `columns` of an export.
//!
//! ```text
//! SET VARIABLE typed = (SELECT columns FROM mixpanel_typed_columns('Purchase'));
//! FROM mixpanel_export(from_date := ..., events := ['Purchase'], columns := getvariable('typed'));
//! ```
//!
//! Their types are those of the definitions (two requests, cached), or what a sample of events has (one request).

use super::{event_properties, property_definitions, sampled_types, subject};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Code, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        parameters::{EVENT, QUERY},
        target,
    },
    known,
    mixpanel::{Api, require_readable},
};

pub const TYPED_COLUMNS: Function = Function {
    name: "mixpanel_typed_columns",
    description: "Returns the properties of an event as typed columns, in one map that mixpanel_export takes as \
                  columns.",
    example: "SELECT columns FROM mixpanel_typed_columns('Purchase');",
    parameters: params![&[EVENT, SAMPLE], QUERY],
    bind,
    ..Function::PLAIN
};

const SAMPLE: Param = Param::named(
    "sample",
    SqlType::BigInt,
    "Number of events of the last 30 days to read the types from, instead of the definitions. At most 100000",
);

/// The most that an export takes as its limit.
const LARGEST_SAMPLE: u64 = 100_000;

/// Columns that an export has already, and the properties that they are made of.
const TAKEN: [&str; 7] = ["event_name", "event_time", "distinct_id", "insert_id", "properties", "time", "$insert_id"];

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let event = subject(&arguments, EVENT.name, "mixpanel_typed_columns('Purchase')")?.to_owned();
    let sample = arguments.count(SAMPLE.name)?;
    if sample.is_some_and(|events| events > LARGEST_SAMPLE) {
        return Err(Error::argument(SAMPLE.name, format!("must be at most {LARGEST_SAMPLE}")));
    }
    let target = target(&arguments, session)?;
    if sample.is_none() {
        require_readable(&target, Api::App)?;
    }
    let table = Table::new().map("columns", |columns: &Vec<(String, String)>| columns.clone());
    Ok(table.asking(move || {
        let found = match sample {
            Some(events) => sampled_types::types(&target, &event, events)?,
            None => defined(&target, &event)?,
        };
        Ok(vec![distinct(found)])
    }))
}

/// Blocks.
fn defined(target: &Target, event: &str) -> Result<Vec<(String, String)>> {
    let names = event_properties::properties_of(target, event)?;
    if names.is_empty() {
        let what = format!("no property of event '{event}' is defined");
        let fix = "Add sample := 1000 to read the types from events instead, or list all properties with \
                   mixpanel_event_properties()";
        return Err(Error::new(Code::NotFound, what).fix(fix));
    }
    let request = property_definitions::request(target, None, Vec::new())?;
    let definitions = known::kept_answer(target, &request)?.read(property_definitions::read)?;
    let kind =
        |name: &String| definitions.iter().find(|property| property.text("name").as_ref() == Some(name))?.text("type");
    let typed = |name: String| {
        let kind = kind(&name);
        (name, sql_type(kind.as_deref()).to_owned())
    };
    Ok(names.into_iter().map(typed).collect())
}

/// What Mixpanel calls a type. A type that is not known is read as text, which holds everything.
fn sql_type(kind: Option<&str>) -> &'static str {
    match kind {
        Some("number") => "DOUBLE",
        Some("boolean") => "BOOLEAN",
        Some("datetime") => "TIMESTAMP",
        Some("list") => "VARCHAR[]",
        Some("object") => "JSON",
        _ => "VARCHAR",
    }
}

/// Without names that an export would refuse: DuckDB's are the same in upper and lower case.
fn distinct(found: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut known: Vec<String> = TAKEN.map(str::to_owned).to_vec();
    let mut is_new = |name: &str| {
        let lower = name.to_lowercase();
        let is_new = !known.contains(&lower);
        known.extend(is_new.then_some(lower));
        is_new
    };
    found.into_iter().filter(|(name, _)| is_new(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_an_export_has_or_would_take_for_the_same_are_left_out() {
        let names = ["Amount", "amount", "time", "$insert_id", "Distinct_ID", "é", "É"];
        let found = distinct(names.map(|name| (name.to_owned(), "VARCHAR".to_owned())).to_vec());
        assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Amount", "é"]);
    }

    #[test]
    fn every_type_is_one_that_columns_takes() {
        for kind in ["number", "boolean", "datetime", "list", "object", "string", "?"] {
            assert!(SqlType::parse(sql_type(Some(kind))).is_ok(), "{kind}");
        }
    }
}
