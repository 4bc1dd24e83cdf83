//! What does a saved report say?
//!
//! `series` nests as deep as the report has breakdowns: metric, then a level for
//! each breakdown, then time, or `all` where the report has none, or nothing.
//! Funnels and retention come in the same place and nest otherwise. So nothing is
//! taken for granted: every number is a row, and the names on the way to it are
//! its metric, its segments and its date.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::flows_answer::{self, Flow, FlowPlace};
use crate::{
    contract::{Error, Result},
    json::{Moment, Part, finite, parse_object, unexpected},
};

const EXPECTED: &str = "a saved report";

/// Deeper answers are refused; those of Mixpanel have less than ten levels.
const DEEPEST: usize = 128;

/// Texts of an item that say what it is, whatever they look like.
const LABELS: [&str; 3] = ["step_label", "event", "goal"];

#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// `insights`, `funnels`, `retention` or `flows`.
    pub report_type: &'static str,
    /// In the order of the answer.
    pub series: Vec<ReportSeries>,
    /// By series, then by date.
    pub rows: Vec<Row>,
}

impl Report {
    /// How many of its segments count towards a limit: the numbers of funnels and retention are not told apart by
    /// segments alone.
    pub fn limited_segments(&self) -> usize {
        if self.report_type == "insights" { self.segments() } else { 0 }
    }

    /// How many different segments there are, without those that are all of them together.
    pub fn segments(&self) -> usize {
        distinct_segments(self.series.iter().map(|series| &series.segments))
    }
}

/// How many different ones there are, without those that are all of them together (`$overall`).
pub fn distinct_segments<'a>(found: impl Iterator<Item = &'a Vec<String>>) -> usize {
    found.filter(|segments| segments.last().is_some_and(|name| name != "$overall")).collect::<HashSet<_>>().len()
}

/// What the numbers of a report are about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReportSeries {
    pub metric: Option<String>,
    pub segments: Vec<String>,
}

/// One number. There may be millions: each says which series it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its place in the report's series.
    pub series: usize,
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
    #[serde(borrow)]
    flows: Option<&'a RawValue>,
}

/// Reads the body of `GET /api/query/insights`, or of `GET /api/query/arb_funnels`.
///
/// Errors: `UnexpectedResponse`.
pub fn read(text: &str) -> Result<Report> {
    read_as(text, false)
}

/// The same of a funnel or retention, whatever the answer calls it: their dates stand among the levels.
///
/// Errors: `UnexpectedResponse`.
pub fn read_dated_inside(text: &str) -> Result<Report> {
    read_as(text, true)
}

fn read_as(text: &str, is_dated_inside: bool) -> Result<Report> {
    let body: Body<'_> = parse_object(text, EXPECTED)?;
    let Some(series) = body.series else {
        return match body.steps.or(body.flows) {
            Some(_) => Ok(flow(&flows_answer::read(text)?).report("flows")),
            None => Err(unexpected(EXPECTED, "there is no 'series'", text)),
        };
    };
    let report_type = report_type(body.headers);
    let mut reader = Reader {
        text,
        dated_inside: is_dated_inside || report_type != "insights",
        path: Vec::new(),
        rows: Rows::default(),
    };
    reader.read(series, false)?;
    Ok(reader.rows.report(report_type))
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
    rows: Rows,
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
                self.row(finite(digits).ok_or_else(|| self.too_large(digits))?);
            }
            Part::Null => self.row(None),
            Part::Text(text) => match number(&text) {
                Some(digits) => self.row(finite(digits).ok_or_else(|| self.too_large(digits))?),
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
        self.rows.add(ReportSeries { metric, segments }, date, value);
    }

    fn too_large(&self, digits: &str) -> Error {
        self.refused(&format!("{digits} is too large for a DOUBLE"))
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
        serde_json::from_str::<String>(members.get(label)?.get()).ok().filter(|text| !text.is_empty())
    });
    labels.into_iter().next().map_or_else(|| index.to_string(), |label| format!("{}. {label}", index + 1))
}

/// A date key. Its hyphens tell it from a number of eight digits, which is a date too elsewhere.
fn moment(key: &str) -> Option<Moment> {
    let is_dated = key.len() >= 10 && key.as_bytes().get(4) == Some(&b'-') && key.as_bytes().get(7) == Some(&b'-');
    is_dated.then(|| Moment::read(key)).flatten()
}

/// The digits of a number that comes as text. Words that Rust takes for numbers too, such as `inf`, are words.
fn number(text: &str) -> Option<&str> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = match digits {
        "NaN" | "Infinity" => true,
        _ => digits.starts_with(|first: char| first.is_ascii_digit()) && digits.parse::<f64>().is_ok(),
    };
    is_number.then_some(text)
}

/// The rows of a report while they are found.
#[derive(Default)]
struct Rows {
    series: HashMap<ReportSeries, usize>,
    rows: Vec<Row>,
}

impl Rows {
    fn add(&mut self, series: ReportSeries, date: Option<Moment>, value: Option<f64>) {
        let next = self.series.len();
        let series = *self.series.entry(series).or_insert(next);
        self.rows.push(Row { series, date, value });
    }

    /// By series in the order in which they are first seen, then by date, then as they came.
    fn report(mut self, report_type: &'static str) -> Report {
        self.rows.sort_by_key(|row| (row.series, row.date));
        let mut series: Vec<(ReportSeries, usize)> = self.series.into_iter().collect();
        series.sort_by_key(|(_, place)| *place);
        Report { report_type, series: series.into_iter().map(|(series, _)| series).collect(), rows: self.rows }
    }
}

/// A report of Flows in the same form: users at each node, on each way from one, and what is known of conversions. A
/// step of a top path has one way at most, which is the path.
fn flow(flow: &Flow) -> Rows {
    let mut rows = Rows::default();
    let mut add =
        |metric: &str, segments, value| rows.add(ReportSeries { metric: Some(metric.into()), segments }, None, value);
    for node in &flow.nodes {
        let path = node.path.map(|path| path.to_string());
        add("count", path.into_iter().chain(names(&node.place)).collect(), Some(node.place.count as f64));
    }
    for node in flow.nodes.iter().filter(|node| node.path.is_none()) {
        for next in &node.next {
            add("next_count", [names(&node.place), names(next)].concat(), Some(next.count as f64));
        }
    }
    for node in &flow.nodes {
        if let Some(change) = node.conversion_rate_change {
            add("conversion_rate_change", names(&node.place), Some(change));
        }
    }
    if flow.nodes.iter().all(|node| node.path.is_none()) {
        add("overall_conversion_rate", Vec::new(), flow.overall_conversion_rate);
    }
    rows
}

fn names(place: &FlowPlace) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut names = vec![place.step.to_string(), text(&place.kind), text(&place.event_name)];
    names.extend(place.segments.iter().cloned());
    names
}

#[cfg(test)]
#[path = "report_answer_tests.rs"]
mod tests;
