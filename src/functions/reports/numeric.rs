//! An event's numeric property: by ranges (`GET /api/query/segmentation/numeric`), its sum (`/segmentation/sum`), its
//! average (`/segmentation/average`).

use super::{
    Question, REPORT,
    bucket::range,
    parameters::{about_days, subject},
    series::{self, Extra},
    series_answer::totals,
    unit::{HOUR_AND_DAY, Unit},
};
use crate::{
    contract::{Arguments, Function, Result, params},
    functions::{
        counting::Counting,
        expression::required_segment_by,
        parameters::{DAYS, EVENT, FILTER, SEGMENT_BY, TYPE, UNIT},
    },
    json::{Moment, measure},
    mixpanel::Request,
};

pub const NUMERIC: Function = Function {
    name: "mixpanel_segmentation_numeric",
    description: "Counts an event by date and range of a numeric property. One request.",
    example: "SELECT * FROM mixpanel_segmentation_numeric('Purchase', from_date := '2025-01-01', \
              to_date := '2025-01-05', segment_by := 'Amount');",
    parameters: params![&[EVENT], DAYS, &[SEGMENT_BY, UNIT, FILTER, TYPE], REPORT],
    bind: |arguments, session| numeric(&arguments)?.bound(&arguments, session),
    ..Function::PLAIN
};

pub const SUM: Function = Function {
    name: "mixpanel_segmentation_sum",
    description: "Sums a numeric property of an event by date. One request.",
    example: "SELECT * FROM mixpanel_segmentation_sum('Purchase', from_date := '2025-01-01', \
              to_date := '2025-01-05', segment_by := 'Amount');",
    parameters: params![&[EVENT], DAYS, &[SEGMENT_BY, UNIT, FILTER], REPORT],
    bind: |arguments, session| total("segmentation/sum", "sum", &arguments)?.bound(&arguments, session),
    ..Function::PLAIN
};

pub const AVERAGE: Function = Function {
    name: "mixpanel_segmentation_average",
    description: "Averages a numeric property of an event by date. One request.",
    example: "SELECT * FROM mixpanel_segmentation_average('Purchase', from_date := '2025-01-01', \
              to_date := '2025-01-05', segment_by := 'Amount');",
    bind: |arguments, session| total("segmentation/average", "average", &arguments)?.bound(&arguments, session),
    ..SUM
};

/// What the three have in common.
fn request(path: &str, arguments: &Arguments) -> Result<(Request, Unit)> {
    let event = subject(arguments, "event")?;
    let unit = Unit::of(arguments, HOUR_AND_DAY)?;
    let segment_by = required_segment_by(arguments)?;
    let request = about_days(path, arguments)?
        .query("event", event)
        .query("on", segment_by)
        .query("unit", unit.name())
        .query_some("where", arguments.text("filter")?);
    Ok((request, unit))
}

/// Rows say the range as Mixpanel writes it, and its ends: NULL where the bucket is no range.
fn numeric(arguments: &Arguments) -> Result<Question> {
    const ENDS: &[Extra] = &[
        Extra { name: "bucket_min", number: |bucket| Some(range(bucket)?.0) },
        Extra { name: "bucket_max", number: |bucket| Some(range(bucket)?.1) },
    ];
    let (request, unit) = request("segmentation/numeric", arguments)?;
    let counting = Counting::of(arguments)?;
    let request = request.query("type", counting.name());
    series::question(request, (unit, counting), "bucket", ENDS, None).about(arguments, "event")
}

fn total(path: &str, column: &'static str, arguments: &Arguments) -> Result<Question> {
    let (request, unit) = request(path, arguments)?;
    let table = unit.table("date", |(date, _): &(Moment, Option<f64>)| *date).double(column, |(_, number)| *number);
    Question::new(request, |text| totals(text, measure), table).about(arguments, "event")
}
