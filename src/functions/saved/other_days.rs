//! How is a saved report asked for about other days than its own?
//!
//! No route takes an id and days. The definition is asked for, its period is
//! replaced, and the whole is posted: two requests, the first of which is kept.

use serde_json::{Map, Value};

use super::{
    flow_rows::FlowMode,
    link::{AppKind, Link},
    report_answer::Report,
};
use crate::{
    config::Target,
    contract::{Arguments, Error, Param, Result, params},
    functions::{
        discovery::{SavedDefinition, require_definitions, saved_definition},
        one_request,
        parameters::{FROM_DATE, TO_DATE},
        questions::{
            asking::{self, SegmentLimit},
            days::{DateRange, LAST_DAYS},
        },
    },
    json::unexpected,
    known::Remembered,
    mixpanel::Request,
};

/// The days, if not those that the report was saved with.
pub const OTHER_DAYS: &[Param] = params![&[
    FROM_DATE.meaning("First day, inclusive, instead of the saved one"),
    TO_DATE.meaning("Last day, inclusive, instead of the saved one"),
    LAST_DAYS.without_default().meaning("Number of days up to today, instead of from_date and to_date"),
]];

/// Days in the place of those that a report was saved with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherDays(DateRange);

impl OtherDays {
    /// Errors: `InvalidArgument`, also for one without the other, and `InvalidConfig` for credentials that can't read
    /// definitions.
    pub fn of(arguments: &Arguments, target: &Target) -> Result<Option<Self>> {
        let days = DateRange::given(arguments)?.map(Self);
        if days.is_some() {
            require_definitions(target)?;
        }
        Ok(days)
    }

    /// The answer about these days. Blocks. `mode` is the form of a flow, if not the one that was saved.
    pub fn ask(self, target: &Target, link: &Link, mode: Option<FlowMode>, wanted: WantedReport) -> Result<Remembered> {
        let saved = saved_definition(target, link.bookmark_id)?;
        let kind = AppKind::of(&saved.report_type);
        wanted.check(kind, &saved.report_type)?;
        let params = self.placed(saved)?;
        let request = match kind {
            Some(AppKind::Flows) => posted_flow(target, params, mode),
            _ => asking::report(target, Value::Object(params), SegmentLimit::MOST),
        };
        one_request::ask(target, &request)
    }

    /// Errors: `Truncated` for an answer with as many segments as Mixpanel gives.
    pub fn check(self, text: &str, report: &Report) -> Result<()> {
        SegmentLimit::MOST.check(text, report.limited_segments()).map_err(|error| {
            error.fix(
                "To accept this answer, call mixpanel_query(params, max_rows := 50000) with the params of \
                 mixpanel_bookmarks()",
            )
        })
    }

    /// The definition about these days. Errors: `UnexpectedResponse` for one that has no period where others have it.
    fn placed(self, saved: SavedDefinition) -> Result<Map<String, Value>> {
        let params = Value::Object(saved.params);
        match self.0.onto(params.clone()) {
            Some(Value::Object(params)) => Ok(params),
            _ => Err(unexpected("a period in the saved report's definition", "there is none", &params.to_string())),
        }
    }
}

/// Which reports a function reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedReport {
    Any,
    Flows,
}

impl WantedReport {
    /// Errors: `InvalidArgument`.
    fn check(self, kind: Option<AppKind>, report_type: &str) -> Result<()> {
        match (self, kind) {
            (_, Some(AppKind::LaunchAnalysis) | None) => Err(Error::argument(
                "bookmark",
                format!("Mixpanel's API does not return a report of type '{report_type}'"),
            )),
            (WantedReport::Flows, Some(kind)) if kind != AppKind::Flows => {
                let problem = format!("is a report of {}, not of Flows. Use mixpanel_saved_report", kind.name());
                Err(Error::argument("bookmark", problem))
            }
            _ => Ok(()),
        }
    }
}

/// A definition of Flows, in this form, or in that which it was saved in. Rows of ways hold no tree.
fn posted_flow(target: &Target, mut params: Map<String, Value>, mode: Option<FlowMode>) -> Request {
    let saved = match params.get("chartType").and_then(Value::as_str) {
        Some("top-paths") => FlowMode::Paths,
        _ => FlowMode::Sankey,
    };
    let mode = mode.unwrap_or(saved);
    params.insert("chartType".into(), mode.chart_type().into());
    params.insert("flows_merge_type".into(), mode.merge_type().into());
    asking::flow(target, Value::Object(params), mode.query_type())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn placed(params: &str) -> Result<Value> {
        let days = OtherDays(DateRange::Between(date(2025, 1, 1), date(2025, 1, 31)));
        let params = serde_json::from_str(params).unwrap();
        days.placed(SavedDefinition { report_type: "insights".into(), params }).map(Value::Object)
    }

    #[test]
    fn the_period_is_replaced_and_nothing_else() {
        for (params, expected) in [
            (
                r#"{"a": 1.50, "sections": {"show": [], "time": [{"dateRangeType": "in the last", "unit": "week", "window": {"unit": "day", "value": 30}}]}}"#,
                r#"{"a": 1.50, "sections": {"show": [], "time": [{"dateRangeType": "between", "unit": "week", "value": ["2025-01-01", "2025-01-31"]}]}}"#,
            ),
            (
                r#"{"steps": [], "date_range": {"from_date": {"unit": "day", "value": 30}, "to_date": "$now", "type": "in the last"}}"#,
                r#"{"steps": [], "date_range": {"type": "between", "from_date": "2025-01-01", "to_date": "2025-01-31"}}"#,
            ),
        ] {
            assert_eq!(placed(params).unwrap(), serde_json::from_str::<Value>(expected).unwrap());
        }
        for params in
            [r#"{"events": []}"#, r#"{"sections": {"time": []}}"#, r#"{"sections": {}}"#, r#"{"sections": 5}"#]
        {
            let message = placed(params).unwrap_err().to_string();
            assert!(message.contains("a period in the saved report's definition was expected"), "{message}");
        }
    }

    #[test]
    fn what_the_api_does_not_show_is_refused() {
        let refused = |wanted: WantedReport, report_type: &str| {
            wanted.check(AppKind::of(report_type), report_type).err().map(|error| error.to_string()).unwrap_or_default()
        };
        for report_type in ["insights", "funnels", "retention", "flows"] {
            assert_eq!(refused(WantedReport::Any, report_type), "");
        }
        assert_eq!(refused(WantedReport::Flows, "flows"), "");
        assert!(refused(WantedReport::Flows, "funnels").contains("is a report of Funnels, not of Flows"));
        assert!(refused(WantedReport::Any, "launch-analysis").contains("type 'launch-analysis'"));
        assert!(refused(WantedReport::Any, "addiction").contains("type 'addiction'"));
    }
}
