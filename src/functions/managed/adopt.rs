//! `PRAGMA mixpanel_adopt(...)`: a table that was made without this history is kept from now on. No request is made.

use super::{
    events,
    steps::{EVENTS, PROFILES as KIND, Steps, TABLE, TableKind, asked, own, text, text_or_null},
};
use crate::{
    contract::{Arguments, Code, Error, Param, Pragma, Result, Session, SqlType, Statements, Value, params},
    functions::{
        export::QUESTION,
        parameters::{COLUMNS, DAYS, TARGET},
        profiles::PROFILES,
        target,
    },
    kept::{literal, value},
};

/// Takes over a table that `CREATE TABLE AS` made, or that `mixpanel_data`, the Python library, made.
pub const ADOPT: Pragma = Pragma {
    name: "mixpanel_adopt",
    description: "Turns a table that CREATE TABLE AS made of an export, or that the Python library mixpanel_data made, \
                  into a managed table: records in _metadata which days it holds and when they were fetched. Makes no \
                  request.",
    example: "PRAGMA mixpanel_adopt('january', from_date = '2025-01-01', to_date = '2025-01-05');",
    parameters: params![&[TABLE, TYPE], DAYS, &[ASKED], QUESTION, &[COLUMNS], TARGET],
    script: statements,
};

pub const TYPE: Param =
    Param::named("type", SqlType::Varchar, "Content of the table: events or profiles").default("'events'");
pub const ASKED: Param = Param::named("asked", SqlType::Timestamp, "When the rows were fetched, in UTC")
    .default("the moment that the Python library noted, or else the time of the newest event within the days");

/// The types, as `type` says them.
pub const KINDS: [&str; 2] = ["events", "profiles"];

fn statements(arguments: &Arguments, session: &Session) -> Result<Statements> {
    let asked = match arguments.get("asked") {
        None => None,
        Some(Value::Timestamp(moment)) => Some(*moment),
        Some(_) => return Err(Error::argument("asked", "must be a TIMESTAMP, like '2025-01-31 09:00:00'")),
    };
    if asked.is_some_and(|moment| moment > session.clock.now().as_microsecond()) {
        return Err(Error::argument("asked", "must not be in the future"));
    }
    let asked_at = asked.map_or("NULL::TIMESTAMP".into(), |moment| value(&Value::Timestamp(moment)));
    let is_profiles = arguments.one_of("type", &KINDS)? == Some("profiles");
    match is_profiles {
        true => adopt_profiles(arguments, session, asked_at),
        false => adopt_events(arguments, session, asked_at),
    }
}

fn adopt_events(arguments: &Arguments, session: &Session, asked_at: String) -> Result<Statements> {
    let (from, to) = arguments.dates("from_date", "to_date")?;
    let mut steps = events::validated(arguments, session, Steps::before_history)?;
    begin(&mut steps, EVENTS, asked_at)?;
    let days_unknown = Error::argument(
        "from_date",
        "and to_date are missing: no history records which days the table holds. Add both",
    );
    let asked_unknown = Error::argument(
        "asked",
        "is missing: the table has no event on these days that shows when they were fetched. Add asked := TIMESTAMP \
         '...'",
    );
    let or_null = |date: Option<_>| date.map_or("NULL::DATE".into(), events::day);
    let days = format!("getvariable('{}_days')", own(&steps.label));
    // The days that came all have one moment.
    let own = own(&steps.label);
    let asked = asked(&own, &format!("getvariable('{own}_asked')"));
    steps
        .script
        .set("from_date", or_null(from))
        .set("to_date", or_null(to))
        .set("first_day", format!("{days}.first"))
        .set("last_day", format!("{days}.last"))
        .set("latest_day", events::day(events::latest_day(arguments.text("time_zone")?, session.clock.now())?))
        .set("days_unknown", literal(&days_unknown.to_string()))
        .set("asked_unknown", literal(&asked_unknown.to_string()))
        .set("asked", asked)
        .set("target", steps.table.sql());
    events::set_day_bounds(&mut steps, arguments.text("time_zone")?);
    events::same_time_zone(&mut steps, arguments)?;
    steps.script.add(text!("adopt_events"))?.add(text!("deduplicate_events"))?;
    finish(&mut steps, arguments)
}

fn adopt_profiles(arguments: &Arguments, session: &Session, asked_at: String) -> Result<Statements> {
    let of_events = params![
        DAYS,
        &[Param::named("events", SqlType::VARCHARS, ""), Param::named("time_zone", SqlType::Varchar, "")]
    ];
    if let Some(other) = of_events.iter().find(|param| arguments.get(param.name).is_some()) {
        return Err(Error::argument(other.name, "does not apply to profiles. Remove it"));
    }
    let table = arguments.required_text("table")?;
    let profiles = (PROFILES.bind)(arguments.clone(), session)?;
    let mut steps = Steps::before_history(table, KIND, profiles.columns(), &target(arguments, session)?)?;
    let now = value(&Value::Timestamp(session.clock.now().as_microsecond()));
    steps
        .script
        .set("filter_events", "NULL")
        .set("filter_where", text_or_null(arguments.text("filter")?))
        .set("first_day", "NULL::DATE")
        .set("last_day", "NULL::DATE")
        .set("now", now);
    begin(&mut steps, KIND, asked_at)?;
    steps.script.add(text!("adopt_profiles"))?;
    finish(&mut steps, arguments)
}

/// The history, and the table as it has to be.
fn begin(steps: &mut Steps, kind: TableKind, asked_at: String) -> Result<()> {
    let kept = Error::new(Code::TableExists, format!("table {} is already a managed table", steps.table))
        .fix("Fetch into it or sync it. mixpanel_tables() lists it");
    let type_name = kind.type_name;
    let other = Error::new(
        Code::WrongTable,
        format!("table {} does not hold {type_name}, according to its history", steps.table),
    )
    .fix("Use the other type: type = 'events' or 'profiles'");
    steps
        .script
        .set("asked_at", asked_at)
        .set("kept_already", literal(&kept.to_string()))
        .set("other_type", literal(&other.to_string()))
        .add(text!("metadata"))?
        .add(text!("adopt_history"))?
        .add(text!("one_at_a_time"))?
        .add(text!("must_be_a_table"))?;
    steps.must_exist("Create tables with mixpanel_fetch_events or mixpanel_fetch_profiles".to_owned())?;
    steps.script.add(text!("explained"))?.add(text!("adopt"))?;
    // What was appended to it must go with what is adopted.
    steps.same_project()?;
    Ok(())
}

fn finish(steps: &mut Steps, arguments: &Arguments) -> Result<Statements> {
    // As a fetch has them: the time zone is part of the question.
    let noted = arguments.clone().with("label", Value::Text(steps.label.clone())).to_json();
    steps.script.set("arguments", literal(&noted)).add(text!("record_adopted"))?;
    steps.end()
}
