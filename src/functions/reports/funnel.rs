//! `mixpanel_funnel(funnel_id, ...)`: how many users take the steps of a saved funnel. `GET /api/query/funnels`.

use super::{
    Question, REPORT,
    funnel_answer::{Step, funnel},
    funnel_steps::FunnelSteps,
    parameters::{DOCUMENTED_LIMIT, RowLimit, about_days, check_segments, missing},
    unit::{DAY_TO_MONTH, Unit},
};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Value, params},
    functions::{
        each::each_of,
        expression::segment_by,
        on_failure::ON_FAILURE,
        one_request::raw_answer,
        parameters::{DAYS, FILTER, MAX_ROWS, RAW, SEGMENT_BY, UNIT},
        target,
    },
    mixpanel::Request,
};

/// Rows: `segment` is NULL without `segment_by`, `step` counts from 1.
pub const FUNNEL: Function = Function {
    name: "mixpanel_funnel",
    description: "Counts the users who take each step of a saved funnel, by the date on which they enter it or over \
                  all days. One request.",
    example: "SELECT * FROM mixpanel_funnel(8101, from_date := '2025-01-01', to_date := '2025-01-05');",
    parameters: params![
        &[FUNNEL_ID],
        DAYS,
        &[UNIT, SEGMENT_BY, FILTER, LENGTH_UNIT, LENGTH, MAX_ROWS, MODE, ON_FAILURE],
        REPORT
    ],
    bind,
    ..Function::PLAIN
};

const MODE: Param = Param::named(
    "mode",
    SqlType::Varchar,
    "Form of the answer: trends for the steps by date, steps for all days together with the funnel's name",
)
.default("'trends'");
const FUNNEL_ID: Param =
    Param::positional("funnel_id", SqlType::Any, "Id of a saved funnel as a number or text, or a list of ids");
const LENGTH_UNIT: Param = Param::named("length_unit", SqlType::Varchar, "Unit of length: day, hour, minute or second");
/// A number with a fraction is refused; as a BIGINT it would come rounded.
const LENGTH: Param = Param::named("length", SqlType::Any, "Time that users have, instead of the saved one");

/// The units of `length_unit`, and how many of them are the 90 days that Mixpanel allows.
const LENGTHS: [(&str, u64); 4] = [("day", 90), ("hour", 90 * 24), ("minute", 90 * 24 * 60), ("second", 90 * 86_400)];

/// One funnel, or each of a list, whose rows have `funnel_id` too.
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let id_of = |value: &Value| {
        let one = arguments.clone().with(FUNNEL_ID.name, value.clone());
        funnel_id(&one)?.parse().map_err(|error| Error::argument(FUNNEL_ID.name, "is not a 64-bit id").caused_by(error))
    };
    match each_of(&FUNNEL, FUNNEL_ID.name, &arguments, session, id_of, bind_one)? {
        Some(each) => Ok(each),
        None => bind_one(arguments, session),
    }
}

/// The funnel that is asked about, but for the buckets of time.
struct Asked {
    funnel_id: String,
    request: Request,
    is_segmented: bool,
    limit: Option<RowLimit>,
}

impl Asked {
    fn of(arguments: &Arguments) -> Result<Self> {
        let funnel_id = funnel_id(arguments)?;
        let segment_by = segment_by(arguments)?;
        let limit = RowLimit::of_segments(arguments, segment_by.as_ref(), DOCUMENTED_LIMIT)?;
        let (length, length_unit) = length(arguments)?;
        let is_segmented = segment_by.is_some();
        let request = about_days("funnels", arguments)?
            .query("funnel_id", &funnel_id)
            .query_some("length", length.map(|length| length.to_string()))
            .query_some("length_unit", length_unit)
            .query_some("on", segment_by)
            .query_some("where", arguments.text("filter")?)
            .query_some("limit", limit.map(RowLimit::to_text));
        Ok(Self { funnel_id, request, is_segmented, limit })
    }
}

fn bind_one(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let mode = arguments.one_of(MODE.name, &["trends", "steps"])?;
    let asked = Asked::of(&arguments)?;
    if mode != Some("steps") {
        return trends(asked, &arguments)?.bound(&arguments, session);
    }
    if arguments.get(UNIT.name).is_some() {
        return Err(Error::argument(
            UNIT.name,
            "does not apply to mode := 'steps', which covers all days together. Remove one of them",
        ));
    }
    let (from, to) = arguments.required_dates("from_date", "to_date")?;
    let days = (to - from).get_days() + 1;
    let Asked { funnel_id, request, is_segmented, limit } = asked;
    let request = request.query("interval", days.to_string());
    let target = target(&arguments, session)?;
    request.url(&target)?;
    if arguments.boolean(RAW.name)?.unwrap_or(false) {
        return Ok(raw_answer(target, request));
    }
    let check = move |steps: &[Step]| check_segments(limit, steps.iter().map(|step| step.segment.as_deref()));
    Ok(FunnelSteps { target, funnel_id, request, is_segmented }.bound(check))
}

fn trends(asked: Asked, arguments: &Arguments) -> Result<Question> {
    let Asked { request, is_segmented, limit, .. } = asked;
    let unit = Unit::of(arguments, DAY_TO_MONTH)?;
    let table = unit
        .table("date", |step: &Step| step.date)
        .text_ref("segment", |step| step.segment.as_deref())
        .integer("step", |step| step.number)
        .text_ref("event_name", |step| step.event_name.as_deref())
        .bigint("count", |step| step.count)
        .double("step_conversion", |step| step.step_conversion)
        .double("overall_conversion", |step| step.overall_conversion)
        .double("avg_seconds", |step| step.seconds)
        .double("avg_seconds_from_start", |step| step.seconds_from_start);
    let read = move |text: &str| {
        let steps = funnel(text, is_segmented)?;
        check_segments(limit, steps.iter().map(|step| step.segment.as_deref()))?;
        Ok(steps)
    };
    Ok(Question::new(request.query("unit", unit.name()), read, table))
}

fn funnel_id(arguments: &Arguments) -> Result<String> {
    let id = arguments.id("funnel_id")?.ok_or_else(|| missing("funnel_id"))?;
    match !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(id),
        false => Err(Error::argument("funnel_id", format!("must be the id of a funnel, like 7509, not '{id}'"))),
    }
}

/// How long users have for the funnel, where it is not what was saved.
fn length(arguments: &Arguments) -> Result<(Option<u64>, Option<&'static str>)> {
    let length = arguments.count("length")?;
    let unit = arguments.one_of("length_unit", &LENGTHS.map(|(unit, _)| unit))?;
    let most = LENGTHS.iter().find(|(name, _)| Some(*name) == unit).map(|(_, most)| *most);
    match (length, unit, most) {
        (None, Some(unit), _) => {
            Err(Error::argument("length_unit", format!("needs length. Add length := 7 (of '{unit}'), or remove it")))
        }
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
