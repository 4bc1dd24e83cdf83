//! `mixpanel_frequency(...)`: how regularly users are active. `GET /api/query/retention/addiction`.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array};

use super::frequency_answer::{Activity, frequency};
use super::{
    Question, Report,
    parameters::{Limit, about_days, check_segments, days, named},
    unit::{DAY_TO_MONTH, HOUR_AND_DAY, Unit},
};
use crate::{
    contract::{Arguments, Columns, Documentation, Parameter, Result, SqlType, texts},
    functions::expression::segment_by,
};

/// Columns: `date`, `segment` (NULL without `segment_by`), `periods` (from 1), `users` (active in at least so many).
pub const FREQUENCY: Report = Report {
    name: "mixpanel_frequency",
    documentation: Documentation {
        description: "How many users were active in at least so many hours or days of each day, week or month. One request.",
        example: "SELECT * FROM mixpanel_frequency(from_date := '2025-01-01', to_date := '2025-01-05', \
                  event := 'Purchase');",
    },
    parameters: || {
        let mut parameters: Vec<Parameter> = days().collect();
        parameters.extend(named(SqlType::Varchar, ["unit", "addiction_unit", "event", "filter", "segment_by"]));
        parameters.push(Parameter::named("max_rows", SqlType::BigInt));
        parameters
    },
    question,
};

fn question(arguments: &Arguments) -> Result<Question> {
    let unit = Unit::of(arguments, DAY_TO_MONTH)?;
    let addiction_unit = arguments.one_of("addiction_unit", HOUR_AND_DAY)?.unwrap_or("hour");
    let segment_by = segment_by(arguments)?;
    let limit = Limit::of_segments(arguments, segment_by.as_ref(), None)?;
    let is_segmented = segment_by.is_some();
    let request = about_days("retention/addiction", arguments)?
        .query("unit", unit.name())
        .query("addiction_unit", addiction_unit)
        .query_some("event", arguments.text("event")?)
        .query_some("where", arguments.text("filter")?)
        .query_some("on", segment_by)
        .query_some("limit", limit.map(Limit::to_text));
    let columns = Columns::new([
        ("date", unit.sql_type()),
        ("segment", SqlType::Varchar),
        ("periods", SqlType::Integer),
        ("users", SqlType::BigInt),
    ]);
    let read = move |text: &str| {
        let found = frequency(text, is_segmented)?;
        check_segments(limit, found.iter().map(|activity| activity.segment.as_deref()))?;
        Ok(arrays(&found, unit))
    };
    Question::new(request, columns, read).about(arguments, "event")
}

fn arrays(found: &[Activity], unit: Unit) -> Vec<ArrayRef> {
    vec![
        unit.column(found.iter().map(|activity| activity.date)),
        texts(found.iter().map(|activity| activity.segment.as_deref())),
        Arc::new(found.iter().map(|activity| Some(activity.periods)).collect::<Int32Array>()),
        Arc::new(found.iter().map(|activity| Some(activity.users)).collect::<Int64Array>()),
    ]
}
