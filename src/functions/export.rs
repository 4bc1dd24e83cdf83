//! `mixpanel_export(...)`: raw events. `mixpanel_export_plan(...)`: the requests that takes, without making them.

use std::sync::Arc;

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use super::{
    named_time_zone,
    parameters::{self, COLUMNS, FILTER, FROM_DATE, LABEL, MAX_ROWS, TARGET, TO_DATE},
    settings, target, typed_columns,
};
use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Columns, Error, Filter, Function, Param, Result, Scan, Session, SqlType, Table, Value,
        params,
    },
    decode::{Column, Decoder},
    fetching::{
        columns,
        events::{
            self, Board, ExportRequest, ExportScan, OnFailure,
            narrow::{FilterColumns, Wanted, narrow},
            plan::{self, Window},
        },
        record,
    },
};

pub const EXPORT: Function = Function {
    name: "mixpanel_export",
    description: "Raw events of a Mixpanel project, one row each. Days from from_date to to_date, inclusive.",
    example: "CREATE TABLE events AS SELECT * FROM mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-31');",
    parameters: params![
        &[FROM_DATE, TO_DATE, DAYS, EVENTS, FILTER, MAX_ROWS, TIME_ZONE, COLUMNS, RAW],
        &[WINDOW_DAYS, MAX_WORKERS, ON_FAILURE, LABEL],
        TARGET
    ],
    bind: |arguments, session| Ok(Box::new(Call::new(&arguments, session)?)),
    takes_filters: true,
    reports_progress: true,
};

const DAYS: Param = Param::named("days", SqlType::Any, "exactly these days, a list of dates");
const EVENTS: Param = Param::named("events", SqlType::VARCHARS, "only events of these names");
const TIME_ZONE: Param =
    Param::named("time_zone", SqlType::Varchar, "of a project that was created before 2023, to have its times in UTC");
const WINDOW_DAYS: Param = Param::named("window_days", SqlType::BigInt, "days of one request");
const MAX_WORKERS: Param = Param::named("max_workers", SqlType::BigInt, "requests at the same time")
    .default("8")
    .setting(&settings::MAX_WORKERS);
const ON_FAILURE: Param =
    Param::named("on_failure", SqlType::Varchar, "whether days that can't be had are an error, or left out: skip")
        .default("'error'");
const RAW: Param = parameters::RAW.meaning("one column: each line as it was sent");

/// The columns that every call has but one with `raw`.
const FIXED: &[Column] =
    &[Column::EventName, Column::EventTime, Column::DistinctId, Column::InsertId, Column::Properties];

/// What the pragmas that keep events hand on.
pub const HANDED_ON: &[Param] = params![&[EVENTS, FILTER, TIME_ZONE, WINDOW_DAYS, MAX_WORKERS, ON_FAILURE], TARGET];

/// A call with good arguments.
struct Call {
    target: Target,
    wanted: Wanted,
    /// Exactly these days instead of all from the first to the last that are wanted.
    days: Option<Vec<Date>>,
    filter: Option<String>,
    max_rows: Option<u64>,
    /// Set where event times are local wall-clock times that are to become UTC.
    time_zone: Option<TimeZone>,
    window_days: Option<u64>,
    max_workers: usize,
    on_failure: OnFailure,
    outputs: Vec<Column>,
    columns: Columns,
    filter_columns: Option<FilterColumns>,
    /// For the record of the fetch.
    arguments: String,
}

