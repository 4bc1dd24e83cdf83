//! `mixpanel_export(...)`: raw events. `mixpanel_export_plan(...)`: the requests that takes, without making them.

use std::sync::Arc;

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use super::{
    discovery::other_zone_at_hand,
    named_time_zone,
    on_failure::{self, skips_failures},
    parameters::{self, COLUMNS, FILTER, FROM_DATE, LABEL, MAX_ROWS, MAX_WAIT, TARGET, TO_DATE},
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
            self, ExportOrder, ExportRequest, ExportScan, OnFailure, PlannedWindow, Terms, WindowOrigin,
            narrow::{FilterColumns, Wanted, narrow},
            plan::{MAX_LIMIT, MAX_WINDOWS, Today, WantedDays, Window},
        },
        record,
    },
    known::{Standing, standing},
};

pub const EXPORT: Function = Function {
    name: "mixpanel_export",
    description: "Raw events of a Mixpanel project, one row each, from from_date to to_date inclusive.",
    example: "CREATE TABLE events AS SELECT * FROM mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-31');",
    parameters: params![
        &[FROM_DATE, TO_DATE, DAYS, EVENTS, FILTER, MAX_ROWS, TIME_ZONE, COLUMNS, RAW],
        &[WINDOW_DAYS, MAX_WORKERS, ON_FAILURE, MAX_AGE, MAX_WAIT, LABEL],
        TARGET
    ],
    bind: |arguments, session| Ok(Box::new(Call::new(&arguments, session)?)),
    takes_filters: true,
    reports_progress: true,
};

const DAYS: Param = Param::named("days", SqlType::Any, "Exactly these days, as a list of dates");
const EVENTS: Param = Param::named("events", SqlType::VARCHARS, "Only events with these names");
pub const TIME_ZONE: Param = Param::named(
    "time_zone",
    SqlType::Varchar,
    "Time zone of a project created before 2023, to convert its times to UTC",
);
const WINDOW_DAYS: Param = Param::named("window_days", SqlType::BigInt, "Days per request");
const MAX_WORKERS: Param =
    Param::named("max_workers", SqlType::BigInt, "Concurrent requests").default("8").setting(&settings::MAX_WORKERS);
const ON_FAILURE: Param =
    on_failure::ON_FAILURE.meaning("What to do with days that cannot be fetched: error fails, skip leaves them out");
const MAX_AGE: Param = parameters::MAX_AGE
    .meaning("Maximum age of an archived answer, also for days that have not ended")
    .default("20 hours for finished days");
pub const RAW: Param = parameters::RAW.meaning("Whether to return one column with each line as Mixpanel sent it");

/// The warning's code.
const UNKNOWN_EVENT: &str = "UNKNOWN_EVENT";

/// The columns that every call has but one with `raw`.
pub const FIXED: &[Column] =
    &[Column::EventName, Column::EventTime, Column::DistinctId, Column::InsertId, Column::Properties];

/// What is asked, whatever the days.
pub const QUESTION: &[Param] = &[EVENTS, FILTER, TIME_ZONE];

/// What the pragmas that keep events hand on.
pub const HANDED_ON: &[Param] =
    params![QUESTION, &[COLUMNS, WINDOW_DAYS, MAX_WORKERS, ON_FAILURE, MAX_AGE, MAX_WAIT], TARGET];

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

