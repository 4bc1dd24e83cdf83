//! Which requests does an export make?
//!
//! The API answers whole days, both ends inclusive, and has no cursor: a request
//! is a window of days. Small windows arrive early, are retried cheaply and are
//! decoded in parallel; but Mixpanel allows 60 requests an hour.

use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};

pub use super::apportion::MOST as MAX_WINDOWS;
use super::apportion::{Stage, apart, apportion, in_steps};
use crate::decode::Days;

/// The largest `limit` that the API takes.
pub const MAX_LIMIT: u64 = 100_000;

/// Days that one request asks for, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: Date,
    pub to: Date,
}

impl Window {
    /// When the events that it asks for happened.
    pub fn days(&self) -> Days {
        Days::between(self.from, self.to)
    }

    pub fn has(&self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// Two windows of half its days; `None` for a single day.
    pub fn halves(&self) -> Option<[Window; 2]> {
        let days = self.from.until(self.to).ok()?.get_days();
        let middle = self.from.checked_add(jiff::Span::new().try_days(days / 2).ok()?).ok()?;
        let next = middle.tomorrow().ok()?;
        (days > 0).then_some([Window { from: self.from, to: middle }, Window { from: next, to: self.to }])
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.from == self.to {
            true => write!(f, "{}", self.from),
            false => write!(f, "{} to {}", self.from, self.to),
        }
    }
}

/// The days of one export, and how it may ask for them.
#[derive(Debug, Clone)]
pub struct WantedDays {
    /// In order, none twice.
    pub days: Vec<Date>,
    /// The day after the last one, where its first moment may be wanted too. Nearly always it is not, so it has no window
    /// of its own where it can be part of one.
    pub midnight: Option<Date>,
    /// So many days a request, where the call says so.
    pub window_days: Option<usize>,
    /// At most so many requests, where the call says nothing.
    pub most: usize,
    /// All days are one request: the server stops by itself at the `limit` that it has.
    pub is_one: bool,
    pub today: Today,
}

/// What day it is, where the project's time zone may not be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Today {
    /// The latest day that may have begun in the project.
    pub latest: Date,
    /// The latest day that has begun there for sure.
    pub certain: Date,
}

impl Today {
    /// Where the project's zone is not known, its day is any that there is on earth: it begins first at UTC+14 and last at
    /// UTC-12.
    pub fn at(now: Timestamp, zone: Option<&TimeZone>) -> Self {
        let on_earth = |hours| Offset::constant(hours).to_datetime(now).date();
        match zone.map(|zone| zone.to_datetime(now).date()) {
            Some(today) => Self { latest: today, certain: today },
            None => Self { latest: on_earth(14), certain: on_earth(-12) },
        }
    }
}

impl WantedDays {
    /// All days, in order.
    pub fn all(&self) -> impl Iterator<Item = Date> + '_ {
        self.days.iter().copied().chain(self.midnight)
    }

    /// The windows for those days that are not there, oldest first. `is_finished`: over, and exported in full. `left`:
    /// requests of the hour.
    pub fn windows(&self, missing: &[Date], is_finished: impl Fn(Date) -> bool, left: usize) -> Vec<Window> {
        let stage = |day: Date| match day {
            day if day > self.today.certain => Stage::Uncertain,
            day if is_finished(day) => Stage::Finished,
            _ => Stage::Begun,
        };
        let spans = match (missing.first(), missing.last(), self.window_days) {
            (Some(first), Some(last), _) if self.is_one => vec![(*first, *last)],
            (_, _, Some(length)) => {
                // They are in order. A refusal would cost the rows of the others a request more.
                let (begun, uncertain) = missing.split_at(missing.partition_point(|day| *day <= self.today.certain));
                [in_steps(begun, length), apart(uncertain)].concat()
            }
            _ => apportion(missing, stage, |day| self.days.binary_search(&day).is_ok(), left, self.most),
        };
        spans.into_iter().map(|(from, to)| Window { from, to }).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn window(first: i8, last: i8) -> Window {
        Window { from: date(2025, 1, first), to: date(2025, 1, last) }
    }

    #[test]
    fn halves_have_all_days() {
        assert_eq!(window(1, 1).halves(), None);
        assert_eq!(window(1, 2).halves(), Some([window(1, 1), window(2, 2)]));
        assert_eq!(window(1, 5).halves(), Some([window(1, 3), window(4, 5)]));
        let calendar = Window { from: Date::MIN, to: Date::MAX };
        assert!(calendar.halves().is_some());
    }

    #[test]
    fn what_the_call_says_of_windows_holds() {
        let wanted = |window_days, is_one| WantedDays {
            days: Vec::new(),
            midnight: None,
            window_days,
            most: 20,
            is_one,
            today: Today { latest: date(2025, 6, 2), certain: date(2025, 6, 1) },
        };
        let missing = [1, 2, 3, 7].map(|day| date(2025, 1, day));
        let windows = |wanted: WantedDays| wanted.windows(&missing, |_| true, 60);
        assert_eq!(windows(wanted(None, false)), [window(1, 1), window(2, 2), window(3, 3), window(7, 7)]);
        assert_eq!(windows(wanted(Some(2), false)), [window(1, 2), window(3, 3), window(7, 7)]);
        assert_eq!(windows(wanted(Some(2), true)), [window(1, 7)]);
        let certain = date(2025, 1, 1);
        let zones = WantedDays { today: Today { latest: date(2025, 1, 3), certain }, ..wanted(Some(7), false) };
        assert_eq!(windows(zones), [window(1, 1), window(2, 2), window(3, 3), window(7, 7)]);
    }
}
