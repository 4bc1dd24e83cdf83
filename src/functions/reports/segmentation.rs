//! `mixpanel_segmentation(event, ...)`: how often an event happened, by segments. `GET /api/query/segmentation`.

use super::{
    Question, REPORT,
    parameters::{DOCUMENTED_LIMIT, RowLimit, about_days, subject},
    series,
    unit::{MINUTE_TO_MONTH, Unit},
};
use crate::{
    contract::{Arguments, Function, Result, params},
    functions::{
        counting::Counting,
        expression::segment_by,
        parameters::{DAYS, EVENT, FILTER, MAX_ROWS, SEGMENT_BY, TYPE, UNIT},
    },
};

/// Without `segment_by` the one segment is called as the event.
pub const SEGMENTATION: Function = Function {
    name: "mixpanel_segmentation",
    description: "Counts an event, or the users who did it, by date and segment. One request.",
    example: "SELECT * FROM mixpanel_segmentation('Purchase', from_date := '2025-01-01', to_date := '2025-01-05', \
              segment_by := 'plan');",
    parameters: params![&[EVENT], DAYS, &[SEGMENT_BY, UNIT, TYPE, FILTER, MAX_ROWS], REPORT],
    bind: |arguments, session| question(&arguments)?.bound(&arguments, session),
    ..Function::PLAIN
};

fn question(arguments: &Arguments) -> Result<Question> {
    let event = subject(arguments, "event")?;
    let (unit, counting) = (Unit::of(arguments, MINUTE_TO_MONTH)?, Counting::of(arguments)?);
    let segment_by = segment_by(arguments)?;
    let limit = RowLimit::of_segments(arguments, segment_by.as_ref(), DOCUMENTED_LIMIT)?;
    let request = about_days("segmentation", arguments)?
        .query("event", event)
        .query("unit", unit.name())
        .query("type", counting.name())
        .query_some("on", segment_by)
        .query_some("where", arguments.text("filter")?)
        .query_some("limit", limit.map(RowLimit::to_text));
    series::question(request, (unit, counting), "segment", &[], limit).about(arguments, "event")
}
