//! What does a comparison of a column's cast say of the column?
//!
//! DuckDB casts `event_time` where it is compared with a DATE (`event_time::DATE >= current_date - 7`) or with a moment
//! (`event_time >= now() - INTERVAL 7 DAYS`: `now()` has a time zone, so `event_time` is read in the session's).
//! What follows for the column itself may be wider than the comparison, never narrower.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::contract::{Comparison, Filter, Value};

const DAY: i64 = 86_400_000_000;

/// What a column, a TIMESTAMP, was cast to before it was compared with a constant of that type.
#[derive(Debug, Clone, Copy)]
pub enum CastConstant {
    /// Days since 1970.
    Date(i32),
    /// Microseconds since 1970 in UTC.
    Moment(i64),
}

/// Conditions on the column that hold wherever the comparison does.
pub fn implied(
    column: usize,
    comparison: Comparison,
    constant: CastConstant,
    session: Option<&TimeZone>,
) -> Vec<Filter> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessAndMaybeEqual, LessOrEqual};
    // The column's times whose cast may be equal to the constant.
    let (first, last) = match constant {
        CastConstant::Date(days) => of_day(days),
        CastConstant::Moment(micros) => on_clocks(micros, session),
    };
    let conditions: &[(Comparison, Option<i64>)] = match (comparison, constant) {
        (Equal, _) => &[(GreaterOrEqual, first), (LessOrEqual, last)],
        (Less, CastConstant::Date(_)) => &[(Less, first)],
        (Greater, CastConstant::Date(_)) => &[(Greater, last)],
        (LessAndMaybeEqual, CastConstant::Date(_)) | (LessOrEqual, _) => &[(LessOrEqual, last)],
        (Less | LessAndMaybeEqual, CastConstant::Moment(_)) => &[(comparison, last)],
        (Greater, CastConstant::Moment(_)) | (GreaterOrEqual, _) => &[(comparison, first)],
    };
    let compare = |&(comparison, micros): &(_, Option<i64>)| {
        Some(Filter::Compare { column, comparison, value: Value::Timestamp(micros?) })
    };
    conditions.iter().filter_map(compare).collect()
}

/// The first and the last microsecond of a day; `None` beyond what a TIMESTAMP can be.
fn of_day(days: i32) -> (Option<i64>, Option<i64>) {
    let first = i64::from(days).checked_mul(DAY);
    (first, first.and_then(|first| first.checked_add(DAY - 1)))
}

/// The earliest and the latest that clocks of the session's time zone can show at a moment, in microseconds.
///
/// They are the same but where clocks are changed within two days: a time that they show twice, or never, is any of them.
fn on_clocks(micros: i64, session: Option<&TimeZone>) -> (Option<i64>, Option<i64>) {
    let Ok(moment) = Timestamp::from_microsecond(micros) else { return (None, None) };
    // No place on earth has ever been further from UTC than 16 hours.
    let furthest = SignedDuration::from_hours(16);
    let Some(zone) = session else { return shifted(micros, -furthest, furthest) };
    let days = SignedDuration::from_hours(48);
    let around = [moment.checked_sub(days).ok(), Some(moment), moment.checked_add(days).ok()];
    let offsets =
        || around.iter().flatten().map(|near| SignedDuration::from_secs(zone.to_offset(*near).seconds().into()));
    shifted(micros, offsets().min().unwrap_or(-furthest), offsets().max().unwrap_or(furthest))
}

fn shifted(micros: i64, least: SignedDuration, most: SignedDuration) -> (Option<i64>, Option<i64>) {
    let by = |offset: SignedDuration| micros.checked_add(i64::try_from(offset.as_micros()).ok()?);
    (by(least), by(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(comparison: Comparison, constant: CastConstant, zone: Option<&str>) -> Vec<(Comparison, i64)> {
        let zone = zone.map(|name| TimeZone::get(name).unwrap());
        let filters = implied(0, comparison, constant, zone.as_ref());
        let shown = |filter| match filter {
            Filter::Compare { comparison, value: Value::Timestamp(micros), .. } => (comparison, micros),
            other => panic!("{other:?}"),
        };
        filters.into_iter().map(shown).collect()
    }

    #[test]
    fn a_date_is_its_whole_day() {
        use Comparison::*;
        let of = |comparison| shown(comparison, CastConstant::Date(10), None);
        let last = 11 * DAY - 1;
        assert_eq!(of(Equal), [(GreaterOrEqual, 10 * DAY), (LessOrEqual, last)]);
        assert_eq!(of(Greater), [(Greater, last)]);
        assert_eq!(of(GreaterOrEqual), [(GreaterOrEqual, 10 * DAY)]);
        assert_eq!(of(Less), [(Less, 10 * DAY)]);
        assert_eq!(of(LessOrEqual), [(LessOrEqual, last)]);
        assert_eq!(of(LessAndMaybeEqual), [(LessOrEqual, last)]);
    }

    #[test]
    fn a_moment_is_what_the_sessions_clocks_show() {
        use Comparison::*;
        const HOUR: i64 = 3_600_000_000;
        let of = |zone| shown(Greater, CastConstant::Moment(0), zone);
        assert_eq!(of(Some("UTC")), [(Greater, 0)]);
        assert_eq!(of(Some("America/New_York")), [(Greater, -5 * HOUR)]);
        assert_eq!(of(None), [(Greater, -16 * HOUR)]);
        // Clocks went forward on 2025-03-30 at 01:00 in UTC.
        let change = "2025-03-30T01:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
        let both = shown(Equal, CastConstant::Moment(change), Some("Europe/Berlin"));
        assert_eq!(both, [(GreaterOrEqual, change + HOUR), (LessOrEqual, change + 2 * HOUR)]);
    }

    #[test]
    fn infinities_say_nothing() {
        for micros in [i64::MAX, -i64::MAX] {
            assert_eq!(shown(Comparison::LessOrEqual, CastConstant::Moment(micros), Some("UTC")), []);
        }
        for days in [i32::MAX, -i32::MAX] {
            assert_eq!(shown(Comparison::Less, CastConstant::Date(days), None), []);
        }
    }
}
