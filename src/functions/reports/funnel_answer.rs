//! Funnels: `{"meta": {...}, "data": {date: {"steps": [step], "analysis": {...}}}}`, and where they are
//! segmented `{"data": {date: {"$overall": [step], segment: [step]}}}`.

use serde::Deserialize;
use serde_json::Value;

use super::series_answer::moment;
use crate::{
    contract::Result,
    json::{Entries, Moment, Object, count, measure, parse_object, unexpected},
};

/// What the API calls all segments together.
pub const OVERALL: &str = "$overall";

const EXPECTED: &str = "a funnel, steps by date,";

/// One step of a funnel, entered on a date, by a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub date: Moment,
    /// `None` where the answer is not segmented.
    pub segment: Option<String>,
    /// From 1.
    pub number: i32,
    /// The label where there is one, since custom events have no other readable name; else the event.
    pub event_name: Option<String>,
    pub count: i64,
    /// The share of those who took the step before, and the first one: from 0 to 1.
    pub step_conversion: Option<f64>,
    pub overall_conversion: Option<f64>,
    /// Since the step before, and since the first one; `None` where nobody took it, and for the first step.
    pub seconds: Option<f64>,
    pub seconds_from_start: Option<f64>,
}

/// A step as the API tells it.
#[derive(Deserialize)]
struct Told {
    count: Value,
    #[serde(default)]
    step_label: Option<String>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    goal: Option<String>,
    #[serde(default)]
    step_conv_ratio: Value,
    #[serde(default)]
    overall_conv_ratio: Value,
    #[serde(default)]
    avg_time: Value,
    #[serde(default)]
    avg_time_from_start: Value,
}

/// The steps by date, and for a date in the answer's order. `segmented` is whether segments were asked for; where they
/// were not, a funnel that was saved with some may have them nevertheless.
///
/// Errors: `UnexpectedResponse`, also where segments were asked for and didn't come.
pub fn funnel(text: &str, segmented: bool) -> Result<Vec<Step>> {
    #[derive(Deserialize)]
    struct Answer {
        data: Entries<Entries<Value>>,
    }

    let Answer { data } = parse_object(text, EXPECTED)?;
    let mut steps = Vec::new();
    for (date, members) in data {
        let date = moment(&date, text)?;
        match members.get("steps").filter(|_| !segmented) {
            Some(told) => add(&mut steps, date, None, told, text)?,
            None => {
                for (segment, told) in members {
                    add(&mut steps, date, Some(&segment), &told, text)?;
                }
            }
        }
    }
    steps.sort_by_key(|step| step.date);
    Ok(steps)
}

fn add(steps: &mut Vec<Step>, date: Moment, segment: Option<&str>, told: &Value, text: &str) -> Result<()> {
    let told = Vec::<Object<Told>>::deserialize(told)
        .map_err(|error| unexpected("a list of steps", &error.to_string(), text).caused_by(error))?;
    let mut first = None;
    let mut previous = None;
    for (number, Object(told)) in (1..).zip(told) {
        let taken = count(&told.count, text)?;
        steps.push(Step {
            date,
            segment: segment.map(str::to_owned),
            number,
            event_name: told.step_label.filter(|label| !label.is_empty()).or(told.event).or(told.goal),
            count: taken,
            step_conversion: measure(&told.step_conv_ratio, text)?.or(Some(share(taken, previous))),
            overall_conversion: measure(&told.overall_conv_ratio, text)?.or(Some(share(taken, first))),
            seconds: measure(&told.avg_time, text)?,
            seconds_from_start: measure(&told.avg_time_from_start, text)?,
        });
        first = first.or(Some(taken));
        previous = Some(taken);
    }
    Ok(())
}

