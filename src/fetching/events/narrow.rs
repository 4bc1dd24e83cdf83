//! What does the `WHERE` of a query say about the days and events to ask for?
//!
//! The answer is always a superset of what the query needs. DuckDB checks every
//! row again, so a condition that is not understood is left out.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::contract::{Comparison, Filter, Value};

/// Longer lists of event names are not sent: the request is a URL.
const MAX_NAME_BYTES: usize = 4000;

/// The days and events that a query asks for. `None` is "all".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub events: Option<Vec<String>>,
    /// The day after `to`, where its first moment may be wanted too: nearly always it is not, so it is worth no
    /// request of its own.
    pub midnight: Option<Date>,
}

impl Wanted {
    /// Whether no row can satisfy the query, so that no request is needed.
    pub fn is_nothing(&self) -> bool {
        let no_days = matches!((self.from, self.to), (Some(from), Some(to)) if from > to);
        (no_days && self.midnight.is_none()) || self.events.as_ref().is_some_and(Vec::is_empty)
    }
}

/// The columns of an export that conditions can be about, by position.
#[derive(Debug, Clone, Copy)]
pub struct FilterColumns {
    pub event_name: usize,
    pub event_time: usize,
}

/// Narrows what the call asks for by what the query's conditions leave of it.
///
/// A day is a day of the project: of `time_zone`, where event times were converted from it to UTC.
pub fn narrow(given: Wanted, filters: &[Filter], columns: FilterColumns, time_zone: &TimeZone) -> Wanted {
    let last = given.to;
    let mut wanted = given;
    for filter in filters {
        match filter {
            Filter::Compare { column, comparison, value } if *column == columns.event_time => {
                by_time(&mut wanted, *comparison, value, time_zone);
            }
            Filter::Compare { column, comparison: Comparison::Equal, value } if *column == columns.event_name => {
                by_names(&mut wanted, std::slice::from_ref(value));
            }
            Filter::In { column, values } if *column == columns.event_name => by_names(&mut wanted, values),
            Filter::In { column, values } if *column == columns.event_time => by_times(&mut wanted, values, time_zone),
            _ => {}
        }
    }
    // Other conditions may have moved the ends since.
    wanted.midnight = wanted.midnight.filter(|midnight| {
        wanted.to.and_then(|to| to.tomorrow().ok()) == Some(*midnight)
            && wanted.from.is_none_or(|from| from <= *midnight)
            && last.is_none_or(|last| *midnight <= last)
    });
    wanted
}

fn by_time(wanted: &mut Wanted, comparison: Comparison, value: &Value, time_zone: &TimeZone) {
    let Some(micros) = micros(value) else { return };
    let lower = matches!(comparison, Comparison::Equal | Comparison::Greater | Comparison::GreaterOrEqual);
    let upper = !matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual);
    // `< midnight` does not need the day that starts then.
    let open = matches!(comparison, Comparison::Less | Comparison::LessAndMaybeEqual);
    let last = if open { micros.saturating_sub(1) } else { micros };
    let (last_day, next_day) = (day(last, time_zone), day(micros, time_zone));
    if comparison == Comparison::LessAndMaybeEqual && last_day != next_day {
        wanted.midnight = next_day;
    }
    if lower && let Some(day) = day(micros, time_zone) {
        wanted.from = Some(wanted.from.map_or(day, |from| from.max(day)));
    }
    if upper && let Some(day) = last_day {
        wanted.to = Some(wanted.to.map_or(day, |to| to.min(day)));
    }
}

fn by_times(wanted: &mut Wanted, values: &[Value], time_zone: &TimeZone) {
    let times: Option<Vec<i64>> = values.iter().map(micros).collect();
    if let Some(times) = times
        && let (Some(first), Some(last)) = (times.iter().min(), times.iter().max())
    {
        by_time(wanted, Comparison::GreaterOrEqual, &Value::Timestamp(*first), time_zone);
        by_time(wanted, Comparison::LessOrEqual, &Value::Timestamp(*last), time_zone);
    }
}

