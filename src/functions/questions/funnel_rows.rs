//! The steps of a funnel, out of the answer to a question: `{funnel: {"count": {"1. A": {"all": 5}}, "avg_time": {...}}}`, with
//! dates and segments on the way, or lists of steps.

use super::paths::{PathPlace, gathered};
use crate::{contract::Result, functions::saved::read_report_dated_inside, json::Moment};

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct FunnelRow {
    /// `None` where all days are together.
    pub date: Option<Moment>,
    pub segments: Vec<String>,
    /// From 1.
    pub step: i32,
    pub event_name: Option<String>,
    pub numbers: StepNumbers,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepNumbers {
    pub event_name: Option<String>,
    pub count: Option<f64>,
    pub step_conversion: Option<f64>,
    pub overall_conversion: Option<f64>,
    pub seconds: Option<f64>,
    pub seconds_from_start: Option<f64>,
}

/// What a number says of a step, by the API's name for it.
const MEASURES: [(&str, Measure); 5] = [
    ("count", |numbers| &mut numbers.count),
    ("step_conv_ratio", |numbers| &mut numbers.step_conversion),
    ("overall_conv_ratio", |numbers| &mut numbers.overall_conversion),
    ("avg_time", |numbers| &mut numbers.seconds),
    ("avg_time_from_start", |numbers| &mut numbers.seconds_from_start),
];

type Measure = fn(&mut StepNumbers) -> &mut Option<f64>;

/// Errors: `UnexpectedResponse`.
pub fn read(text: &str) -> Result<Vec<FunnelRow>> {
    let report = read_report_dated_inside(text)?;
    let put = |numbers: &mut StepNumbers, (measure, event): &(Measure, String), value| {
        *measure(numbers) = value;
        numbers.event_name = Some(event.clone()).filter(|event| !event.is_empty());
    };
    let rows = gathered(text, "the steps of a funnel", &report, of_a_step, put)?;
    let row = |(PathPlace { date, segments, key }, numbers): (PathPlace<i32>, StepNumbers)| FunnelRow {
        date,
        segments,
        step: key,
        event_name: numbers.event_name.clone(),
        numbers,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The last measure beside a step, and the names that are left: segments may be called like either.
fn of_a_step(names: &[String]) -> Option<(i32, (Measure, String), Vec<String>)> {
    let (at, (step, event), measure) = names.windows(2).enumerate().rev().find_map(|(at, pair)| {
        let [one, other] = pair else { return None };
        let (step, measure) = if measure(one).is_some() { (other, one) } else { (one, other) };
        Some((at, self::step(step)?, self::measure(measure)?))
    })?;
    let left = names.iter().take(at).chain(names.iter().skip(at + 2));
    Some((step, (measure, event), left.cloned().collect()))
}

fn measure(name: &str) -> Option<Measure> {
    MEASURES.iter().find(|(known, _)| *known == name).map(|(_, measure)| *measure)
}

/// `2. Purchase`
fn step(name: &str) -> Option<(i32, String)> {
    let (number, event) = name.split_once(". ")?;
    Some((number.parse().ok().filter(|number| *number > 0)?, event.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(series: &str) -> Vec<String> {
        let rows = read(&format!(r#"{{"headers": ["$metric"], "series": {series}}}"#)).unwrap();
        let line = |row: &FunnelRow| {
            let date = row.date.map_or("-".into(), |date| date.date().to_string());
            let number = |number: Option<f64>| number.map_or("-".into(), |number| number.to_string());
            let StepNumbers { count, step_conversion, seconds, .. } = &row.numbers;
            let numbers = [count, step_conversion, seconds].map(|value| number(*value)).join(" ");
            format!("{date} {:?} {} {} {numbers}", row.segments, row.step, row.event_name.as_deref().unwrap_or("-"))
        };
        rows.iter().map(line).collect()
    }

    const STEPS: &str = r#"{"count": {"1. A": {"all": 10}, "2. B. C": {"all": 4}}, "step_conv_ratio": {"1. A": {"all": 1}, "2. B. C": {"all": 0.4}},
        "avg_time": {"1. A": {"all": null}, "2. B. C": {"all": 30}}}"#;

    #[test]
    fn steps_of_all_days() {
        assert_eq!(shown(&format!(r#"{{"A through B": {STEPS}}}"#)), ["- [] 1 A 10 1 -", "- [] 2 B. C 4 0.4 30"]);
        assert!(shown("{}").is_empty());
    }

    #[test]
    fn segments_and_dates_wherever_they_are() {
        let by_segment = format!(r#"{{"F": {{"$overall": {STEPS}, "count": {STEPS}, "1. A": {STEPS}}}}}"#);
        let expected = ["$overall", "count", "1. A"]
            .iter()
            .flat_map(|name| [format!("- {:?} 1 A 10 1 -", [name]), format!("- {:?} 2 B. C 4 0.4 30", [name])]);
        assert_eq!(shown(&by_segment), expected.collect::<Vec<_>>());
        let by_date = format!(r#"{{"F": {{"2025-01-02": {{"x": {STEPS}}}, "2025-01-01": {{"x": {STEPS}}}}}}}"#);
        let first = |date: &str| format!("{date} [\"x\"] 1 A 10 1 -");
        assert_eq!(
            shown(&by_date).iter().step_by(2).cloned().collect::<Vec<_>>(),
            [first("2025-01-01"), first("2025-01-02")]
        );
        // At the end, as in Insights.
        assert_eq!(
            shown(r#"{"F": {"count": {"1. A": {"2025-01-01T00:00:00": 3, "2025-01-02T00:00:00": 4}}}}"#),
            ["2025-01-01 [] 1 A 3 - -", "2025-01-02 [] 1 A 4 - -"]
        );
        assert_eq!(
            shown(r#"{"F": {"count": {"1. A": {"US": 3, "all": 5}}}}"#),
            ["- [\"US\"] 1 A 3 - -", "- [] 1 A 5 - -"]
        );
    }

    #[test]
    fn ten_steps_are_in_their_order_and_lists_are_steps_too() {
        let steps: Vec<String> = (1..=11).map(|number| format!(r#""{number}. A": {{"all": 1}}"#)).collect();
        let rows = shown(&format!(r#"{{"F": {{"count": {{{}}}}}}}"#, steps.join(",")));
        assert_eq!(rows[9..], ["- [] 10 A 1 - -", "- [] 11 A 1 - -"]);
        let list = r#"{"F": {"$overall": [{"count": 5, "event": "A", "step_conv_ratio": 1}, {"count": 2, "step_label": "B", "event": "b"}]}}"#;
        assert_eq!(shown(list), ["- [\"$overall\"] 1 A 5 1 -", "- [\"$overall\"] 2 B 2 - -"]);
    }

    #[test]
    fn several_metrics_stay_apart_and_other_numbers_are_no_funnel() {
        let two = format!(r#"{{"F": {STEPS}, "G": {STEPS}}}"#);
        assert_eq!(shown(&two)[2], "- [\"G\"] 1 A 10 1 -");
        for series in [r#"{"M": {"all": 5}}"#, r#"{"M": {"count": {"A": 1}}}"#, r#"{"M": {"0. A": {"count": 1}}}"#] {
            let message = read(&format!(r#"{{"series": {series}}}"#)).unwrap_err().to_string();
            assert!(message.contains("the steps of a funnel was expected"), "{message}");
        }
    }
}