/// The API's ratios: 1 for the first step, 0 of nobody.
fn share(count: i64, of: Option<i64>) -> f64 {
    match of {
        None => 1.0,
        Some(0) => 0.0,
        Some(of) => count as f64 / of as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, segmented: bool) -> Vec<String> {
        let steps = funnel(text, segmented).unwrap();
        let line = |step: &Step| {
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
            let number = |number: Option<f64>| number.map_or_else(|| "-".into(), |number| number.to_string());
            [
                step.date.date().to_string(),
                text(&step.segment),
                step.number.to_string(),
                text(&step.event_name),
                step.count.to_string(),
                number(step.step_conversion),
                number(step.overall_conversion),
                number(step.seconds),
                number(step.seconds_from_start),
            ]
            .join(" ")
        };
        steps.iter().map(line).collect()
    }

    #[test]
    fn ratios_of_the_answer_and_names_of_custom_events() {
        let text = r#"{"meta": {"dates": ["2016-09-12", "2016-09-19"]}, "data": {"2016-09-19": {"analysis": {}, "steps": [
              {"count": 4, "avg_time": null, "avg_time_from_start": null, "step_conv_ratio": 1, "goal": "Open",
               "overall_conv_ratio": 1, "event": "Open"}]}, "2016-09-12": {"steps": [
              {"count": 4, "avg_time": 2, "avg_time_from_start": 5, "step_conv_ratio": 1, "overall_conv_ratio": 1, "event": "Open"},
              {"count": 1, "avg_time": 133, "avg_time_from_start": 134, "step_conv_ratio": 0.3, "goal": "$custom_event:1",
               "step_label": "Played", "custom_event": true, "overall_conv_ratio": 0.2, "event": "$custom_event:1"}]}}}"#;
        let expected = [
            "2016-09-12 - 1 Open 4 1 1 2 5",
            "2016-09-12 - 2 Played 1 0.3 0.2 133 134",
            "2016-09-19 - 1 Open 4 1 1 - -",
        ];
        assert_eq!(shown(text, false), expected);
    }

    #[test]
    fn ratios_that_are_missing_are_computed() {
        let text = r#"{"data": {"2024-03-01": {"analysis": {}, "steps": [
            {"count": 50, "event": "A"}, {"count": 10, "goal": "B", "step_label": ""}, {"count": 0}, {"count": 0, "event": "D"}]}}}"#;
        let expected = [
            "2024-03-01 - 1 A 50 1 1 - -",
            "2024-03-01 - 2 B 10 0.2 0.2 - -",
            "2024-03-01 - 3 - 0 0 0 - -",
            "2024-03-01 - 4 D 0 0 0 - -",
        ];
        assert_eq!(shown(text, false), expected);
    }

    #[test]
    fn segments_are_lists_of_steps() {
        let text = r#"{"data": {"2024-03-01": {"$overall": [{"count": 5, "event": "A"}], "steps": [{"count": 2, "event": "A"}]}}}"#;
        assert_eq!(shown(text, true), ["2024-03-01 $overall 1 A 5 1 1 - -", "2024-03-01 steps 1 A 2 1 1 - -"]);
        let saved = r#"{"data": {"2024-03-01": {"$overall": [{"count": 5, "event": "A"}]}}}"#;
        assert_eq!(shown(saved, false), ["2024-03-01 $overall 1 A 5 1 1 - -"]);
    }

    #[test]
    fn other_shapes_are_errors() {
        let unsegmented = r#"{"data": {"2024-03-01": {"steps": [{"count": 5, "event": "A"}], "analysis": {}}}}"#;
        assert!(funnel(unsegmented, false).is_ok() && funnel(unsegmented, true).is_err());
        assert_eq!(funnel(r#"{"meta": {"dates": []}, "data": {}}"#, false), Ok(vec![]));
        for bad in [
            r#"{"data": []}"#,
            r#"{"meta": {}}"#,
            r#"{"data": {"x": {"steps": []}}}"#,
            r#"{"data": {"2024-03-01": []}}"#,
            r#"[{"2024-03-01": {"steps": []}}]"#,
            r#"{"data": {"2024-03-01": {"steps": [[5, "A"]]}}}"#,
            r#"{"data": {"2024-03-01": {"steps": {}}}}"#,
            r#"{"data": {"2024-03-01": {"steps": [{"event": "A"}]}}}"#,
            r#"{"data": {"2024-03-01": {"steps": [{"count": 1.5}]}}}"#,
            r#"{"data": {"2024-03-01": {"steps": [{"count": 1, "avg_time": "soon"}]}}}"#,
            "[]",
        ] {
            assert!(funnel(bad, false).unwrap_err().to_string().starts_with("[UNEXPECTED_RESPONSE]"), "{bad}");
        }
    }
}
