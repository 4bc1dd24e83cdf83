//! `mixpanel_retention(...)`: who comes back after a first event. `GET /api/query/retention`.

use super::{
    Question, REPORT,
    parameters::{RowLimit, about_days, check_segments},
    retention_answer::{Period, retention},
    unit::{DAY_TO_MONTH, Unit},
};
use crate::{
    contract::{Arguments, Error, Function, Param, Result, SqlType, params},
    functions::{
        expression::segment_by,
        parameters::{DAYS, MAX_ROWS, SEGMENT_BY, UNIT},
    },
    mixpanel::Request,
};

/// Rows: `segment` is NULL without `segment_by`, `period` counts from 0, `retention_rate` is NULL in a cohort of nobody. A
/// cohort of which no period has ended is one row, with NULLs for these.
pub const RETENTION: Function = Function {
    name: "mixpanel_retention",
    description: "Counts the users who come back after a first event, by the date of that event and the time since. \
                  One request.",
    example: "SELECT * FROM mixpanel_retention(born_event := 'Sign Up', return_event := 'Purchase', \
              from_date := '2025-01-01', to_date := '2025-01-05');",
    parameters: params![DAYS, EVENTS, &[UNIT, RETENTION_TYPE, SEGMENT_BY], INTERVALS, REPORT],
    bind: |arguments, session| question(&arguments)?.bound(&arguments, session),
    ..Function::PLAIN
};

const EVENTS: &[Param] = &[
    Param::named("born_event", SqlType::Varchar, "First event. Required, except for compounded retention"),
    Param::named("return_event", SqlType::Varchar, "Event that counts as coming back. Default: any event"),
    Param::named("born_filter", SqlType::Varchar, "Mixpanel expression that selects first events"),
    Param::named("return_filter", SqlType::Varchar, "Mixpanel expression that selects events of coming back"),
];
const RETENTION_TYPE: Param =
    Param::named("retention_type", SqlType::Varchar, "Type of retention: birth or compounded").default("'birth'");
const INTERVALS: &[Param] = &[
    Param::named("interval_size", SqlType::BigInt, "Length of a period in days instead of unit, at most 90"),
    Param::named("interval_count", SqlType::BigInt, "Number of periods after period 0").default("10"),
    MAX_ROWS,
    Param::named("unbounded", SqlType::Boolean, "Whether later periods count too").default("false"),
];

/// How many periods are asked for, besides period 0; the API's own default is 1.
const PERIODS: u64 = 10;
const LONGEST_INTERVAL: u64 = 90;

fn question(arguments: &Arguments) -> Result<Question> {
    let retention_type = arguments.one_of("retention_type", &["birth", "compounded"])?.unwrap_or("birth");
    let segment_by = segment_by(arguments)?;
    let limit = RowLimit::of_segments(arguments, segment_by.as_ref(), None)?;
    let is_segmented = segment_by.is_some();
    let request =
        born(about_days("retention", arguments)?.query("retention_type", retention_type), arguments, retention_type)?
            .query_some("event", arguments.text("return_event")?)
            .query_some("where", arguments.text("return_filter")?)
            .query("interval_count", arguments.count("interval_count")?.unwrap_or(PERIODS).to_string())
            .query_some("unbounded_retention", arguments.boolean("unbounded")?.map(|unbounded| unbounded.to_string()))
            .query_some("on", segment_by)
            .query_some("limit", limit.map(RowLimit::to_text));
    let table = Unit::DAY
        .table("cohort_date", |period: &Period| period.cohort)
        .text_ref("segment", |period| period.segment.as_deref())
        .bigint("cohort_size", |period| period.cohort_size)
        .integer("period", |period| period.number)
        .bigint("retained", |period| period.retained)
        .double("retention_rate", Period::rate);
    let read = move |text: &str| {
        let periods = retention(text, is_segmented)?;
        check_segments(limit, periods.iter().map(|period| period.segment.as_deref()))?;
        Ok(periods)
    };
    Question::new(interval(request, arguments)?, read, table).about(arguments, "born_event")
}

/// Who is in a cohort: in compounded retention all who did the event that they return with.
fn born(request: Request, arguments: &Arguments, retention_type: &str) -> Result<Request> {
    let (event, filter) = (arguments.text("born_event")?, arguments.text("born_filter")?);
    if retention_type == "birth" {
        let event = event.ok_or_else(|| {
            let fix = "is missing. Add born_event := 'Sign Up', or retention_type := 'compounded', which has none";
            Error::argument("born_event", fix)
        })?;
        return Ok(request.query("born_event", event).query_some("born_where", filter));
    }
    let given = [("born_event", event), ("born_filter", filter)].into_iter().find(|(_, value)| value.is_some());
    match given {
        None => Ok(request),
        Some((name, _)) => Err(Error::argument(
            name,
            "does not apply to compounded retention. Remove it, or use retention_type := 'birth'",
        )),
    }
}

/// Sent both, Mixpanel fails.
fn interval(request: Request, arguments: &Arguments) -> Result<Request> {
    match arguments.count("interval_size")? {
        None => Ok(request.query("unit", Unit::of(arguments, DAY_TO_MONTH)?.name())),
        Some(_) if arguments.get("unit").is_some() => Err(Error::argument(
            "interval_size",
            "cannot be combined with unit, because it is a number of days. Remove one of them",
        )),
        Some(size @ ..=LONGEST_INTERVAL) => Ok(request.query("interval", size.to_string())),
        Some(size) => {
            Err(Error::argument("interval_size", format!("must be at most {LONGEST_INTERVAL} days, not {size}")))
        }
    }
}
