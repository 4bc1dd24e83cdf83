//! Which days' events should a block hold?
//!
//! An export is asked for whole days and for times in milliseconds. The days tell
//! a time in seconds, from a server that did not heed that, from one in
//! milliseconds; and they tell rows that answer another question.

use std::ops::RangeInclusive;

use jiff::{
    civil::{Date, Time},
    tz::TimeZone,
};

/// So far outside its days a row may lie: no zone is further from UTC.
const TOLERANCE: i64 = 14 * 3_600_000_000;

const DAY: i64 = 24 * 3_600_000_000;

/// The moments at which an event of some days may have happened, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    first: i64,
    last: i64,
}

impl Days {
    /// Any moment: for what was not asked for by days.
    pub const ALL: Self = Self { first: i64::MIN, last: i64::MAX };

    /// The days from one to another, both inclusive, and 14 hours around them.
    pub fn between(from: Date, to: Date) -> Self {
        Self {
            first: midnight(from).map_or(i64::MIN, |first| first - TOLERANCE),
            last: midnight(to).map_or(i64::MAX, |last| last + DAY + TOLERANCE - 1),
        }
    }

    #[inline(always)]
    pub(super) fn contain(&self, moment: i64) -> bool {
        (self.first..=self.last).contains(&moment)
    }

    /// The same without the hours around them.
    #[inline(always)]
    pub(super) fn contain_exactly(&self, moment: i64) -> bool {
        self.exactly().contains(&moment)
    }

    /// From the first microsecond of the first day in UTC to the last one of the last.
    #[inline(always)]
    pub(super) fn exactly(&self) -> RangeInclusive<i64> {
        self.first.saturating_add(TOLERANCE)..=self.last.saturating_sub(TOLERANCE)
    }
}

/// `None` at the ends of the calendar.
fn midnight(day: Date) -> Option<i64> {
    Some(TimeZone::UTC.to_timestamp(day.to_datetime(Time::midnight())).ok()?.as_microsecond())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn they_reach_fourteen_hours_further() {
        let days = Days::between(date(2025, 1, 2), date(2025, 1, 3));
        for (moment, expected) in [
            ("2025-01-01T09:59:59.999999Z", false),
            ("2025-01-01T10:00:00Z", true),
            ("2025-01-04T13:59:59.999999Z", true),
            ("2025-01-04T14:00:00Z", false),
        ] {
            let micros = moment.parse::<jiff::Timestamp>().unwrap().as_microsecond();
            assert_eq!(days.contain(micros), expected, "{moment}");
        }
        for (moment, expected) in [
            ("2025-01-01T23:59:59.999999Z", false),
            ("2025-01-02T00:00:00Z", true),
            ("2025-01-03T23:59:59.999999Z", true),
            ("2025-01-04T00:00:00Z", false),
        ] {
            let micros = moment.parse::<jiff::Timestamp>().unwrap().as_microsecond();
            assert_eq!(days.contain_exactly(micros), expected, "{moment}");
        }
        assert!(Days::ALL.contain(i64::MIN) && Days::ALL.contain(i64::MAX));
        let calendar = Days::between(Date::MIN, Date::MAX);
        assert!(calendar.contain(0));
    }
}
