//! What does a saved report say?
//!
//! `series` nests as deep as the report has breakdowns: metric, then a level for
//! each breakdown, then time, or `all` where the report has none, or nothing.
//! Funnels and retention come in the same place and nest otherwise. So nothing is
//! taken for granted: every number is a row, and the names on the way to it are
//! its metric, its segments and its date.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Moment,
    flows::{self, Flow, Place},
    members::Part,
    parse, unexpected,
};
use crate::contract::{Error, Result};

const EXPECTED: &str = "a saved report";

/// Deeper answers are refused; those of Mixpanel have less than ten levels.
const DEEPEST: usize = 128;

/// Texts of an item that say what it is, whatever they look like.
const LABELS: [&str; 3] = ["step_label", "event", "goal"];

#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// `insights`, `funnels`, `retention` or `flows`.
    pub report_type: &'static str,
    /// By metric and segments in the order of the answer, then by date.
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub metric: Option<String>,
    pub segments: Vec<String>,
    /// `None` in a report without a time axis.
    pub date: Option<Moment>,
    pub value: Option<f64>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
    #[serde(borrow)]
    series: Option<&'a RawValue>,
    #[serde(borrow)]
    steps: Option<&'a RawValue>,
}

/// Reads the body of `GET /api/query/insights`, or of `GET /api/query/arb_funnels`.
///
/// Errors: `UnexpectedResponse`.
pub fn read(text: &str) -> Result<Report> {
    let body: Body<'_> = parse(text, EXPECTED)?;
    let Some(series) = body.series else {
        return match body.steps {
            Some(_) => Ok(Report { report_type: "flows", rows: flow(&flows::read(text)?) }),
            None => Err(unexpected(EXPECTED, "there is no 'series'", text)),
        };
    };
    let report_type = report_type(body.headers);
    let mut reader = Reader { text, dated_inside: report_type != "insights", path: Vec::new(), rows: Vec::new() };
    reader.read(series, false)?;
    Ok(Report { report_type, rows: sorted(reader.rows) })
}

fn report_type(headers: Option<&RawValue>) -> &'static str {
    let headers = headers.and_then(|raw| serde_json::from_str::<Vec<String>>(raw.get()).ok()).unwrap_or_default();
    let types = [("$funnel", "funnels"), ("$retention", "retention"), ("$flows", "flows")];
    let found = types.iter().find(|(header, _)| headers.iter().any(|given| given == header));
    found.map_or("insights", |(_, report_type)| report_type)
}

struct Reader<'a> {
    text: &'a str,
    /// Funnels and retention have the date among the levels, those of Insights at their end.
    dated_inside: bool,
    /// The names from the top to where the reader is.
    path: Vec<String>,
    rows: Vec<Row>,
}

impl Reader<'_> {
    fn read(&mut self, raw: &RawValue, is_item: bool) -> Result<()> {
        if self.path.len() > DEEPEST {
            return Err(self.refused("it is nested too deep"));
        }
        match Part::of(raw).map_err(|error| self.refused(&error.to_string()))? {
            Part::Object(members) => {
                for (name, value) in members {
                    let is_label = is_item && LABELS.contains(&name.as_str()) && value.get().starts_with('"');
                    if !is_label {
                        self.below(name, value, false)?;
                    }
                }
            }
            Part::List(items) => {
                for (index, item) in items.into_iter().enumerate() {
                    self.below(place(index, item), item, true)?;
                }
            }
            Part::Number(digits) => {
                let value = digits.parse().ok().filter(|number: &f64| number.is_finite());
                let value = value.ok_or_else(|| self.refused(&format!("{digits} is too large for a DOUBLE")))?;
                self.row(Some(value));
            }
            Part::Null => self.row(None),
            Part::Text(text) => match number(&text) {
                Some(value) => self.row(Some(value)),
                None if self.path.is_empty() => return Err(self.refused("'series' is a text")),
                None => {}
            },
            Part::Boolean if self.path.is_empty() => return Err(self.refused("'series' is true or false")),
            Part::Boolean => {}
        }
        Ok(())
    }

    fn below(&mut self, name: String, value: &RawValue, is_item: bool) -> Result<()> {
        self.path.push(name);
        self.read(value, is_item)?;
        self.path.pop();
        Ok(())
    }

    fn row(&mut self, value: Option<f64>) {
        let (path, is_timeless) = match self.path.as_slice() {
            [above @ .., last] if last == "all" && !above.is_empty() => (above, true),
            path => (path, false),
        };
        let dated = |(index, name): (usize, &String)| Some((index, moment(name)?));
        let end = path.iter().enumerate().next_back().filter(|_| !is_timeless).and_then(dated);
        let date = end.or_else(|| path.iter().enumerate().filter(|_| self.dated_inside).find_map(dated));
        let (at, date) = date.unzip();
        // Where there is no metric, its place stays empty.
        let metric = path.first().filter(|_| at != Some(0)).cloned();
        let below = path.iter().enumerate().skip(1).filter(|(index, _)| at != Some(*index));
        let segments = below.map(|(_, name)| name.clone()).collect();
        self.rows.push(Row { metric, segments, date, value });
    }

    fn refused(&self, found: &str) -> Error {
        let place = self.path.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(" > ");
        let place = if place.is_empty() { String::new() } else { format!(" (at {place})") };
        unexpected(EXPECTED, &format!("{found}{place}"), self.text)
    }
}

