//! What several reports take.

use std::collections::HashSet;

use super::funnel_answer::OVERALL;
use crate::{
    contract::{Arguments, Code, Error, Result},
    mixpanel::{Api, Request},
};

/// More segments than this are not asked for: the most that Mixpanel gives where it says so, and where it doesn't, the
/// same.
const MOST_SEGMENTS: u64 = 10_000;

/// The subject of the question, which stands first and without a name.
///
/// Errors: `InvalidArgument` where it is NULL or empty.
pub fn subject<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str> {
    arguments.text(name)?.ok_or_else(|| missing(name))
}

/// The error of a positional argument that is NULL.
pub fn missing(name: &str) -> Error {
    Error::argument(name, "must not be NULL")
}

/// A request of the query API about some days.
pub fn about_days(path: &str, arguments: &Arguments) -> Result<Request> {
    let (from, to) = arguments.required_dates("from_date", "to_date")?;
    Ok(Request::get(Api::Query, path).query("from_date", from.to_string()).query("to_date", to.to_string()))
}

/// How many segments may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLimit {
    segments: u64,
    /// Whether the caller said so, and so takes what is left out.
    is_chosen: bool,
}

impl RowLimit {
    /// From `max_rows`, which is `most` at most where Mixpanel has such a bound.
    pub fn of(arguments: &Arguments, most: Option<u64>) -> Result<Self> {
        let chosen = arguments.count("max_rows")?;
        match (chosen, most) {
            (Some(chosen), Some(most)) if chosen > most => Err(Error::argument(
                "max_rows",
                format!("must be at most {most}, which is Mixpanel's limit, not {chosen}"),
            )),
            _ => Ok(Self { segments: chosen.unwrap_or(MOST_SEGMENTS), is_chosen: chosen.is_some() }),
        }
    }

    /// The same for reports that have segments only where `segment_by` makes them.
    pub fn of_segments(arguments: &Arguments, segment_by: Option<&String>, most: Option<u64>) -> Result<Option<Self>> {
        match segment_by {
            Some(_) => Self::of(arguments, most).map(Some),
            None if arguments.get("max_rows").is_some() => {
                let problem = "limits segments and needs segment_by. Add segment_by, or use LIMIT to limit rows";
                Err(Error::argument("max_rows", problem))
            }
            None => Ok(None),
        }
    }

    pub fn to_text(self) -> String {
        self.segments.to_string()
    }

    /// Errors: `Truncated` where as many came as the caller did not ask for: then there may be more.
    pub fn check(self, came: usize) -> Result<()> {
        let came = u64::try_from(came).unwrap_or(u64::MAX);
        if self.is_chosen || came < self.segments {
            return Ok(());
        }
        let what = format!("the answer has {came} segments, as many as were requested: others may be missing");
        Err(Error::new(Code::Truncated, what)
            .fix(format!("Narrow the report, or accept this answer with max_rows := {}", self.segments)))
    }
}

/// Checks the segments that rows name, any number of times each. All together (`$overall`) they are none.
pub fn check_segments<'a>(limit: Option<RowLimit>, named: impl Iterator<Item = Option<&'a str>>) -> Result<()> {
    let Some(limit) = limit else { return Ok(()) };
    let segments: HashSet<&str> = named.flatten().filter(|segment| *segment != OVERALL).collect();
    limit.check(segments.len())
}

/// The bound that Mixpanel documents for segmentation and funnels.
pub const DOCUMENTED_LIMIT: Option<u64> = Some(MOST_SEGMENTS);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Value;

    fn max_rows(number: i128) -> Arguments {
        Arguments::new(vec![("max_rows".into(), Value::Integer(number))])
    }

    #[test]
    fn as_many_as_were_asked_for_may_be_too_few() {
        let ours = RowLimit::of(&Arguments::default(), DOCUMENTED_LIMIT).unwrap();
        assert_eq!((ours.to_text(), ours.check(9_999)), ("10000".to_owned(), Ok(())));
        let message = ours.check(10_000).unwrap_err().to_string();
        assert!(
            message.starts_with("[TRUNCATED] the answer has 10000 segments, as many as were requested"),
            "{message}"
        );
        assert!(message.contains("max_rows := 10000"), "{message}");
    }

    #[test]
    fn who_chose_a_limit_takes_the_cut() {
        let theirs = RowLimit::of(&max_rows(3), DOCUMENTED_LIMIT).unwrap();
        assert_eq!((theirs.to_text(), theirs.check(3)), ("3".to_owned(), Ok(())));
        let message = RowLimit::of(&max_rows(10_001), DOCUMENTED_LIMIT).unwrap_err().to_string();
        assert!(message.contains("max_rows: must be at most 10000") && message.contains("not 10001"), "{message}");
        assert!(RowLimit::of(&max_rows(10_001), None).is_ok() && RowLimit::of(&max_rows(0), None).is_err());
    }

    #[test]
    fn a_limit_needs_segments() {
        let expression = "properties[\"a\"]".to_owned();
        assert_eq!(RowLimit::of_segments(&Arguments::default(), None, None), Ok(None));
        assert!(RowLimit::of_segments(&max_rows(3), Some(&expression), None).is_ok_and(|limit| limit.is_some()));
        let message = RowLimit::of_segments(&max_rows(3), None, None).unwrap_err().to_string();
        assert!(message.contains("max_rows: limits segments and needs segment_by"), "{message}");
    }
}
