//! How is a question asked that no saved report has, and did all of the answer come?

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Code, Error, Param, Result, Session, SqlType, Table},
    functions::{one_request, parameters::RAW, saved::FlowMode, target},
    mixpanel::{Api, Request},
};

pub const MAX_ROWS: Param = Param::named(
    "max_rows",
    SqlType::BigInt,
    "Maximum number of segments, at most 50000. Leaves out the others without an error",
);

/// `POST /api/query/insights`: a definition of Insights, a funnel or retention.
pub fn report(target: &Target, definition: Json, limit: SegmentLimit) -> Request {
    posted(target, "insights", definition, ("queryLimits", json!({"limit": limit.segments})))
}

/// `POST /api/query/arb_funnels`: a definition of Flows, in one of its forms.
pub fn flow(target: &Target, definition: Json, query_type: &str) -> Request {
    posted(target, "arb_funnels", definition, ("query_type", query_type.into()))
}

fn posted(target: &Target, route: &str, definition: Json, (name, value): (&str, Json)) -> Request {
    let mut body = Map::new();
    body.insert("bookmark".into(), definition);
    if let Some(id) = &target.project_id {
        // A number, as all clients send it.
        body.insert("project_id".into(), id.parse::<u64>().map_or_else(|_| id.as_str().into(), Json::from));
    }
    body.insert(name.into(), value);
    Request::post(Api::Query, route).json(Json::Object(body).to_string())
}

/// The call that asks a definition of Insights, a funnel or retention. `segments` counts what a limit is of.
///
/// Errors: `InvalidArgument`, also for a definition that is too long to be asked; `InvalidConfig`.
pub fn bound<A: 'static>(
    arguments: &Arguments,
    session: &Session,
    definition: Json,
    read: impl Fn(&str) -> Result<A> + Send + Sync + 'static,
    segments: impl Fn(&A) -> usize + Send + Sync + 'static,
    table: Table<A>,
) -> Result<Box<dyn BoundTable>> {
    let limit = SegmentLimit::of(arguments)?;
    let target = target(arguments, session)?;
    let request = report(&target, definition, limit);
    request.url(&target)?;
    if arguments.boolean(RAW.name)?.unwrap_or(false) {
        return Ok(one_request::raw_answer(target, request));
    }
    let read = move |text: &str| {
        let answer = read(text)?;
        limit.check(text, segments(&answer))?;
        Ok(answer)
    };
    Ok(one_request::answered(target, request, read, table))
}

/// The call that asks a definition of Flows. Errors: as [`bound`].
pub fn bound_flow(
    arguments: &Arguments,
    session: &Session,
    definition: Json,
    mode: FlowMode,
) -> Result<Box<dyn BoundTable>> {
    let target = target(arguments, session)?;
    let request = flow(&target, definition, mode.query_type());
    request.url(&target)?;
    let raw = arguments.boolean(RAW.name)?.unwrap_or(false);
    Ok(mode.bound(raw, move || one_request::ask(&target, &request)))
}

/// How many segments may come: `queryLimits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentLimit {
    segments: u64,
    /// Whether the caller said so, and so takes what is left out.
    is_chosen: bool,
}

impl SegmentLimit {
    /// As many as Mixpanel gives.
    pub const MOST: Self = Self { segments: 50_000, is_chosen: false };

    /// From `max_rows`. Otherwise what Mixpanel's own reports ask for.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        match arguments.count(MAX_ROWS.name)? {
            None => Ok(Self { segments: 3_000, is_chosen: false }),
            Some(segments) if segments <= Self::MOST.segments => Ok(Self { segments, is_chosen: true }),
            Some(segments) => Err(Error::argument(
                MAX_ROWS.name,
                format!("must be at most {}, which is Mixpanel's limit, not {segments}", Self::MOST.segments),
            )),
        }
    }

    /// Whether all of the answer came, which it says itself; where it doesn't, by how many segments it has.
    ///
    /// Errors: `Truncated`, unless the caller chose the limit.
    pub fn check(self, answer: &str, segments: usize) -> Result<()> {
        if self.is_chosen {
            return Ok(());
        }
        let counted = u64::try_from(segments).unwrap_or(u64::MAX) >= self.segments;
        let is_cut =
            serde_json::from_str::<Answer>(answer).ok().and_then(|answer| answer.meta?.is_segmentation_limit_hit);
        if !is_cut.unwrap_or(counted) {
            return Ok(());
        }
        let what =
            format!("the answer has {} segments, as many as were requested: others may be missing", self.segments);
        let fix = match self.segments < Self::MOST.segments {
            true => format!(
                "Request more with max_rows := {}, or accept this answer with max_rows := {}",
                Self::MOST.segments,
                self.segments
            ),
            false => format!("Narrow the report, or accept this answer with max_rows := {}", self.segments),
        };
        Err(Error::new(Code::Truncated, what).fix(fix))
    }
}

#[derive(Deserialize)]
struct Answer {
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    is_segmentation_limit_hit: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Value;

    fn limit(max_rows: Option<i128>) -> Result<SegmentLimit> {
        let given = max_rows.map(|number| (MAX_ROWS.name.to_owned(), Value::Integer(number)));
        SegmentLimit::of(&Arguments::new(given.into_iter().collect()))
    }

    #[test]
    fn an_answer_says_whether_it_is_whole() {
        let usual = limit(None).unwrap();
        let cut = r#"{"meta": {"is_segmentation_limit_hit": true}}"#;
        let message = usual.check(cut, 5).unwrap_err().to_string();
        assert!(
            message.starts_with("[TRUNCATED] the answer has 3000 segments, as many as were requested"),
            "{message}"
        );
        assert!(message.contains("max_rows := 50000"), "{message}");
        // What it says counts more than what is counted.
        assert_eq!(usual.check(r#"{"meta": {"is_segmentation_limit_hit": false}}"#, 5_000), Ok(()));
        assert_eq!(limit(Some(5)).unwrap().check(cut, 5), Ok(()));
    }

    #[test]
    fn an_answer_that_says_nothing_is_counted() {
        for silent in ["{}", r#"{"meta": {}}"#, r#"{"meta": null}"#] {
            assert_eq!(limit(None).unwrap().check(silent, 2_999), Ok(()));
            assert!(limit(None).unwrap().check(silent, 3_000).is_err());
        }
        let message = SegmentLimit::MOST.check("{}", 50_000).unwrap_err().to_string();
        assert!(message.contains("Narrow the report"), "{message}");
    }

    #[test]
    fn mixpanel_has_a_limit_of_its_own() {
        assert!(limit(Some(50_000)).is_ok());
        let message = limit(Some(50_001)).unwrap_err().to_string();
        assert!(message.contains("max_rows: must be at most 50000"), "{message}");
    }
}
