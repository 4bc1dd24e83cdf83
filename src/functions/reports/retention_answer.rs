//! Retention: `{date: {"counts": [n], "first": n}}`, and where it is segmented `{date: {segment: {"counts": [n], "first": n}}}`.

use serde::Deserialize;
use serde_json::Value;

use super::series_answer::moment;
use crate::{
    contract::Result,
    json::{Entries, Moment, Object, count, parse, unexpected},
};

/// How many of a cohort came back within one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    pub cohort: Moment,
    /// `None` where the answer is not segmented.
    pub segment: Option<String>,
    pub cohort_size: i64,
    /// From 0; `None`, as `retained` is, where no period of the cohort has ended yet.
    pub number: Option<i32>,
    pub retained: Option<i64>,
}

impl Period {
    /// The share of the cohort that came back, from 0 to 1; `None` in a cohort of nobody.
    pub fn rate(&self) -> Option<f64> {
        let retained = self.retained.filter(|_| self.cohort_size != 0)?;
        Some(retained as f64 / self.cohort_size as f64)
    }
}

#[derive(Deserialize)]
struct Cohort {
    counts: Vec<Value>,
    first: Value,
}

/// The periods by cohort, and for a cohort in the answer's order: those that the answer has, which are fewer for young
/// cohorts. A cohort that has none yet is there once, with its size.
///
/// Errors: `UnexpectedResponse`, also where segments were asked for and didn't come, or the other way round.
pub fn retention(text: &str, segmented: bool) -> Result<Vec<Period>> {
    let mut periods = Vec::new();
    if segmented {
        let answer: Entries<Entries<Object<Cohort>>> = parse(text, "cohorts by date and segment")?;
        for (date, segments) in answer {
            for (segment, Object(cohort)) in segments {
                add(&mut periods, &date, Some(&segment), &cohort, text)?;
            }
        }
    } else {
        let answer: Entries<Object<Cohort>> = parse(text, "cohorts by date")?;
        for (date, Object(cohort)) in answer {
            add(&mut periods, &date, None, &cohort, text)?;
        }
    }
    periods.sort_by_key(|period| period.cohort);
    Ok(periods)
}

fn add(periods: &mut Vec<Period>, date: &str, segment: Option<&str>, cohort: &Cohort, text: &str) -> Result<()> {
    let (date, cohort_size) = (moment(date, text)?, count(&cohort.first, text)?);
    let mut add = |number, retained| {
        periods.push(Period { cohort: date, segment: segment.map(str::to_owned), cohort_size, number, retained });
    };
    if cohort.counts.is_empty() {
        add(None, None);
    }
    for (number, retained) in cohort.counts.iter().enumerate() {
        let number = i32::try_from(number).map_err(|_| unexpected("fewer periods", "there are too many", text))?;
        add(Some(number), Some(count(retained, text)?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, segmented: bool) -> Vec<String> {
        let periods = retention(text, segmented).unwrap();
        let line = |p: &Period| {
            let segment = p.segment.as_deref().unwrap_or("-");
            let number = |number: Option<i64>| number.map_or_else(|| "-".into(), |number| number.to_string());
            let (period, retained) = (number(p.number.map(i64::from)), number(p.retained));
            format!("{} {segment} {} {period} {retained}", p.cohort.date(), p.cohort_size)
        };
        periods.iter().map(line).collect()
    }

    #[test]
    fn cohorts_are_ragged_and_their_dates_may_have_times() {
        let text = r#"{"2012-01-02T00:00:00-08:00": {"counts": [9], "first": 10, "rates": []},
            "2012-01-01T00:00:00": {"counts": [2, 9007199254740993], "first": 2}, "2012-01-03": {"counts": [], "first": 1}}"#;
        assert_eq!(
            shown(text, false),
            ["2012-01-01 - 2 0 2", "2012-01-01 - 2 1 9007199254740993", "2012-01-02 - 10 0 9", "2012-01-03 - 1 - -"]
        );
    }

    #[test]
    fn segments_are_one_level_more() {
        let text = r#"{"2012-01-01": {"$overall": {"counts": [3], "first": 4}, "null": {"counts": [1], "first": 4},
            "counts": {"counts": [2], "first": 4}}, "2012-01-02": {}}"#;
        assert_eq!(
            shown(text, true),
            ["2012-01-01 $overall 4 0 3", "2012-01-01 null 4 0 1", "2012-01-01 counts 4 0 2"]
        );
    }

    #[test]
    fn other_shapes_are_errors() {
        assert_eq!(retention("{}", false), Ok(vec![]));
        let plain = r#"{"2012-01-01": {"counts": [3], "first": 4}}"#;
        let segmented = r#"{"2012-01-01": {"DE": {"counts": [3], "first": 4}}}"#;
        assert!(retention(plain, true).is_err() && retention(segmented, false).is_err());
        for bad in [
            "[]",
            r#"{"data": {}}"#,
            r#"{"all": {"counts": [3], "first": 4}}"#,
            r#"{"2012-01-01": [3]}"#,
            r#"{"2012-01-01": [[3], 4]}"#,
            r#"{"2012-01-01": {"counts": [3]}}"#,
            r#"{"2012-01-01": {"counts": [null], "first": 4}}"#,
            r#"{"2012-01-01": {"counts": [1.5], "first": 4}}"#,
            r#"{"2012-01-01": {"counts": {"0": 1}, "first": 4}}"#,
        ] {
            assert!(retention(bad, false).unwrap_err().to_string().starts_with("[UNEXPECTED_RESPONSE]"), "{bad}");
        }
    }
}
