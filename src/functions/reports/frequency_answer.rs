//! Frequency: `{"data": {date: [n]}}`, and where it is segmented `{"data": {date: {segment: [n]}}}`.

use serde::Deserialize;
use serde_json::Value;

use super::series_answer::moment;
use crate::{
    contract::Result,
    json::{Entries, Moment, count, parse_object, unexpected},
};

/// How many users were active in at least so many hours or days.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    pub date: Moment,
    /// `None` where the answer is not segmented.
    pub segment: Option<String>,
    /// From 1.
    pub periods: i32,
    pub users: i64,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Entries<T>,
}

/// The numbers by date, and for a date in the answer's order.
///
/// Errors: `UnexpectedResponse`, also where segments were asked for and didn't come, or the other way round.
pub fn frequency(text: &str, segmented: bool) -> Result<Vec<Activity>> {
    let mut found = Vec::new();
    if segmented {
        let answer: Answer<Entries<Vec<Value>>> = parse_object(text, "lists of numbers by date and segment")?;
        for (date, segments) in answer.data {
            for (segment, users) in segments {
                add(&mut found, &date, Some(&segment), &users, text)?;
            }
        }
    } else {
        let answer: Answer<Vec<Value>> = parse_object(text, "lists of numbers by date")?;
        for (date, users) in answer.data {
            add(&mut found, &date, None, &users, text)?;
        }
    }
    found.sort_by_key(|activity| activity.date);
    Ok(found)
}

fn add(found: &mut Vec<Activity>, date: &str, segment: Option<&str>, users: &[Value], text: &str) -> Result<()> {
    let date = moment(date, text)?;
    for (number, users) in users.iter().enumerate() {
        found.push(Activity {
            date,
            segment: segment.map(str::to_owned),
            periods: i32::try_from(number + 1).map_err(|_| unexpected("fewer periods", "there are too many", text))?,
            users: count(users, text)?,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, segmented: bool) -> Vec<String> {
        let found = frequency(text, segmented).unwrap();
        let line = |a: &Activity| {
            format!("{} {} {} {}", a.date.date(), a.segment.as_deref().unwrap_or("-"), a.periods, a.users)
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn lists_count_from_one() {
        let text = r#"{"data": {"2012-01-02": [495], "2012-01-01": [305, 107]}}"#;
        assert_eq!(shown(text, false), ["2012-01-01 - 1 305", "2012-01-01 - 2 107", "2012-01-02 - 1 495"]);
        let text = r#"{"data": {"2012-01-01": {"DE": [3, 1], "true": [2]}}}"#;
        assert_eq!(shown(text, true), ["2012-01-01 DE 1 3", "2012-01-01 DE 2 1", "2012-01-01 true 1 2"]);
    }

    #[test]
    fn other_shapes_are_errors() {
        assert_eq!(frequency(r#"{"data": {}}"#, false), Ok(vec![]));
        assert!(frequency(r#"{"data": {"2012-01-01": [1]}}"#, true).is_err());
        for bad in [
            "[]",
            "{}",
            r#"{"data": []}"#,
            r#"[{"2012-01-01": [1]}]"#,
            r#"{"data": {"2012-01-01": {"DE": [1]}}}"#,
            r#"{"data": {"2012-01-01": 3}}"#,
            r#"{"data": {"2012-01-01": [1.5]}}"#,
            r#"{"data": {"$overall": [1]}}"#,
        ] {
            assert!(frequency(bad, false).unwrap_err().to_string().starts_with("[UNEXPECTED_RESPONSE]"), "{bad}");
        }
    }
}
