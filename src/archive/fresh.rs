//! Is an archived answer still what Mixpanel would return?
//!
//! It is judged by when Mixpanel was asked. A day is *finished* in an answer that
//! was asked for at least 13 hours after its end in UTC: it is over in every zone,
//! and exports lag by up to 45 minutes. It is *settled* in one that was asked for
//! at least five days after its end, when devices that were offline have sent
//! what they had.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::Copy;

const FINISHED: SignedDuration = SignedDuration::from_hours(13);
const SETTLED: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How long an answer serves for a day that is not finished: for a second pass of the same statement.
const UNFINISHED: SignedDuration = SignedDuration::from_mins(1);

/// No answer is from further ahead of the clock than this.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// How old an answer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// What the call itself says (`max_age`); it counts for unfinished and for settled days too.
    pub call: Option<SignedDuration>,
    /// What the setting or the environment says, or [`crate::config::DEFAULT_AGE`].
    pub usual: SignedDuration,
    /// Whether the archive is one for good, in which a settled day serves always.
    pub for_good: bool,
}

impl Freshness {
    /// Whether an answer serves for a day. `may_change`: its days never settle.
    pub fn allows(&self, copy: &Copy, day: Date, may_change: bool, now: Timestamp) -> bool {
        let age = now.duration_since(copy.asked_at);
        if age < -AHEAD || !copy.has_day(day) {
            return false;
        }
        if let Some(most) = self.call {
            // `INTERVAL 0` is to ask anew, whatever came a moment ago.
            return !most.is_zero() && age <= most;
        }
        let Some(end) = end_of(day) else { return false };
        let after = copy.asked_at.duration_since(end);
        if after >= SETTLED && self.for_good && !may_change {
            return true;
        }
        match after >= FINISHED {
            true => age <= self.usual,
            false => now.duration_since(copy.arrived_at) <= UNFINISHED,
        }
    }
}

/// Whether a day is finished where Mixpanel was asked at that moment.
pub fn is_finished(day: Date, asked_at: Timestamp) -> bool {
    end_of(day).is_some_and(|end| asked_at.duration_since(end) >= FINISHED)
}

/// The first moment of the next day in UTC; `None` at the end of the calendar.
fn end_of(day: Date) -> Option<Timestamp> {
    let next = day.checked_add(1.day()).ok()?;
    TimeZone::UTC.to_timestamp(next.to_datetime(jiff::civil::Time::midnight())).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::config::DEFAULT_AGE;

    const DAY: Date = date(2025, 1, 10);

    fn at(text: &str) -> Timestamp {
        format!("{text}Z").parse().unwrap()
    }

    fn copy(asked: &str) -> Copy {
        Copy { from: DAY, to: DAY, asked_at: at(asked), arrived_at: at(asked), strays: 0, length: 99, checksum: 0 }
    }

    fn freshness(call: Option<SignedDuration>, for_good: bool) -> Freshness {
        Freshness { call, usual: DEFAULT_AGE, for_good }
    }

    #[test]
    fn by_when_mixpanel_was_asked() {
        for (asked, now, kept_for_good, expected) in [
            // Not finished: a minute.
            ("2025-01-10T12:00:00", "2025-01-10T12:01:00", true, true),
            ("2025-01-10T12:00:00", "2025-01-10T12:01:01", true, false),
            ("2025-01-11T12:59:59", "2025-01-11T13:00:59", true, true),
            ("2025-01-11T12:59:59", "2025-01-11T13:01:00", true, false),
            // Finished: 20 hours.
            ("2025-01-11T13:00:00", "2025-01-12T09:00:00", true, true),
            ("2025-01-11T13:00:00", "2025-01-12T09:00:01", true, false),
            ("2025-01-15T23:59:59", "2025-01-16T20:00:00", true, false),
            // Settled: for good, where the archive is.
            ("2025-01-16T00:00:00", "2035-01-16T00:00:00", true, true),
            ("2025-01-16T00:00:00", "2025-01-16T20:00:00", false, true),
            ("2025-01-16T00:00:00", "2025-01-16T20:00:01", false, false),
            // Ahead of the clock.
            ("2025-01-16T00:05:00", "2025-01-16T00:00:00", true, true),
            ("2025-01-16T00:05:01", "2025-01-16T00:00:00", true, false),
        ] {
            let allowed = freshness(None, kept_for_good).allows(&copy(asked), DAY, false, at(now));
            assert_eq!(allowed, expected, "{asked} {now} {kept_for_good}");
        }
        let settled = copy("2025-01-16T00:00:00");
        assert!(!freshness(None, true).allows(&settled, DAY, true, at("2025-01-17T00:00:00")), "it may change");
        assert!(!freshness(None, true).allows(&settled, date(2025, 1, 11), false, at("2025-01-16T00:00:00")));
    }

    #[test]
    fn what_the_call_says_counts_for_every_day() {
        let hours = |hours| freshness(Some(SignedDuration::from_hours(hours)), true);
        for asked in ["2025-01-10T12:00:00", "2025-01-11T12:00:00", "2025-01-20T12:00:00"] {
            let copy = copy(asked);
            let later = |hours| copy.asked_at + SignedDuration::from_hours(hours);
            assert!(hours(3).allows(&copy, DAY, false, later(3)), "{asked}");
            assert!(!hours(3).allows(&copy, DAY, false, later(4)), "{asked}");
            assert!(!hours(0).allows(&copy, DAY, false, later(0)), "{asked}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_never_finished() {
        assert!(!is_finished(Date::MAX, at("2025-01-01T00:00:00")));
        assert!(is_finished(date(2025, 1, 1), at("2025-01-02T13:00:00")));
    }
}