/// What may be wrong with the names of events.
#[derive(Default)]
struct Doubts {
    warnings: Vec<String>,
    /// Whether nothing is known of one.
    is_unheard: bool,
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
            from.ok_or_else(|| missing_date("from_date", false))?;
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
            on_failure: if skips_failures(arguments)? { OnFailure::Skip } else { OnFailure::Error },
            target: target(arguments, session)?,
            outputs,
            columns,
            filter_columns: (!raw).then_some(FilterColumns { event_name: 0, event_time: 1 }),
            arguments: arguments.to_json(),
        };
        // Days are as long as any others.
        let (from, to) = (Date::ZERO, Date::ZERO);
        call.request(&call.wanted, call.today()).window(Window { from, to }).url(&call.target)?;
        Ok(call)
    }

    fn request(&self, wanted: &Wanted, today: Today) -> ExportRequest {
        let (events, filter) = (wanted.events.clone(), self.filter.clone());
        ExportRequest::new(self.target.clone(), events, filter, self.max_rows, today.certain)
    }

    /// What one execution asks for: the call, narrowed by the query.
    fn plan(&self, filters: &[Filter]) -> Result<(ExportRequest, Terms)> {
        let zone = &self.time_zone.clone().unwrap_or(TimeZone::UTC);
        let wanted = match self.filter_columns {
            Some(columns) => narrow(self.wanted.clone(), filters, columns, zone),
            None => self.wanted.clone(),
        };
        let today = self.today();
        let days = match &self.days {
            _ if wanted.is_nothing() => Vec::new(),
            Some(days) => listed(days, &wanted),
            None => range(&wanted, today)?,
        };
        let window_days = self.window_days.map(|days| usize::try_from(days).unwrap_or(usize::MAX));
        few_enough(days.len(), window_days)?;
        let request = self.request(&wanted, today);
        // Names that conditions brought are worth no error: without them more comes, and DuckDB looks at it again.
        let sample = Window { from: Date::ZERO, to: Date::ZERO };
        let fits = days.is_empty() || request.window(sample).url(&self.target).is_ok();
        let request = if fits { request } else { self.request(&self.wanted, today) };
        let wanted = WantedDays {
            is_one: self.days.is_none() && self.max_rows.is_some_and(|rows| rows <= MAX_LIMIT),
            midnight: wanted.midnight.filter(|midnight| !days.contains(midnight) && *midnight <= today.latest),
            days,
            most: MAX_WINDOWS,
            window_days,
            today,
        };
        Ok((request, Terms { wanted, max_workers: self.max_workers, max_wait: self.target.max_wait }))
    }

    /// What is wrong with the names of the call's events, where other names may exist too. Conditions can ask for any.
    ///
    /// Errors: `NotFound` for one that is in no list, where the list at hand is whole.
    fn doubts(&self) -> Result<Doubts> {
        let mut doubts = Doubts::default();
        for event in self.wanted.events.iter().flatten() {
            match standing(&self.target, event) {
                Standing::Plausible => {}
                Standing::Unheard => doubts.is_unheard = true,
                Standing::Doubtful(warning) => doubts.warnings.push(warning),
                Standing::Unknown(error) => return Err(error),
            }
        }
        Ok(doubts)
    }

    /// That the project's days may not be UTC's, where nobody said which they are and this is known without a request.
    fn zone_warning(&self) -> Option<String> {
        let zone = self.time_zone.is_none().then(|| other_zone_at_hand(&self.target)).flatten()?;
        Some(format!(
            "the project's time zone is {zone}. event_time is as Mixpanel sent it: UTC for projects created since \
             2023, local time for older projects. Only older projects need time_zone := '{zone}'"
        ))
    }

    fn today(&self) -> Today {
        Today::at(self.target.now(), self.time_zone.as_ref())
    }
}

/// Requests of one export, where the call says how many days each has. Mixpanel began in 2009, so more are a mistake, and
/// a plan of so many holds up all who plan.
const MOST_REQUESTS: usize = 10_000;

/// Errors: `InvalidArgument` where the call would make more requests than that.
fn few_enough(days: usize, window_days: Option<usize>) -> Result<()> {
    let requests = window_days.map_or(0, |length| days.div_ceil(length.max(1)));
    match requests {
        ..=MOST_REQUESTS => Ok(()),
        _ => Err(Error::argument(
            "window_days",
            format!("makes {requests} requests of {days} days, and at most {MOST_REQUESTS} are allowed"),
        )
        .fix("Give more days per request, or fewer days")),
    }
}

/// The days of a range, up to today where nothing says it.
fn range(wanted: &Wanted, today: Today) -> Result<Vec<Date>> {
    let from = wanted.from.ok_or_else(|| missing_date("from_date", true))?;
    let to = wanted.to.map_or(today.latest, |to| to.min(today.latest));
    Ok(from.series(1.day()).take_while(|day| *day <= to).collect())
}

/// Those days of a list that are wanted.
fn listed(days: &[Date], wanted: &Wanted) -> Vec<Date> {
    let last = wanted.midnight.or(wanted.to);
    let is_wanted = |day: &Date| wanted.from.is_none_or(|from| from <= *day) && last.is_none_or(|last| *day <= last);
    days.iter().copied().filter(is_wanted).collect()
}

