//! `PRAGMA mixpanel_fetch_events(...)` and `PRAGMA mixpanel_sync_events(...)`: events into a table that is kept.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::steps::{EVENTS as KIND, MODE, Mode, Steps, TABLE, TableKind, mode, own, text, text_or_null};
use crate::{
    config::Target,
    contract::{Arguments, Code, Columns, Error, Param, Pragma, Result, Session, SqlType, Statements, Value, params},
    fetching::events::plan::Today,
    functions::{
        export::{EXPORT, HANDED_ON},
        named_time_zone,
        parameters::{DAYS, MAX_ROWS},
        target,
    },
    kept::{literal, value},
};

/// Fetches a range of days.
pub const FETCH_EVENTS: Pragma = Pragma {
    name: KIND.pragma,
    description: "Fetches events into a managed table and records the fetch in _metadata: all or nothing, and each \
                  event once. An existing table needs append or replace.",
    example: "PRAGMA mixpanel_fetch_events('events', from_date = '2025-01-01', to_date = '2025-01-05');",
    parameters: params![&[TABLE], DAYS, HANDED_ON, &[MAX_ROWS], MODE],
    script: fetch,
};

fn fetch(arguments: &Arguments, session: &Session) -> Result<Statements> {
    let (from, to) = arguments.required_dates("from_date", "to_date")?;
    let mode = mode(arguments)?;
    if mode == Mode::Append && arguments.get("max_rows").is_some() {
        return Err(Error::argument(
            "max_rows",
            "cannot be combined with append = true, because part of a day would replace the whole day. Remove one of \
             them",
        ));
    }
    let mut steps = begin(arguments, session)?;
    if arguments.get("max_rows").is_some() {
        // Which of its days are whole, nobody knows.
        steps.script.set("asked", "'{}'::JSON");
    }
    if mode == Mode::Append {
        same_time_zone(&mut steps, arguments)?;
        same_custom_events(&mut steps, arguments)?;
    }
    set_day_bounds(&mut steps, arguments.text("time_zone")?);
    steps.fetch(arguments, params![HANDED_ON, DAYS, &[MAX_ROWS]], &[]);
    if mode == Mode::Append {
        steps.script.add(text!("days_known"))?;
    }
    steps.rows(mode)?;
    // Days that have not begun are not asked for, so nobody misses them.
    let begun = to.min(latest_day(arguments.text("time_zone")?, session.clock.now())?);
    steps.script.set("first_day", day(from)).set("last_day", day(begun.max(from)));
    if mode == Mode::Append {
        steps.script.add(text!("explained"))?.add(text!("replaces_days"))?;
        merge(&mut steps, arguments)?;
    } else {
        let table = steps.table.sql();
        steps.script.set("target", table).add(text!("deduplicate_events"))?;
    }
    steps.finish()
}

/// Stops where the table's times mean something else.
pub fn same_time_zone(steps: &mut Steps, arguments: &Arguments) -> Result<()> {
    let other =
        Error::new(Code::WrongTable, format!("table {} holds events fetched with another time_zone", steps.table))
            .fix("Use the same time_zone, or another table. Times of different zones do not compare");
    steps
        .script
        .set("time_zone", text_or_null(arguments.text("time_zone")?))
        .set("other_time_zone", literal(&other.to_string()))
        .add(text!("same_time_zone"))?;
    Ok(())
}

/// Stops where custom events would stand for some of the table's rows, if there are any among the events.
fn same_custom_events(steps: &mut Steps, arguments: &Arguments) -> Result<()> {
    let events = arguments.texts("events")?.unwrap_or_default();
    let Some(custom) = events.iter().find(|event| event.starts_with("$custom_event:")) else { return Ok(()) };
    let other = Error::new(
        Code::WrongTable,
        format!(
            "table {} holds other events, and which of them {custom} is made of cannot be told afterwards",
            steps.table
        ),
    )
    .fix("Keep the custom event in a table of its own, with the same events each time");
    steps.script.set("custom_events", literal(&other.to_string())).add(text!("same_custom_events"))?;
    Ok(())
}

/// Fetches what is missing, and again what was fetched too early.
pub const SYNC_EVENTS: Pragma = Pragma {
    name: "mixpanel_sync_events",
    description: "Brings a managed table of events up to date. Fetches and replaces the days that no fetch has covered \
                  yet, and the days that were fetched less than lookback_days after their end.",
    example: "PRAGMA mixpanel_sync_events('events', from_date = '2025-01-01', to_date = '2025-01-05');",
    parameters: params![&[TABLE], DAYS, &[LOOKBACK], HANDED_ON],
    script: sync,
};

