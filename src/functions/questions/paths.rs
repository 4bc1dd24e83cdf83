//! Which row is a number of, by the names that lead to it?
//!
//! Funnels and retention come as Insights do: numbers, nested as deep as there are
//! breakdowns. The reader of saved reports makes a list of them; here numbers of
//! one step, or of one period, are put together again.

use std::{collections::HashMap, hash::Hash};

use crate::{
    contract::{Code, Error, Result},
    functions::saved::{Report, ReportSeries},
    json::{Moment, unexpected},
};

/// Where the numbers of one row stand: its date and its segments. `K` tells rows of one segment apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathPlace<K> {
    pub date: Option<Moment>,
    pub segments: Vec<String>,
    pub key: K,
}

/// The rows of a report, by date, then by segment in the order of the answer, then by key.
///
/// `read` takes the names that lead to a number apart: what it is a number of, and which names are left. `None` for what
/// is no number of a row. `put` writes a number into its row.
///
/// Errors: `UnexpectedResponse` where there are numbers and all of them are of no row.
pub fn gathered<K: Copy + Eq + Hash + Ord, F, R: Default>(
    text: &str,
    expected: &str,
    report: &Report,
    read: impl Fn(&[String]) -> Option<(K, F, Vec<String>)>,
    put: impl Fn(&mut R, &F, Option<f64>),
) -> Result<Vec<(PathPlace<K>, R)>> {
    let is_several = report.series.iter().any(|series| series.metric != report.series[0].metric);
    let known: Vec<Option<(K, F, Vec<String>)>> =
        report.series.iter().map(|series| read_series(series, is_several, &read)).collect();
    let mut order: HashMap<Vec<String>, usize> = HashMap::new();
    let mut found: HashMap<PathPlace<K>, R> = HashMap::new();
    for row in &report.rows {
        let Some(Some((key, field, segments))) = known.get(row.series) else { continue };
        let next = order.len();
        order.entry(segments.clone()).or_insert(next);
        let place = PathPlace { date: row.date, segments: segments.clone(), key: *key };
        put(found.entry(place).or_default(), field, row.value);
    }
    if found.is_empty() && !report.rows.is_empty() {
        return Err(unexpected(expected, "its numbers have another form", text));
    }
    let mut rows: Vec<(PathPlace<K>, R)> = found.into_iter().collect();
    rows.sort_by_cached_key(|(place, _)| (place.date, order.get(&place.segments).copied(), place.key));
    Ok(rows)
}

/// The metric is the question itself and says nothing, where there is one.
fn read_series<K, F>(
    series: &ReportSeries,
    is_several: bool,
    read: impl Fn(&[String]) -> Option<(K, F, Vec<String>)>,
) -> Option<(K, F, Vec<String>)> {
    let (key, field, mut left) = read(&series.segments)?;
    if is_several {
        left.splice(0..0, series.metric.clone());
    }
    Some((key, field, left))
}

/// A number of users or events. Errors: `UnexpectedResponse` for a fraction.
pub fn whole(value: Option<f64>) -> Result<Option<i64>> {
    match value {
        None => Ok(None),
        Some(value) if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 => Ok(Some(value as i64)),
        Some(value) => {
            Err(Error::new(Code::UnexpectedResponse, format!("a number of users was expected, but it is {value}"))
                .fix("To see the whole answer, add raw := true"))
        }
    }
}