impl Call {
    fn new(arguments: &Arguments, session: &Session) -> Result<Self> {
        let (from, to) = arguments.dates("from_date", "to_date")?;
        let days = days(arguments)?;
        let (from, to) = match &days {
            None => (from, to),
            // An empty list is no day at all, which the range of nothing says as well.
            Some(days) => (days.first().copied().or(Some(Date::MAX)), days.last().copied().or(Some(Date::MIN))),
        };
        if !session.pushes_filters {
            for (name, date) in [("from_date", from), ("to_date", to)] {
                date.ok_or_else(|| missing_date(name, false))?;
            }
        }
        let raw = arguments.boolean("raw")?.unwrap_or(false);
        let extra = typed_columns(arguments, &columns(FIXED, vec![]).1)?;
        let (outputs, columns) = if raw { columns(&[Column::Raw], vec![]) } else { columns(FIXED, extra) };
        session.require_external_access()?;
        let call = Self {
            days,
            wanted: Wanted { from, to, events: arguments.texts("events")?, midnight: None },
            filter: arguments.text("filter")?.map(str::to_string),
            max_rows: arguments.count("max_rows")?,
            time_zone: time_zone(arguments)?,
            window_days: arguments.count("window_days")?,
            max_workers: events::WORKERS.of(arguments)?,
            on_failure: on_failure(arguments)?,
            target: target(arguments, session)?,
            outputs,
            columns,
            filter_columns: (!raw).then_some(FilterColumns { event_name: 0, event_time: 1 }),
            arguments: arguments.to_json(),
        };
        // Days are as long as any others.
        let (from, to) = (Date::ZERO, Date::ZERO);
        call.request(&call.wanted).window(Window { from, to }).url(&call.target)?;
        Ok(call)
    }

    fn request(&self, wanted: &Wanted) -> ExportRequest {
        ExportRequest::new(self.target.clone(), wanted.events.clone(), self.filter.clone(), self.max_rows)
    }

    /// What one execution asks for: the call, narrowed by the query.
    fn plan(&self, filters: &[Filter]) -> Result<(Vec<Window>, ExportRequest)> {
        let zone = &self.time_zone.clone().unwrap_or(TimeZone::UTC);
        let wanted = match self.filter_columns {
            Some(columns) => narrow(self.wanted.clone(), filters, columns, zone),
            None => self.wanted.clone(),
        };
        let (windows, chosen_end) = match &self.days {
            _ if wanted.is_nothing() => (Vec::new(), None),
            Some(days) => self.windows_of(days, &wanted)?,
            None => self.windows(&wanted, self.latest_today())?,
        };
        let request = self.request(&wanted);
        // Names that conditions brought are worth no error: without them more comes, and DuckDB looks at it again.
        let fits = windows.first().is_none_or(|window| request.window(*window).url(&self.target).is_ok());
        let request = if fits { request } else { self.request(&self.wanted) };
        Ok((windows, request.ending_about(chosen_end)))
    }
}

impl Call {
    /// The requests for what is wanted, and the last day where that is `today` for want of a better end: the last day
    /// that Mixpanel may answer for.
    fn windows(&self, wanted: &Wanted, today: Date) -> Result<(Vec<Window>, Option<Date>)> {
        let from = wanted.from.ok_or_else(|| missing_date("from_date", true))?;
        let to = match (wanted.to, self.wanted.to) {
            (Some(to), Some(_)) => to,
            // Where only the conditions say it, a day in the future is a way to say "until now", and no error.
            (Some(to), None) => to.min(today),
            (None, _) if self.wanted.from.is_none() => today,
            (None, _) => return Err(missing_date("to_date", true)),
        };
        let midnight = wanted.midnight.filter(|midnight| *midnight <= today);
        let chosen_end = self
            .wanted
            .to
            .is_none()
            .then(|| midnight.unwrap_or(to))
            .filter(|end| *end >= today.saturating_sub(2.days()));
        if from > to {
            let windows = midnight.map(|day| Window { from: day, to: day });
            return Ok((windows.into_iter().collect(), chosen_end));
        }
        let mut windows = plan::windows(from, to, self.window_days, self.max_rows)?;
        if let (Some(last), Some(midnight)) = (windows.last_mut(), midnight) {
            last.to = midnight;
        }
        Ok((windows, chosen_end))
    }