fn by_names(wanted: &mut Wanted, values: &[Value]) {
    let names: Option<BTreeSet<&str>> = values
        .iter()
        .map(|value| match value {
            Value::Text(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let Some(names) = names else { return };
    let too_long = names.iter().map(|name| name.len() + 4).sum::<usize>() > MAX_NAME_BYTES;
    // This character may stand for bytes that are no text and were replaced; Mixpanel knows the name as it was.
    if too_long || names.iter().any(|name| name.contains(char::REPLACEMENT_CHARACTER)) {
        return;
    }
    wanted.events = Some(match wanted.events.take() {
        Some(given) => given.into_iter().filter(|name| names.contains(name.as_str())).collect(),
        None => names.into_iter().map(str::to_string).collect(),
    });
}

/// Microseconds since 1970 of a constant that is compared with a TIMESTAMP.
fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(micros) => Some(*micros),
        Value::Date(days) => i64::from(*days).checked_mul(86_400_000_000),
        _ => None,
    }
}

/// The project's day at that moment; `None` beyond the calendar (and for DuckDB's infinities).
fn day(micros: i64, time_zone: &TimeZone) -> Option<Date> {
    let moment = Timestamp::from_microsecond(micros).ok()?;
    Some(time_zone.to_datetime(moment).date()).filter(|day| day.year() >= 1)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const COLUMNS: FilterColumns = FilterColumns { event_name: 0, event_time: 1 };
    const DAY: i64 = 86_400_000_000;

    fn time(comparison: Comparison, micros: i64) -> Filter {
        Filter::Compare { column: 1, comparison, value: Value::Timestamp(micros) }
    }

    fn names(names: &[&str]) -> Filter {
        Filter::In { column: 0, values: names.iter().map(|name| Value::Text(name.to_string())).collect() }
    }

    fn narrowed(given: Wanted, filters: &[Filter]) -> Wanted {
        narrow(given, filters, COLUMNS, &TimeZone::UTC)
    }

    #[test]
    fn a_half_open_range_leaves_its_last_day_out() {
        let wanted =
            narrowed(Wanted::default(), &[time(Comparison::GreaterOrEqual, DAY), time(Comparison::Less, 3 * DAY)]);
        assert_eq!((wanted.from, wanted.to), (Some(date(1970, 1, 2)), Some(date(1970, 1, 3))));
    }

    #[test]
    fn a_range_that_may_be_half_open_takes_midnight_along() {
        let maybe = |last: i64| [time(Comparison::GreaterOrEqual, DAY), time(Comparison::LessAndMaybeEqual, last)];
        let wanted = narrowed(Wanted::default(), &maybe(3 * DAY));
        assert_eq!((wanted.to, wanted.midnight), (Some(date(1970, 1, 3)), Some(date(1970, 1, 4))));
        // Not where the end is within a day, or beyond what the call asks for, or another condition ends earlier.
        assert_eq!(narrowed(Wanted::default(), &maybe(3 * DAY - 1)).midnight, None);
        let given = Wanted { to: Some(date(1970, 1, 3)), ..Wanted::default() };
        assert_eq!(narrowed(given, &maybe(3 * DAY)).midnight, None);
        let earlier = [&maybe(3 * DAY)[..], &[time(Comparison::Less, 2 * DAY)]].concat();
        assert_eq!(narrowed(Wanted::default(), &earlier).midnight, None);
        // A moment and no more.
        let moment = narrowed(Wanted::default(), &maybe(DAY));
        assert!(!moment.is_nothing() && moment.midnight == Some(date(1970, 1, 2)));
    }

    #[test]
    fn a_closed_range_keeps_it() {
        let wanted =
            narrowed(Wanted::default(), &[time(Comparison::Greater, DAY), time(Comparison::LessOrEqual, 3 * DAY)]);
        assert_eq!((wanted.from, wanted.to), (Some(date(1970, 1, 2)), Some(date(1970, 1, 4))));
    }

    #[test]
    fn never_widens_what_was_given() {
        let given = Wanted {
            from: Some(date(1970, 1, 3)),
            to: Some(date(1970, 1, 3)),
            events: Some(vec!["a".into()]),
            midnight: None,
        };
        let filters = [time(Comparison::GreaterOrEqual, 0), time(Comparison::LessOrEqual, 9 * DAY), names(&["a", "b"])];
        assert_eq!(narrowed(given.clone(), &filters), given);
    }

    #[test]
    fn what_excludes_everything_is_nothing() {
        let given = Wanted { events: Some(vec!["a".into()]), ..Wanted::default() };
        assert!(narrowed(given, &[names(&["b"])]).is_nothing());
        assert!(narrowed(Wanted::default(), &[names(&["a"]), names(&["b"])]).is_nothing());
        assert!(narrowed(Wanted::default(), &[time(Comparison::Less, 0), time(Comparison::Greater, DAY)]).is_nothing());
        assert!(!Wanted::default().is_nothing());
    }

    #[test]
    fn days_are_the_projects() {
        // 1970-01-02 03:00 UTC is still the 1st in New York.
        let filters = [time(Comparison::Equal, DAY + 3 * 3_600_000_000)];
        let new_york = TimeZone::get("America/New_York").unwrap();
        let wanted = narrow(Wanted::default(), &filters, COLUMNS, &new_york);
        assert_eq!((wanted.from, wanted.to), (Some(date(1970, 1, 1)), Some(date(1970, 1, 1))));
    }

    #[test]
    fn infinities_and_odd_constants_are_left_out() {
        let filters = [
            time(Comparison::Less, i64::MAX),
            time(Comparison::Greater, -i64::MAX),
            Filter::Compare { column: 0, comparison: Comparison::Equal, value: Value::Integer(1) },
            Filter::Compare { column: 0, comparison: Comparison::Less, value: Value::Text("m".into()) },
        ];
        assert_eq!(narrowed(Wanted::default(), &filters), Wanted::default());
    }

    #[test]
    fn very_long_lists_are_not_sent() {
        let many: Vec<String> = (0..1000).map(|number| format!("event {number}")).collect();
        let filter = names(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(narrowed(Wanted::default(), &[filter]), Wanted::default());
    }
}