fn sync(arguments: &Arguments, session: &Session) -> Result<Statements> {
    let (from, to) = arguments.dates("from_date", "to_date")?;
    let zone = arguments.text("time_zone")?;
    let lookback = match arguments.get("lookback_days") {
        None => LOOKBACK_DAYS,
        Some(Value::Integer(days @ 0..)) => (*days).min(MAX_LOOKBACK_DAYS),
        Some(_) => return Err(Error::argument("lookback_days", "must be 0 or more")),
    };
    let to = match to {
        Some(to) => to.min(latest_day(zone, session.clock.now())?),
        None => {
            let today = today(zone, session.clock.now())?;
            if let Some(from) = from.filter(|from| *from > today) {
                return Err(Error::argument(
                    "from_date",
                    format!("{from} is after today, {today}. Choose an earlier day"),
                ));
            }
            today
        }
    };
    let mut steps = begin(arguments, session)?;
    let days = format!("getvariable('{}_days')", own(&steps.label));
    let filter = arguments.text("filter")?;
    let max_age = match arguments.interval("max_age")? {
        Some(max_age) => max_age,
        None => target(arguments, session)?.keeping.max_age,
    };
    steps
        .script
        .set("is_fresh", is_fresh(max_age, session.clock.now()))
        .set("from_date", from.map_or("NULL::DATE".into(), day))
        .set("to_date", day(to))
        .set("lookback_days", lookback.to_string())
        .set("time_zone", text_or_null(zone))
        .set("day_finished", finished(zone))
        .set("first_day", format!("list_min({days})"))
        .set("last_day", format!("list_max({days})"));
    set_day_bounds(&mut steps, zone);
    checks(&mut steps, filter.is_some())?;
    same_custom_events(&mut steps, arguments)?;
    steps.fetch(arguments, HANDED_ON, &[format!("days := {days}")]);
    steps.script.add(text!("days_known"))?.add(text!("uncovered_days"))?;
    steps.stage()?;
    // The checks have seen to it that nothing else brought rows of these days.
    steps.script.add("SET VARIABLE {{own}}_replaces = true;\n")?;
    merge(&mut steps, arguments)?;
    steps.finish()
}

/// A day is fetched again until it was fetched so many days after its end, unless `lookback_days` says otherwise: mobile
/// apps send what they gathered up to five days late.
const LOOKBACK_DAYS: i128 = 5;
pub const LOOKBACK: Param =
    Param::named("lookback_days", SqlType::BigInt, "Days after its end until which a day is fetched again")
        .default("5");
/// More than there are days in the calendar.
const MAX_LOOKBACK_DAYS: i128 = 4_000_000;

/// A day as SQL.
pub fn day(date: Date) -> String {
    value(&Value::Date(Value::days(date)))
}

/// The moment at which the day in an expression begins, in UTC: midnight of the time zone that the times were converted
/// from.
fn begin_of(day: &str, zone: Option<&str>) -> String {
    match zone {
        Some(zone) => format!("mixpanel_utc({day}::TIMESTAMP, {})", literal(zone)),
        None => format!("{day}::TIMESTAMP"),
    }
}

/// Whether what was asked for lately will do. To the script, now is when it was made: an age of nothing is none of what came since.
fn is_fresh(max_age: SignedDuration, now: Timestamp) -> String {
    match now.checked_sub(max_age) {
        Ok(oldest) if !max_age.is_zero() => format!("asked_at > {}", value(&Value::Timestamp(oldest.as_microsecond()))),
        Ok(_) => "false".into(),
        Err(_) => "true".into(),
    }
}

/// When nothing of a day is missing but what devices send late: it is over (somewhere on earth a day lasts until noon of the
/// next one in UTC), and an export lags by up to 45 minutes.
fn finished(zone: Option<&str>) -> String {
    let hours = if zone.is_some() { 1 } else { 13 };
    format!("{} + INTERVAL {hours} HOUR", begin_of("(day + 1)", zone))
}

pub fn set_day_bounds(steps: &mut Steps, zone: Option<&str>) {
    steps.script.set("day_begins", begin_of("day", zone)).set("day_ends", begin_of("(day + 1)", zone));
}

/// What could not be had, as a list.
const FAILED_RANGES: &str = r#"from_json(failed_ranges, '[{"range": "VARCHAR", "error": "VARCHAR"}]')"#;

