//! `mixpanel_retention(...)`: who comes back after a first event. `GET /api/query/retention`.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array};

use super::retention_answer::{Period, retention};
use super::{
    Question, Report,
    parameters::{Limit, about_days, check_segments, days, named},
    unit::{DAY_TO_MONTH, Unit},
};
use crate::{
    contract::{Arguments, Columns, Documentation, Error, Parameter, Result, SqlType, texts},
    functions::expression::segment_by,
    mixpanel::Request,
};

/// Columns: `cohort_date`, `segment` (NULL without `segment_by`), `cohort_size`, `period` (from 0), `retained`,
/// `retention_rate` (NULL in a cohort of nobody). A cohort of which no period has ended is one row, with NULLs for these.
pub const RETENTION: Report = Report {
    name: "mixpanel_retention",
    documentation: Documentation {
        description: "How many users come back after a first event, by the date of that event and the time since. One request.",
        example: "SELECT * FROM mixpanel_retention(born_event := 'Sign Up', return_event := 'Purchase', \
                  from_date := '2025-01-01', to_date := '2025-01-05');",
    },
    parameters,
    question,
};

/// How many periods are asked for, besides period 0; the API's own default is 1.
const PERIODS: u64 = 10;
const LONGEST_INTERVAL: u64 = 90;

fn parameters() -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = days().collect();
    parameters.extend(named(SqlType::Varchar, ["born_event", "return_event", "born_filter", "return_filter"]));
    parameters.extend(named(SqlType::Varchar, ["unit", "retention_type", "segment_by"]));
    parameters.extend(named(SqlType::BigInt, ["interval_size", "interval_count", "max_rows"]));
    parameters.push(Parameter::named("unbounded", SqlType::Boolean));
    parameters
}

fn question(arguments: &Arguments) -> Result<Question> {
    let retention_type = arguments.one_of("retention_type", &["birth", "compounded"])?.unwrap_or("birth");
    let segment_by = segment_by(arguments)?;
    let limit = Limit::of_segments(arguments, segment_by.as_ref(), None)?;
    let is_segmented = segment_by.is_some();
    let request =
        born(about_days("retention", arguments)?.query("retention_type", retention_type), arguments, retention_type)?
            .query_some("event", arguments.text("return_event")?)
            .query_some("where", arguments.text("return_filter")?)
            .query("interval_count", arguments.count("interval_count")?.unwrap_or(PERIODS).to_string())
            .query_some("unbounded_retention", arguments.boolean("unbounded")?.map(|unbounded| unbounded.to_string()))
            .query_some("on", segment_by)
            .query_some("limit", limit.map(Limit::to_text));
    let columns = Columns::new([
        ("cohort_date", Unit::DAY.sql_type()),
        ("segment", SqlType::Varchar),
        ("cohort_size", SqlType::BigInt),
        ("period", SqlType::Integer),
        ("retained", SqlType::BigInt),
        ("retention_rate", SqlType::Double),
    ]);
    let read = move |text: &str| {
        let periods = retention(text, is_segmented)?;
        check_segments(limit, periods.iter().map(|period| period.segment.as_deref()))?;
        Ok(arrays(&periods))
    };
    Question::new(interval(request, arguments)?, columns, read).about(arguments, "born_event")
}

/// Who is in a cohort: in compounded retention all who did the event that they return with.
fn born(request: Request, arguments: &Arguments, retention_type: &str) -> Result<Request> {
    let (event, filter) = (arguments.text("born_event")?, arguments.text("born_filter")?);
    if retention_type == "birth" {
        let event = event.ok_or_else(|| {
            let fix = "is missing; add born_event := 'Sign Up', or retention_type := 'compounded', which has none";
            Error::argument("born_event", fix)
        })?;
        return Ok(request.query("born_event", event).query_some("born_where", filter));
    }
    let given = [("born_event", event), ("born_filter", filter)].into_iter().find(|(_, value)| value.is_some());
    match given {
        None => Ok(request),
        Some((name, _)) => Err(Error::argument(
            name,
            "means nothing to compounded retention; leave it out, or use retention_type := 'birth'",
        )),
    }
}

/// Sent both, Mixpanel fails.
fn interval(request: Request, arguments: &Arguments) -> Result<Request> {
    match arguments.count("interval_size")? {
        None => Ok(request.query("unit", Unit::of(arguments, DAY_TO_MONTH)?.name())),
        Some(_) if arguments.get("unit").is_some() => Err(Error::argument(
            "interval_size",
            "is a number of days, and can't be given with unit; leave out one of the two",
        )),
        Some(size @ ..=LONGEST_INTERVAL) => Ok(request.query("interval", size.to_string())),
        Some(size) => {
            Err(Error::argument("interval_size", format!("must be at most {LONGEST_INTERVAL} days, not {size}")))
        }
    }
}

fn arrays(periods: &[Period]) -> Vec<ArrayRef> {
    let counts =
        |value: fn(&Period) -> Option<i64>| -> ArrayRef { Arc::new(periods.iter().map(value).collect::<Int64Array>()) };
    let rate = |period: &Period| {
        let retained = period.retained.filter(|_| period.cohort_size != 0)?;
        Some(retained as f64 / period.cohort_size as f64)
    };
    vec![
        Unit::DAY.column(periods.iter().map(|period| period.cohort)),
        texts(periods.iter().map(|period| period.segment.as_deref())),
        counts(|period| Some(period.cohort_size)),
        Arc::new(periods.iter().map(|period| period.number).collect::<Int32Array>()),
        counts(|period| period.retained),
        Arc::new(periods.iter().map(rate).collect::<Float64Array>()),
    ]
}
