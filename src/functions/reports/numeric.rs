//! An event's numeric property: by ranges (`GET /api/query/segmentation/numeric`), its sum (`/segmentation/sum`), its
//! average (`/segmentation/average`).

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array};

use super::{
    Question, Report,
    parameters::{about_days, days, named, subject},
    series::{self, Extra},
    unit::{HOUR_AND_DAY, Unit},
};
use super::{bucket::range, series_answer::totals};
use crate::{
    contract::{Arguments, Columns, Documentation, Parameter, Result, SqlType},
    functions::{counting::Counting, expression::required_segment_by},
    json::measure,
    mixpanel::Request,
};

/// Columns: `date`, `bucket` (the range as Mixpanel writes it), `bucket_min`, `bucket_max` (NULL where the bucket is no
/// range), `count`.
pub const NUMERIC: Report = Report {
    name: "mixpanel_segmentation_numeric",
    documentation: Documentation {
        description: "How often an event happened, by date and range of a numeric property. One request.",
        example: "SELECT * FROM mixpanel_segmentation_numeric('Purchase', from_date := '2025-01-01', \
                  to_date := '2025-01-05', segment_by := 'Amount');",
    },
    parameters: || {
        let mut parameters = parameters();
        parameters.push(Parameter::named("type", SqlType::Varchar));
        parameters
    },
    question: numeric,
};

/// Columns: `date`, `sum`.
pub const SUM: Report = Report {
    name: "mixpanel_segmentation_sum",
    documentation: Documentation {
        description: "The sum of a numeric property of an event, by date. One request.",
        example: "SELECT * FROM mixpanel_segmentation_sum('Purchase', from_date := '2025-01-01', \
                  to_date := '2025-01-05', segment_by := 'Amount');",
    },
    parameters,
    question: |arguments| total("segmentation/sum", "sum", arguments),
};

/// Columns: `date`, `average`.
pub const AVERAGE: Report = Report {
    name: "mixpanel_segmentation_average",
    documentation: Documentation {
        description: "The average of a numeric property of an event, by date. One request.",
        example: "SELECT * FROM mixpanel_segmentation_average('Purchase', from_date := '2025-01-01', \
                  to_date := '2025-01-05', segment_by := 'Amount');",
    },
    parameters,
    question: |arguments| total("segmentation/average", "average", arguments),
};

fn parameters() -> Vec<Parameter> {
    let mut parameters = vec![Parameter::positional("event", SqlType::Varchar)];
    parameters.extend(days());
    parameters.extend(named(SqlType::Varchar, ["segment_by", "unit", "filter"]));
    parameters
}

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

fn numeric(arguments: &Arguments) -> Result<Question> {
    let (request, unit) = request("segmentation/numeric", arguments)?;
    let counting = Counting::of(arguments)?;
    let ends = Extra {
        names: vec!["bucket_min", "bucket_max"],
        numbers: |bucket| {
            let (low, high) = range(bucket).unzip();
            vec![low, high]
        },
    };
    let request = request.query("type", counting.name());
    series::question(request, (unit, counting), "bucket", ends, None).about(arguments, "event")
}

fn total(path: &str, column: &'static str, arguments: &Arguments) -> Result<Question> {
    let (request, unit) = request(path, arguments)?;
    let read = move |text: &str| {
        let totals = totals(text, measure)?;
        let numbers = totals.iter().map(|(_, number)| *number).collect::<Float64Array>();
        Ok(vec![unit.column(totals.iter().map(|(date, _)| *date)), Arc::new(numbers) as ArrayRef])
    };
    let columns = Columns::new([("date", unit.sql_type()), (column, SqlType::Double)]);
    Question::new(request, columns, read).about(arguments, "event")
}