/// Puts the staged rows in the place of the table's rows of the same days, as far as they answer the same question, and leaves
/// alone what is the same in both.
fn merge(steps: &mut Steps, arguments: &Arguments) -> Result<()> {
    let staged = format!("{}_staged", own(&steps.label));
    let filtered = match arguments.get("events") {
        Some(events) => format!("list_contains({}, kept.event_name)", value(events)),
        None => "true".into(),
    };
    steps.script.set("target", staged).set("filtered", filtered);
    let empty = Error::new(
        Code::UnexpectedResponse,
        "Mixpanel returned no events of these days, but the table has some and keeps them",
    )
    .fix("The next sync requests these days again. If Mixpanel is right, DELETE the rows");
    steps.script.set("empty_answer", literal(&empty.to_string()));
    for text in [text!("deduplicate_events"), text!("days_brought"), text!("merge_events"), text!("write_staged")] {
        steps.script.add(text)?;
    }
    let left_out = format!("getvariable('{}_left_out')", own(&steps.label));
    steps.script.set("failed_ranges", format!("to_json(list_concat({FAILED_RANGES}, {left_out}))"));
    Ok(())
}

/// What must be so before anything is fetched.
fn checks(steps: &mut Steps, has_filter: bool) -> Result<()> {
    let table = &steps.table;
    let from_missing = Error::argument(
        "from_date",
        format!("is missing: table {table} does not exist yet. Add the first day to fetch"),
    );
    let from_unknown = Error::argument(
        "from_date",
        format!(
            "is missing: nothing was fetched into table {table} with this filter, events and time_zone yet. Add the \
             first day to fetch"
        ),
    );
    let unknown = Error::new(
        Code::WrongTable,
        format!(
            "table {table} was not created by mixpanel_fetch_events or mixpanel_sync_events, so its days are not known"
        ),
    )
    .fix(
        "Adopt it with PRAGMA mixpanel_adopt, or with mixpanel_fetch_sql(..., adopt := true) on DuckDB 1.x. Or \
         choose another name",
    );
    let filters = Error::new(
        Code::WrongTable,
        format!(
            "table {table} holds events fetched with another filter or time \
             zone, so a sync cannot tell which rows of a day to replace"
        ),
    )
    .fix("Sync with the same filter and time_zone, or into another table");
    steps
        .script
        .set("from_missing", literal(&from_missing.to_string()))
        .set("from_unknown", literal(&from_unknown.to_string()))
        .set("mixed", literal(&filters.to_string()))
        .set("has_filter", has_filter.to_string())
        .add(text!("must_say_from_when"))?;
    steps.make(&unknown)?.script.add(text!("same_filter"))?;
    Ok(())
}

/// Validates the call as `mixpanel_export` does and begins its script.
fn begin(arguments: &Arguments, session: &Session) -> Result<Steps> {
    validated(arguments, session, Steps::new)
}

/// `new` begins the script with the table's name, its kind, its columns, and whose data it is about.
pub fn validated(
    arguments: &Arguments,
    session: &Session,
    new: fn(&str, TableKind, &Columns, &Target) -> Result<Steps>,
) -> Result<Steps> {
    let table = arguments.required_text("table")?;
    // Which days a sync asks for is not known yet; everything else is as good now as it will be then.
    let (from, to) = (arguments.get("from_date"), arguments.get("to_date"));
    let (from, to) = (from.or(to).cloned(), to.or(from).cloned());
    let any_day = |day: Option<Value>| day.unwrap_or(Value::Date(0));
    let any_day = arguments.clone().with("from_date", any_day(from)).with("to_date", any_day(to));
    let export = (EXPORT.bind)(any_day, &Session { pushes_filters: false, ..session.clone() })?;
    let mut steps = new(table, KIND, export.columns(), &target(arguments, session)?)?;
    let mut events = arguments.texts("events")?;
    events.iter_mut().for_each(|names| {
        names.sort_unstable();
        names.dedup();
    });
    let events = events.map(|names| serde_json::json!(names).to_string());
    steps
        .script
        .set("now", value(&Value::Timestamp(session.clock.now().as_microsecond())))
        .set("filter_events", text_or_null(events.as_deref()))
        .set("filter_where", text_or_null(arguments.text("filter")?));
    Ok(steps)
}

/// The latest day that may have begun in the project.
pub fn latest_day(zone: Option<&str>, now: Timestamp) -> Result<Date> {
    let zone = zone.map(named_time_zone).transpose()?;
    Ok(Today::at(now, zone.as_ref()).latest)
}

/// Of the time zone, or of UTC: a project to the west has its own tomorrow, one to the east gets the rest of its day with
/// the next sync.
fn today(zone: Option<&str>, now: Timestamp) -> Result<Date> {
    let zone = zone.map(named_time_zone).transpose()?.unwrap_or(TimeZone::UTC);
    Ok(zone.to_datetime(now).date())
}
