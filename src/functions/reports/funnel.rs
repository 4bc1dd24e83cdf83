//! `mixpanel_funnel(funnel_id, ...)`: how many users take the steps of a saved funnel. `GET /api/query/funnels`.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array};

use super::funnel_answer::{Step, funnel};
use super::{
    Question, Report,
    parameters::{DOCUMENTED_LIMIT, Limit, about_days, check_segments, days, missing, named},
    unit::{DAY_TO_MONTH, Unit},
};
use crate::{
    contract::{Arguments, Columns, Documentation, Error, Parameter, Result, SqlType, texts},
    functions::expression::segment_by,
};

/// Columns: `date`, `segment` (NULL without `segment_by`), `step` (from 1), `event_name`, `count`, `step_conversion`,
/// `overall_conversion`, `avg_seconds`, `avg_seconds_from_start`.
pub const FUNNEL: Report = Report {
    name: "mixpanel_funnel",
    documentation: Documentation {
        description: "How many users take each step of a saved funnel, by the date on which they enter it. One request.",
        example: "SELECT * FROM mixpanel_funnel(8101, from_date := '2025-01-01', to_date := '2025-01-05');",
    },
    parameters,
    question,
};

/// The units of `length_unit`, and how many of them are the 90 days that Mixpanel allows.
const LENGTHS: [(&str, u64); 4] = [("day", 90), ("hour", 90 * 24), ("minute", 90 * 24 * 60), ("second", 90 * 86_400)];

fn parameters() -> Vec<Parameter> {
    let mut parameters = vec![Parameter::positional("funnel_id", SqlType::Any)];
    parameters.extend(days());
    parameters.extend(named(SqlType::Varchar, ["unit", "segment_by", "filter", "length_unit"]));
    // A number with a fraction is refused; as a BIGINT it would come rounded.
    parameters.push(Parameter::named("length", SqlType::Any));
    parameters.push(Parameter::named("max_rows", SqlType::BigInt));
    parameters
}

fn question(arguments: &Arguments) -> Result<Question> {
    let funnel_id = funnel_id(arguments)?;
    let unit = Unit::of(arguments, DAY_TO_MONTH)?;
    let segment_by = segment_by(arguments)?;
    let limit = Limit::of_segments(arguments, segment_by.as_ref(), DOCUMENTED_LIMIT)?;
    let (length, length_unit) = length(arguments)?;
    let is_segmented = segment_by.is_some();
    let request = about_days("funnels", arguments)?
        .query("funnel_id", funnel_id)
        .query("unit", unit.name())
        .query_some("length", length.map(|length| length.to_string()))
        .query_some("length_unit", length_unit)
        .query_some("on", segment_by)
        .query_some("where", arguments.text("filter")?)
        .query_some("limit", limit.map(Limit::to_text));
    let columns = Columns::new([
        ("date", unit.sql_type()),
        ("segment", SqlType::Varchar),
        ("step", SqlType::Integer),
        ("event_name", SqlType::Varchar),
        ("count", SqlType::BigInt),
        ("step_conversion", SqlType::Double),
        ("overall_conversion", SqlType::Double),
        ("avg_seconds", SqlType::Double),
        ("avg_seconds_from_start", SqlType::Double),
    ]);
    let read = move |text: &str| {
        let steps = funnel(text, is_segmented)?;
        check_segments(limit, steps.iter().map(|step| step.segment.as_deref()))?;
        Ok(arrays(&steps, unit))
    };
    Ok(Question::new(request, columns, read))
}

fn funnel_id(arguments: &Arguments) -> Result<String> {
    let id = arguments.id("funnel_id")?.ok_or_else(|| missing("funnel_id"))?;
    match !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(id),
        false => Err(Error::argument("funnel_id", format!("must be a funnel's number, like 7509, not '{id}'"))),
    }
}

/// How long users have for the funnel, where it is not what was saved.
fn length(arguments: &Arguments) -> Result<(Option<u64>, Option<&'static str>)> {
    let length = arguments.count("length")?;
    let unit = arguments.one_of("length_unit", &LENGTHS.map(|(unit, _)| unit))?;
    let most = LENGTHS.iter().find(|(name, _)| Some(*name) == unit).map(|(_, most)| *most);
    match (length, unit, most) {
        (None, Some(unit), _) => Err(Error::argument(
            "length_unit",
            format!("says nothing alone; add length := 7 (of '{unit}'), or leave it out"),
        )),
        (Some(length), Some(unit), Some(most)) if length > most => Err(Error::argument(
            "length",
            format!("must be at most {most} with length_unit '{unit}', which is 90 days, not {length}"),
        )),
        // The saved unit, which only Mixpanel knows, is a second at least.
        (Some(length), None, _) if LENGTHS.iter().all(|(_, most)| length > *most) => {
            Err(Error::argument("length", format!("is more than 90 days in every unit: {length}")))
        }
        _ => Ok((length, unit)),
    }
}

fn arrays(steps: &[Step], unit: Unit) -> Vec<ArrayRef> {
    let doubles =
        |value: fn(&Step) -> Option<f64>| -> ArrayRef { Arc::new(steps.iter().map(value).collect::<Float64Array>()) };
    vec![
        unit.column(steps.iter().map(|step| step.date)),
        texts(steps.iter().map(|step| step.segment.as_deref())),
        Arc::new(steps.iter().map(|step| Some(step.number)).collect::<Int32Array>()),
        texts(steps.iter().map(|step| step.event_name.as_deref())),
        Arc::new(steps.iter().map(|step| Some(step.count)).collect::<Int64Array>()),
        doubles(|step| step.step_conversion),
        doubles(|step| step.overall_conversion),
        doubles(|step| step.seconds),
        doubles(|step| step.seconds_from_start),
    ]
}
