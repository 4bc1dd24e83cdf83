//! The periods of retention, out of the answer to a question: `{question: {date: {"first": 10, "counts": [10, 4], "rates": [1, 0.4]}}}`,
//! with segments above or below the date. `$average` stands for a date: it is a mean, and no cohort.

use super::paths::gathered;
use crate::{contract::Result, functions::saved::read_report_dated_inside, json::Moment};

/// How many of a cohort came back within one period.
#[derive(Debug, Clone, PartialEq)]
pub struct RetentionRow {
    pub cohort: Option<Moment>,
    pub segments: Vec<String>,
    pub cohort_size: Option<f64>,
    /// From 0; `None`, as `retained` is, where no period of the cohort has ended yet.
    pub period: Option<i32>,
    pub retained: Option<f64>,
    pub rate: Option<f64>,
}

#[derive(Debug, Default)]
struct Numbers {
    first: Option<f64>,
    retained: Option<f64>,
    rate: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    First,
    Count,
    Rate,
}

/// Errors: `UnexpectedResponse`.
pub fn read(text: &str) -> Result<Vec<RetentionRow>> {
    let report = read_report_dated_inside(text)?;
    let put = |numbers: &mut Numbers, field: &Field, value| match field {
        Field::First => numbers.first = value,
        Field::Count => numbers.retained = value,
        Field::Rate => numbers.rate = value,
    };
    let found = gathered(text, "the cohorts of retention", &report, of_a_period, put)?;
    // By cohort: the size, which has no period, and then the periods.
    let mut rows: Vec<RetentionRow> = Vec::with_capacity(found.len());
    for (place, numbers) in found {
        if place.date.is_none() && place.segments.iter().any(|name| name == AVERAGE) {
            continue;
        }
        let is_of = |row: &&mut RetentionRow| row.cohort == place.date && row.segments == place.segments;
        let cohort_size = match place.key {
            None => numbers.first,
            Some(_) => rows.last_mut().filter(is_of).and_then(|row| row.cohort_size),
        };
        let computed = || Some(numbers.retained? / cohort_size.filter(|size| *size != 0.0)?);
        let row = RetentionRow {
            cohort: place.date,
            segments: place.segments.clone(),
            cohort_size,
            period: place.key,
            retained: numbers.retained,
            rate: numbers.rate.or_else(computed),
        };
        // A size alone is a row only where there are no periods.
        match rows.last_mut().filter(is_of).filter(|last| last.period.is_none()) {
            Some(last) => *last = row,
            None => rows.push(row),
        }
    }
    Ok(rows)
}

const AVERAGE: &str = "$average";

/// The names end with what the number is: `first`, or `counts` and `rates` with the period.
fn of_a_period(names: &[String]) -> Option<(Option<i32>, Field, Vec<String>)> {
    match names {
        [left @ .., name] if name == "first" => Some((None, Field::First, left.to_vec())),
        [left @ .., name, period] if name == "counts" || name == "rates" => {
            let field = if name == "counts" { Field::Count } else { Field::Rate };
            Some((Some(period.parse().ok()?), field, left.to_vec()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(series: &str) -> Vec<String> {
        let rows = read(&format!(r#"{{"headers": ["$retention"], "series": {series}}}"#)).unwrap();
        let line = |row: &RetentionRow| {
            let number = |number: Option<f64>| number.map_or("-".into(), |number| number.to_string());
            let cohort = row.cohort.map_or("-".into(), |date| date.date().to_string());
            let period = row.period.map_or("-".into(), |period| period.to_string());
            let numbers = [row.retained, row.rate].map(number).join(" ");
            format!("{cohort} {} {} {period} {numbers}", row.segments.join(","), number(row.cohort_size))
        };
        rows.iter().map(line).collect()
    }

    #[test]
    fn cohorts_have_their_periods_and_the_mean_is_none() {
        let series = r#"{"A and then B": {
            "2025-01-02T00:00:00+00:00": {"first": 5, "counts": [], "rates": []},
            "2025-01-01T00:00:00+00:00": {"first": 10, "counts": [10, 4], "rates": [1.0, 0.4]},
            "$average": {"first": 7.5, "counts": [5.5, 2], "rates": [1, 0.4]}}}"#;
        assert_eq!(shown(series), ["2025-01-01  10 0 10 1", "2025-01-01  10 1 4 0.4", "2025-01-02  5 - - -"]);
        assert!(shown("{}").is_empty());
    }

    #[test]
    fn segments_stand_above_or_below_the_date_and_rates_are_computed_where_they_are_missing() {
        let above = r#"{"Q": {"$overall": {"2025-01-01": {"first": 10, "counts": [4]}, "$average": {"first": 1}},
            "first": {"2025-01-01": {"first": 0, "counts": [0]}}}}"#;
        assert_eq!(shown(above), ["2025-01-01 $overall 10 0 4 0.4", "2025-01-01 first 0 0 0 -"]);
        let below = r#"{"Q": {"2025-01-01": {"counts": {"first": 10, "counts": [4], "rates": [0.5]}}}}"#;
        assert_eq!(shown(below), ["2025-01-01 counts 10 0 4 0.5"]);
    }

    #[test]
    fn other_numbers_are_no_retention() {
        for series in [r#"{"M": {"all": 5}}"#, r#"{"M": {"2025-01-01": {"counts": {"x": 1}}}}"#] {
            let message = read(&format!(r#"{{"series": {series}}}"#)).unwrap_err().to_string();
            assert!(message.contains("the cohorts of retention was expected"), "{message}");
        }
    }
}