    /// The same where the call lists its days. One that has not begun in the project has no events yet.
    fn windows_of(&self, days: &[Date], wanted: &Wanted) -> Result<(Vec<Window>, Option<Date>)> {
        let last = wanted.midnight.or(wanted.to);
        let days: Vec<Date> = days
            .iter()
            .copied()
            .filter(|day| wanted.from.is_none_or(|from| from <= *day) && last.is_none_or(|last| *day <= last))
            .collect();
        let today = self.latest_today();
        let chosen_end = days.last().copied().filter(|end| *end <= today && *end >= today.saturating_sub(2.days()));
        Ok((plan::windows_of(&days, self.window_days)?, chosen_end))
    }

    /// The project's today or, where its time zone is not known, the latest today on earth.
    fn latest_today(&self) -> Date {
        let now = self.target.now();
        match &self.time_zone {
            Some(zone) => zone.to_datetime(now).date(),
            None => TimeZone::UTC.to_datetime(now.saturating_add(14.hours()).unwrap_or(now)).date(),
        }
    }
}

impl BoundTable for Call {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn scan(&self, projection: &[usize], filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        let (windows, request) = self.plan(filters)?;
        let outputs: Vec<Column> = projection.iter().filter_map(|&index| self.outputs.get(index).cloned()).collect();
        let decoder = Decoder::new(&outputs, self.time_zone.clone());
        let record =
            record::start("mixpanel_export", self.arguments.clone(), windows.len(), self.target.testing.clock.clone());
        let board = Board::new(&windows, self.on_failure, record, &self.target);
        Ok(Arc::new(ExportScan::new(board, windows.len(), request, decoder, self.max_workers, self.max_rows)))
    }
}

/// The days of `days := [...]`, in order, each once.
fn days(arguments: &Arguments) -> Result<Option<Vec<Date>>> {
    arguments.refuse_null("days", "leave it out to ask for all days of a range, or give [] for none")?;
    let Some(mut days) = arguments.date_list("days")? else { return Ok(None) };
    if let Some(name) = ["from_date", "to_date"].into_iter().find(|name| arguments.get(name).is_some()) {
        return Err(Error::argument(name, "says which days to ask for, and so does days; drop one of them"));
    }
    days.sort_unstable();
    days.dedup();
    Ok(Some(days))
}

/// Conditions on event_time do as well where the host sees them.
fn missing_date(name: &str, takes_filters: bool) -> Error {
    let or_else = if takes_filters { ", or a WHERE on event_time" } else { "" };
    Error::argument(name, format!("is missing; add {name} := '2025-01-31'{or_else}"))
}

fn time_zone(arguments: &Arguments) -> Result<Option<TimeZone>> {
    arguments.text("time_zone")?.map(named_time_zone).transpose()
}

fn on_failure(arguments: &Arguments) -> Result<OnFailure> {
    match arguments.text("on_failure")? {
        None | Some("error") => Ok(OnFailure::Error),
        Some("skip") => Ok(OnFailure::Skip),
        Some(other) => Err(Error::argument("on_failure", format!("must be 'error' or 'skip', not '{other}'"))),
    }
}

/// The requests that an export would make.
pub const EXPORT_PLAN: Function = Function {
    name: "mixpanel_export_plan",
    description: "The requests that mixpanel_export would make with the same arguments, one row each. Makes none.",
    example: "SELECT * FROM mixpanel_export_plan(from_date := '2024-01-01', to_date := '2024-12-31');",
    parameters: EXPORT.parameters,
    bind: |arguments, session| {
        // Without conditions to narrow it, a plan needs its dates.
        let call = Call::new(&arguments, &Session { pushes_filters: false, ..session.clone() })?;
        let table = Table::new()
            .date("from_date", |(window, _): &(Window, String)| Value::days(window.from))
            .date("to_date", |(window, _)| Value::days(window.to))
            .text_ref("url", |(_, url)| Some(url));
        Ok(table.of(move || {
            let (windows, request) = call.plan(&[])?;
            windows
                .into_iter()
                .map(|window| Ok((window, request.window(window).url(request.target())?.to_string())))
                .collect()
        }))
    },
    ..Function::PLAIN
};
