//! `mixpanel_query(definition)`: what a definition of a report says, whether somebody saved it or not.
//!
//! `POST /api/query/insights`, or `/api/query/arb_funnels` for Flows. The definition goes out as it stands, but for its
//! days where the call names others.

use serde_json::Value as Json;

use super::{
    asking::{self, MAX_ROWS},
    days::{DateRange, LAST_DAYS},
    words::{Word, words},
};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, params},
    functions::{
        parameters::{FROM_DATE, LIVE, RAW, TO_DATE},
        saved::{FlowMode, Report, read_report, report_table},
    },
};

pub const QUERY_DEFINITION: Function = Function {
    name: "mixpanel_query",
    description: "Runs a report definition, such as the params of mixpanel_bookmarks(). Returns rows like \
                  mixpanel_saved_report, or like mixpanel_flows. One request.",
    example: "SELECT metric, date, value FROM mixpanel_query('{\"sections\": {\"show\": [{\"type\": \"metric\", \
              \"behavior\": {\"type\": \"event\", \"name\": \"Purchase\", \"resourceType\": \"events\", \"filtersDeterminer\": \"all\", \
              \"filters\": []}, \"measurement\": {\"math\": \"total\"}}], \"time\": [{\"dateRangeType\": \"in the last\", \"unit\": \"day\", \
              \"window\": {\"unit\": \"day\", \"value\": 5}}], \"filter\": [], \"group\": []}, \"displayOptions\": {\"chartType\": \"line\", \
              \"analysis\": \"linear\"}}');",
    parameters: params![
        &[
            Param::positional(
                "definition",
                SqlType::Any,
                "Definition of the report: JSON text, a STRUCT, or a variable that holds one",
            ),
            Param::named(
                "type",
                SqlType::Varchar,
                "Expected report type, to check the definition: insights, funnels, retention or flows"
            ),
            FROM_DATE.meaning("First day, inclusive, instead of the definition's"),
            TO_DATE.meaning("Last day, inclusive, instead of the definition's"),
            LAST_DAYS.without_default().meaning("Number of days up to today, instead of from_date and to_date"),
            MAX_ROWS,
            RAW,
        ],
        LIVE
    ],
    bind,
    ..Function::PLAIN
};

words! {
    /// Which report a definition is of.
    ReportType { Insights = "insights", Funnels = "funnels", Retention = "retention", Flows = "flows", }
}

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let definition = definition(&arguments)?;
    let said = arguments.one_of("type", &ReportType::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>())?;
    let found = ReportType::of(&definition)?;
    if let Some(said) = said.and_then(ReportType::read).filter(|said| *said != found) {
        let problem = format!("is '{}', but the definition is one of {}", said.as_str(), found.as_str());
        return Err(Error::argument("type", problem));
    }
    let definition = match DateRange::given(&arguments)? {
        None => definition,
        Some(days) => days.onto(definition).ok_or_else(|| refused("has no days to replace"))?,
    };
    if found == ReportType::Flows {
        if arguments.get(MAX_ROWS.name).is_some() {
            return Err(Error::argument(MAX_ROWS.name, "does not apply to Flows. Use LIMIT to limit rows"));
        }
        let mode = FlowMode::of_definition(&definition);
        return asking::bound_flow(&arguments, session, definition, mode);
    }
    asking::bound(&arguments, session, definition, read_report, Report::limited_segments, report_table())
}

/// Errors: `InvalidArgument` for NULL, which a variable holds where its query found no report.
fn definition(arguments: &Arguments) -> Result<Json> {
    let text =
        arguments.json("definition")?.ok_or_else(|| refused("is NULL, so the query for it found no definition"))?;
    let parsed: Json = serde_json::from_str(&text).map_err(|error| refused(&format!("is not JSON: {error}")))?;
    // Text within text: some bookmarks have their params as that.
    Ok(match &parsed {
        Json::String(inner) => serde_json::from_str(inner).unwrap_or(parsed),
        _ => parsed,
    })
}

fn refused(problem: &str) -> Error {
    Error::argument("definition", problem).fix(
        "Take one from mixpanel_bookmarks(): SET VARIABLE definition = (SELECT params FROM mixpanel_bookmarks() WHERE \
         bookmark_id = 123); FROM mixpanel_query(getvariable('definition'))",
    )
}

impl ReportType {
    /// Which report a definition is of. Errors: `InvalidArgument` for what is no definition.
    fn of(definition: &Json) -> Result<Self> {
        if !definition.is_object() {
            return Err(refused("is not a JSON object"));
        }
        let Some(sections) = definition.get("sections") else {
            return match definition.get("steps") {
                Some(Json::Array(_)) => Ok(Self::Flows),
                _ => Err(refused("has neither 'sections' nor 'steps', one of which every report definition has")),
            };
        };
        let shown = sections.get("show").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let behavior = shown.iter().find_map(|show| show.get("behavior")?.get("type")?.as_str());
        Ok(match behavior {
            Some("funnel") => Self::Funnels,
            Some("retention") => Self::Retention,
            _ => Self::Insights,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_says_what_it_is_of() {
        let shown = |behavior: &str| json!({"sections": {"show": [{"behavior": {"type": behavior}}]}});
        for (definition, expected) in [
            (shown("event"), ReportType::Insights),
            (shown("cohort"), ReportType::Insights),
            (json!({"sections": {}}), ReportType::Insights),
            (shown("funnel"), ReportType::Funnels),
            (shown("retention"), ReportType::Retention),
            (json!({"steps": []}), ReportType::Flows),
        ] {
            assert_eq!(ReportType::of(&definition), Ok(expected), "{definition}");
        }
        for (definition, problem) in [(json!({"events": []}), "neither"), (json!([1]), "not a JSON object")] {
            let message = ReportType::of(&definition).unwrap_err().to_string();
            assert!(message.contains(problem) && message.contains("mixpanel_bookmarks()"), "{message}");
        }
    }
}