impl BoundTable for Call {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn scan(&self, projection: &[usize], filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        let doubts = self.doubts()?;
        let (request, terms) = self.plan(filters)?;
        let outputs: Vec<Column> = projection.iter().filter_map(|&index| self.outputs.get(index).cloned()).collect();
        let decoder = Decoder::new(&outputs, self.time_zone.clone());
        let clock = self.target.testing.clock.clone();
        let record = record::start("mixpanel_export", self.arguments.clone(), 0, clock);
        doubts.warnings.into_iter().for_each(|warning| record.warn(UNKNOWN_EVENT, warning));
        if doubts.is_unheard {
            let what = "the answer has no rows of these events. mixpanel_events() lists the names of all events";
            record.warn_if_nothing(UNKNOWN_EVENT, what.to_owned());
        }
        if let Some(warning) = self.zone_warning() {
            record.warn("PROJECT_TIME_ZONE", warning);
        }
        let (max_rows, on_failure, max_age) = (self.max_rows, self.on_failure, self.target.max_age);
        let order = ExportOrder { request, terms, decoder, max_rows, on_failure, max_age };
        Ok(Arc::new(ExportScan::new(order, record)))
    }
}

/// The days of `days := [...]`, in order, each once.
fn days(arguments: &Arguments) -> Result<Option<Vec<Date>>> {
    arguments.refuse_null("days", "Leave it out to export all days of a range, or pass [] for none")?;
    let Some(mut days) = arguments.date_list("days")? else { return Ok(None) };
    if let Some(name) = ["from_date", "to_date"].into_iter().find(|name| arguments.get(name).is_some()) {
        return Err(Error::argument(name, "cannot be combined with days. Remove one of them"));
    }
    days.sort_unstable();
    days.dedup();
    Ok(Some(days))
}

/// Conditions on event_time do as well where the host sees them.
fn missing_date(name: &str, takes_filters: bool) -> Error {
    let or_else = match takes_filters {
        true => {
            ", or a condition in WHERE that compares event_time with a constant: event_time >= now() - INTERVAL 7 DAYS"
        }
        false => ". Conditions in WHERE do not count here",
    };
    Error::argument(name, format!("is missing. Add {name} := current_date - 7{or_else}"))
}

pub fn time_zone(arguments: &Arguments) -> Result<Option<TimeZone>> {
    arguments.text("time_zone")?.map(named_time_zone).transpose()
}

/// The requests that an export would make.
pub const EXPORT_PLAN: Function = Function {
    name: "mixpanel_export_plan",
    description: "Requests that mixpanel_export would make with the same arguments, one row each. Makes no request.",
    example: "SELECT * FROM mixpanel_export_plan(from_date := '2024-01-01', to_date := '2024-12-31');",
    parameters: EXPORT.parameters,
    bind: |arguments, session| {
        // Without conditions to narrow it, a plan needs its dates.
        let call = Call::new(&arguments, &Session { pushes_filters: false, ..session.clone() })?;
        let table = Table::new()
            .date("from_date", |planned: &Asked| Value::days(planned.window.from))
            .date("to_date", |planned| Value::days(planned.window.to))
            .text_ref("source", |planned| Some(planned.source))
            .timestamp("asked_at", |planned| planned.asked_at)
            .text_ref("url", |planned| planned.url.as_deref());
        Ok(table.of(move || {
            let (request, terms) = call.plan(&[])?;
            let plan = request.keeper(call.target.max_age)?.plan(&terms.wanted, true)?;
            plan.windows.into_iter().map(|planned| Asked::of(&planned, &request)).collect()
        }))
    },
    ..Function::PLAIN
};

/// A line of `mixpanel_export_plan()`.
struct Asked {
    window: Window,
    source: &'static str,
    /// When Mixpanel was asked for what the archive has, in microseconds since 1970.
    asked_at: Option<i64>,
    /// Of a request that would be made.
    url: Option<String>,
}

impl Asked {
    fn of(planned: &PlannedWindow, request: &ExportRequest) -> Result<Self> {
        let window = planned.window;
        Ok(match &planned.origin {
            WindowOrigin::Mixpanel(_) => {
                let url = request.window(window).url(request.target())?.to_string();
                Self { window, source: "mixpanel", asked_at: None, url: Some(url) }
            }
            WindowOrigin::Copy(kept) => {
                Self { window, source: "archive", asked_at: Some(kept.copy.asked_at.as_microsecond()), url: None }
            }
            WindowOrigin::Claim(_) => Self { window, source: "another fetch", asked_at: None, url: None },
        })
    }
}
