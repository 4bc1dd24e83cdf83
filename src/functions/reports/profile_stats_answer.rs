//! What does Mixpanel say of profiles that it counted?
//!
//! `{"status": "ok", "results": 42, "computed_at": "2025-01-15T10:00:00"}`. What stands in `results` depends on the question:
//! a number; an object of numbers (`{"min": 1, "max": 9}`, and for a percentile `{"percentile": 90, "result": 4500}`); with
//! `segment_by_cohorts` an object of either by cohort. A list of such objects has been seen too. No documentation says
//! more, so every member becomes a row, whatever it is called.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    contract::Result,
    json::{Moment, Part, finite, parse_object, unexpected},
};

const EXPECTED: &str = "statistics of profiles";

/// One number, or what stands in its place.
#[derive(Debug, PartialEq)]
pub struct Stat {
    /// The cohort, as the answer names it.
    pub segment: Option<String>,
    pub statistic: String,
    /// `None` for what is no number: the extremes of dates are dates.
    pub value: Option<f64>,
    /// As it came.
    pub json: String,
    /// Microseconds since 1970.
    pub computed_at: Option<i64>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: &'a RawValue,
    computed_at: Option<serde_json::Value>,
}

/// The numbers of an answer, in its order. `action` is what a number is called that has no name there.
///
/// Errors: `UnexpectedResponse`.
pub fn stats(text: &str, action: &str, is_segmented: bool) -> Result<Vec<Stat>> {
    let Answer { results, computed_at } = parse_object(text, EXPECTED)?;
    let computed_at = computed_at.as_ref().and_then(|moment| Moment::read(moment.as_str()?)?.microseconds());
    let mut reader = Reader { text, action, computed_at, stats: Vec::new() };
    match part(results, text)? {
        Part::Object(segments) if is_segmented => {
            for (segment, value) in segments {
                reader.add(Some(&segment), value)?;
            }
        }
        _ => reader.add(None, results)?,
    }
    Ok(reader.stats)
}

struct Reader<'a> {
    text: &'a str,
    action: &'a str,
    computed_at: Option<i64>,
    stats: Vec<Stat>,
}

impl Reader<'_> {
    fn add(&mut self, segment: Option<&str>, value: &RawValue) -> Result<()> {
        match part(value, self.text)? {
            Part::List(items) => {
                for item in items {
                    self.add(segment, item)?;
                }
            }
            Part::Object(members) => {
                // Beside the result stands the question.
                if let Some(result) = members.get("result") {
                    return self.push(segment, self.action.to_owned(), result);
                }
                for (name, value) in members {
                    self.push(segment, name, value)?;
                }
            }
            _ => self.push(segment, self.action.to_owned(), value)?,
        }
        Ok(())
    }

    fn push(&mut self, segment: Option<&str>, statistic: String, value: &RawValue) -> Result<()> {
        let number = match part(value, self.text)? {
            Part::Number(digits) => finite(digits).flatten(),
            _ => None,
        };
        self.stats.push(Stat {
            segment: segment.map(str::to_owned),
            statistic,
            value: number,
            json: value.get().to_owned(),
            computed_at: self.computed_at,
        });
        Ok(())
    }
}

fn part<'a>(value: &'a RawValue, text: &str) -> Result<Part<'a>> {
    Part::of(value).map_err(|error| unexpected(EXPECTED, &error.to_string(), text).caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(results: &str, action: &str, is_segmented: bool) -> Vec<(Option<String>, String, Option<f64>)> {
        let text = format!(r#"{{"status":"ok","results":{results}}}"#);
        let stats = stats(&text, action, is_segmented).unwrap();
        stats.into_iter().map(|stat| (stat.segment, stat.statistic, stat.value)).collect()
    }

    #[test]
    fn numbers_and_objects_of_them() {
        let one = |name: &str, value| (None, name.to_owned(), value);
        assert_eq!(read("42", "count", false), [one("count", Some(42.0))]);
        assert_eq!(read(r#"{"max":9,"min":null}"#, "extremes", false), [one("max", Some(9.0)), one("min", None)]);
        assert_eq!(read(r#"{"percentile":90,"result":4500}"#, "percentile", false), [one("percentile", Some(4500.0))]);
        assert_eq!(read(r#"[{"count":42}]"#, "count", false), [one("count", Some(42.0))]);
        assert_eq!(read("[]", "count", false), []);
        assert_eq!(read(r#"{"min":"2025-01-01"}"#, "extremes", false), [one("min", None)]);
        assert_eq!(read("null", "count", false), [one("count", None)]);
    }

    #[test]
    fn segments_are_members_only_where_they_were_asked_for() {
        let one = |segment: &str, name: &str, value| (Some(segment.to_owned()), name.to_owned(), Some(value));
        assert_eq!(read(r#"{"1":4,"2":5}"#, "count", true), [one("1", "count", 4.0), one("2", "count", 5.0)]);
        assert_eq!(read(r#"{"1":{"max":4}}"#, "extremes", true), [one("1", "max", 4.0)]);
        assert_eq!(read(r#"{"result":3}"#, "count", true), [one("result", "count", 3.0)]);
    }

    #[test]
    fn says_when_it_was_computed_and_keeps_every_digit() {
        let stats =
            stats(r#"{"results":12345678901234567890.50,"computed_at":"1970-01-01T00:00:01"}"#, "sum", false).unwrap();
        assert_eq!((stats[0].computed_at, stats[0].json.as_str()), (Some(1_000_000), "12345678901234567890.50"));
    }

    #[test]
    fn other_shapes_are_shown() {
        for text in ["", "[1,2,3]", "{}", r#"{"status":"ok"}"#, "null"] {
            let error = stats(text, "count", false).unwrap_err().to_string();
            assert!(error.starts_with("[UNEXPECTED_RESPONSE] statistics of profiles"), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_survived(text in r#"[\[\]{}",:$a1\\ ]{0,40}"#, is_segmented: bool) {
            let _ = stats(&format!(r#"{{"results":{text}}}"#), "count", is_segmented);
        }
    }
}
