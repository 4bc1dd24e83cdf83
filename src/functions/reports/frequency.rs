//! `mixpanel_frequency(...)`: how regularly users are active. `GET /api/query/retention/addiction`.

use super::{
    Question, REPORT,
    frequency_answer::{Activity, frequency},
    parameters::{RowLimit, about_days, check_segments},
    unit::{DAY_TO_MONTH, HOUR_AND_DAY, Unit},
};
use crate::{
    contract::{Arguments, Function, Param, Result, SqlType, params},
    functions::{
        expression::segment_by,
        parameters::{DAYS, FILTER, MAX_ROWS, SEGMENT_BY, UNIT},
    },
};

/// Rows: `segment` is NULL without `segment_by`, `users` were active in at least so many `periods` (from 1).
pub const FREQUENCY: Function = Function {
    name: "mixpanel_frequency",
    description: "Counts the users who were active in at least N hours or days of each day, week or month. One request.",
    example: "SELECT * FROM mixpanel_frequency(from_date := '2025-01-01', to_date := '2025-01-05', \
              event := 'Purchase');",
    parameters: params![DAYS, &[UNIT, ADDICTION_UNIT, EVENT, FILTER, SEGMENT_BY, MAX_ROWS], REPORT],
    bind: |arguments, session| question(&arguments)?.bound(&arguments, session),
    ..Function::PLAIN
};

const ADDICTION_UNIT: Param =
    Param::named("addiction_unit", SqlType::Varchar, "Unit of activity: hour or day").default("'hour'");
const EVENT: Param = Param::named("event", SqlType::Varchar, "Event that counts as activity. Default: any event");

fn question(arguments: &Arguments) -> Result<Question> {
    let unit = Unit::of(arguments, DAY_TO_MONTH)?;
    let addiction_unit = arguments.one_of("addiction_unit", HOUR_AND_DAY)?.unwrap_or("hour");
    let segment_by = segment_by(arguments)?;
    let limit = RowLimit::of_segments(arguments, segment_by.as_ref(), None)?;
    let is_segmented = segment_by.is_some();
    let request = about_days("retention/addiction", arguments)?
        .query("unit", unit.name())
        .query("addiction_unit", addiction_unit)
        .query_some("event", arguments.text("event")?)
        .query_some("where", arguments.text("filter")?)
        .query_some("on", segment_by)
        .query_some("limit", limit.map(RowLimit::to_text));
    let table = unit
        .table("date", |activity: &Activity| activity.date)
        .text_ref("segment", |activity| activity.segment.as_deref())
        .integer("periods", |activity| activity.periods)
        .bigint("users", |activity| activity.users);
    let read = move |text: &str| {
        let found = frequency(text, is_segmented)?;
        check_segments(limit, found.iter().map(|activity| activity.segment.as_deref()))?;
        Ok(found)
    };
    Question::new(request, read, table).about(arguments, "event")
}
