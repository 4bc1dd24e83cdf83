//! How often did each of some things happen, in all of some days?
//!
//! Sums of what `GET /api/query/events` and `GET /api/query/events/properties` say by day, cached.

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use crate::{
    config::Target,
    contract::{Error, Param, Reason, Result, SqlType},
    functions::reports::{Series, series},
    json::count,
    known::{self, DayRange},
    mixpanel::Request,
};

pub const COUNTS: Param = Param::named(
    "counts",
    SqlType::Boolean,
    "Whether to add a column with the number of occurrences in the last 30 days",
)
.default("false");

/// The days that are counted where the call doesn't say how many, the last one included.
const DAYS: i64 = 30;

/// The days of which things are counted, today's as UTC has it.
pub fn counted_days(target: &Target, days: DayRange) -> (Date, Date) {
    let to = days.to.unwrap_or_else(|| TimeZone::UTC.to_datetime(target.now()).date());
    (days.from.unwrap_or_else(|| to.checked_sub((DAYS - 1).days()).unwrap_or(to)), to)
}

/// How often each thing happened that the answer names, in the answer's order. Blocks.
///
/// `request` is without days. Where Mixpanel refuses today, because the project's day has not begun yet, yesterday is the last
/// day, unless the call says which it is.
///
/// Errors: what a request can fail with.
pub fn tally(target: &Target, request: &Request, days: DayRange) -> Result<Vec<(String, i64)>> {
    let (from, to) = counted_days(target, days);
    match asked(target, request, from, to) {
        Err(error) if days.to.is_none() && error.reason() == Some(Reason::FutureDate) => {
            asked(target, request, from, to.yesterday().map_err(|_| error)?)
        }
        outcome => outcome,
    }
}

fn asked(target: &Target, request: &Request, from: Date, to: Date) -> Result<Vec<(String, i64)>, Error> {
    let request = request
        .clone()
        .query("type", "general")
        .query("unit", "day")
        .query("from_date", from.to_string())
        .query("to_date", to.to_string());
    known::kept_answer(target, &request)?.read(totals)
}

fn totals(text: &str) -> Result<Vec<(String, i64)>> {
    let Series { keys, cells } = series(text, count)?;
    let mut totals: Vec<(String, i64)> = keys.into_iter().map(|key| (key, 0)).collect();
    for cell in cells {
        if let Some((_, total)) = totals.get_mut(cell.key as usize) {
            *total = total.saturating_add(cell.number);
        }
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_added_up() {
        let text = r#"{"data": {"series": [], "values": {"b": {"2025-01-01": 1, "2025-01-02": 2}, "a": {}}}}"#;
        assert_eq!(totals(text), Ok(vec![("b".to_owned(), 3), ("a".to_owned(), 0)]));
        assert!(totals(r#"{"data": []}"#).is_err());
    }

    #[test]
    fn thirty_days_unless_the_call_says_otherwise() {
        let target = crate::mixpanel::testing::target();
        let day = |text: &str| Some(text.parse::<Date>().unwrap());
        let days = |from, to| counted_days(&target, DayRange { from, to });
        assert_eq!(days(None, day("2025-01-30")), (day("2025-01-01").unwrap(), day("2025-01-30").unwrap()));
        assert_eq!(
            days(day("2025-01-29"), day("2025-01-30")),
            (day("2025-01-29").unwrap(), day("2025-01-30").unwrap())
        );
        let (from, to) = days(None, None);
        assert_eq!(to.since(from).unwrap().get_days(), 29);
    }
}