/// An item of a list: its number, and what it calls itself where it does. Steps count from 1, all else from 0.
fn place(index: usize, item: &RawValue) -> String {
    let Ok(Part::Object(members)) = Part::of(item) else { return index.to_string() };
    let labels = LABELS.iter().filter_map(|label| {
        let (_, value) = members.iter().find(|(name, _)| name == label)?;
        serde_json::from_str::<String>(value.get()).ok().filter(|text| !text.is_empty())
    });
    labels.into_iter().next().map_or_else(|| index.to_string(), |label| format!("{}. {label}", index + 1))
}

/// A date key. Its hyphens tell it from a number of eight digits, which is a date too elsewhere.
fn moment(key: &str) -> Option<Moment> {
    let is_dated = key.len() >= 10 && key.as_bytes().get(4) == Some(&b'-') && key.as_bytes().get(7) == Some(&b'-');
    is_dated.then(|| Moment::read(key)).flatten()
}

/// A number that comes as text. Words that Rust takes for numbers too, such as `inf`, are words.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits {
        "NaN" => Some(f64::NAN),
        "Infinity" => text.parse().ok(),
        _ if digits.starts_with(|first: char| first.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

/// By metric and segments in the order in which they are first seen, then by date, then as they came.
fn sorted(rows: Vec<Row>) -> Vec<Row> {
    let mut groups: HashMap<(Option<String>, Vec<String>), usize> = HashMap::new();
    let mut placed = Vec::with_capacity(rows.len());
    for row in rows {
        let next = groups.len();
        let group = *groups.entry((row.metric.clone(), row.segments.clone())).or_insert(next);
        placed.push((group, row));
    }
    placed.sort_by_key(|(group, row)| (*group, row.date));
    placed.into_iter().map(|(_, row)| row).collect()
}

/// A report of Flows in the same form: users at each node, on each way from one, and what is known of conversions.
fn flow(flow: &Flow) -> Vec<Row> {
    let row = |metric: &str, segments, value| Row { metric: Some(metric.into()), segments, date: None, value };
    let nodes = || flow.nodes.iter();
    let mut rows: Vec<Row> =
        nodes().map(|node| row("count", names(&node.place), Some(node.place.count as f64))).collect();
    rows.extend(nodes().flat_map(|node| {
        node.next
            .iter()
            .map(move |next| row("next_count", [names(&node.place), names(next)].concat(), Some(next.count as f64)))
    }));
    rows.extend(nodes().filter_map(|node| {
        Some(row("conversion_rate_change", names(&node.place), Some(node.conversion_rate_change?)))
    }));
    rows.push(row("overall_conversion_rate", Vec::new(), flow.overall_conversion_rate));
    rows
}

fn names(place: &Place) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut names = vec![place.step.to_string(), text(&place.kind), text(&place.event_name)];
    names.extend(place.segments.iter().cloned());
    names
}

#[cfg(test)]
#[path = "saved_report_tests.rs"]
mod tests;
