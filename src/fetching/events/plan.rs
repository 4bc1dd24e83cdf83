//! Which requests does an export make?
//!
//! The API answers whole days, both ends inclusive, and has no cursor: a request
//! is a window of days. Small windows arrive early, are retried cheaply and are
//! decoded in parallel; but Mixpanel allows 60 requests an hour.

use jiff::{ToSpan, civil::Date};

use crate::{
    contract::{Error, Result},
    decode::Days,
};

/// Requests of one export unless `window_days` says otherwise: leaves some of the hour's 60 for retries and other work.
pub const MAX_WINDOWS: u64 = 48;

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
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.from == self.to {
            true => write!(f, "{}", self.from),
            false => write!(f, "{} to {}", self.from, self.to),
        }
    }
}

/// Splits the days from `from` to `to` into windows, oldest first, without overlap.
///
/// `max_rows` within the API's own limit makes it one window: the server stops by itself.
pub fn windows(from: Date, to: Date, window_days: Option<u64>, max_rows: Option<u64>) -> Result<Vec<Window>> {
    if max_rows.is_some_and(|rows| rows <= MAX_LIMIT) {
        return Ok(vec![Window { from, to }]);
    }
    let days = u64::try_from(from.duration_until(to).as_hours() / 24).unwrap_or_default() + 1;
    let length = window_days.unwrap_or_else(|| days.div_ceil(MAX_WINDOWS)).min(days);
    let step = i64::try_from(length).map_err(|_| Error::argument("window_days", "is too large"))?.days();
    let mut windows = Vec::new();
    let mut start = from;
    while start <= to {
        // Past the last day of the calendar there is no next window.
        let next = start.checked_add(step).ok();
        let end = next.and_then(|next| next.yesterday().ok()).map_or(to, |end| end.min(to));
        windows.push(Window { from: start, to: end });
        match next {
            Some(next) => start = next,
            None => break,
        }
    }
    Ok(windows)
}

/// The same for days that need not follow each other; they are in order, none twice. No window holds a day that is not
/// among them.
pub fn windows_of(days: &[Date], window_days: Option<u64>) -> Result<Vec<Window>> {
    let runs: Vec<Window> = days
        .chunk_by(|day, next| day.tomorrow().is_ok_and(|after| after == *next))
        .filter_map(|run| Some(Window { from: *run.first()?, to: *run.last()? }))
        .collect();
    let split = |length: u64| {
        let windows = runs.iter().map(|run| windows(run.from, run.to, Some(length), None));
        windows.collect::<Result<Vec<_>>>().map(|windows| windows.concat())
    };
    if let Some(length) = window_days {
        return split(length);
    }
    // Each run's last window may be short, so that the right length is not just a quotient.
    let mut length = 1;
    loop {
        let windows = split(length)?;
        if windows.len() as u64 <= MAX_WINDOWS || length > days.len() as u64 {
            return Ok(windows);
        }
        length += 1;
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn plan(days: i64, window_days: Option<u64>) -> Vec<Window> {
        let from = date(2024, 1, 1);
        windows(from, from.checked_add((days - 1).days()).unwrap(), window_days, None).unwrap()
    }

    #[test]
    fn one_day_each_while_they_fit() {
        for days in [1, 30, 48] {
            let windows = plan(days, None);
            assert_eq!(windows.len(), days as usize);
            assert!(windows.iter().all(|window| window.from == window.to));
        }
    }

    #[test]
    fn longer_windows_after_that() {
        for (days, count) in [(49, 25), (96, 48), (97, 33), (365, 46), (3650, 48)] {
            assert_eq!(plan(days, None).len(), count, "{days} days");
        }
    }

    #[test]
    fn windows_cover_every_day_once() {
        for days in [1, 2, 47, 48, 49, 100, 731] {
            for window_days in [None, Some(1), Some(7), Some(1000)] {
                let windows = plan(days, window_days);
                let mut expected = date(2024, 1, 1);
                for window in &windows {
                    assert_eq!(window.from, expected);
                    assert!(window.to >= window.from);
                    expected = window.to.tomorrow().unwrap();
                }
                assert_eq!(date(2024, 1, 1).duration_until(expected).as_hours() / 24, days);
            }
        }
    }

    #[test]
    fn days_apart_share_no_window() {
        let days = |ranges: &[(i64, i64)]| -> Vec<Date> {
            ranges.iter().flat_map(|(from, to)| (*from..=*to).map(|day| date(2024, 1, 1) + day.days())).collect()
        };
        let spans = |days: &[Date], length| {
            let number = |day: Date| date(2024, 1, 1).duration_until(day).as_hours() / 24;
            let windows = windows_of(days, length).unwrap();
            windows.iter().map(|window| (number(window.from), number(window.to))).collect::<Vec<_>>()
        };
        assert_eq!(spans(&days(&[(0, 2), (7, 7)]), None), [(0, 0), (1, 1), (2, 2), (7, 7)]);
        assert_eq!(spans(&days(&[(0, 2), (7, 7)]), Some(30)), [(0, 2), (7, 7)]);
        assert_eq!(spans(&[], None), []);
        let many = days(&[(0, 59), (70, 90), (100, 100)]);
        let windows = spans(&many, None);
        assert!(windows.len() <= 48, "{windows:?}");
        assert_eq!(windows.iter().map(|(from, to)| to - from + 1).sum::<i64>(), many.len() as i64);
        let every_other: Vec<_> = (0..60).map(|day| date(2024, 1, 1) + (2 * day).days()).collect();
        assert_eq!(spans(&every_other, None).len(), 60);
    }

    #[test]
    fn few_rows_are_one_request() {
        let year = windows(date(2024, 1, 1), date(2024, 12, 31), None, Some(100_000)).unwrap();
        assert_eq!(year.len(), 1);
        assert_eq!(windows(date(2024, 1, 1), date(2024, 1, 31), None, Some(100_001)).unwrap().len(), 31);
    }

    #[test]
    fn the_calendar_ends() {
        let last = windows(date(9999, 12, 30), Date::MAX, Some(7), None).unwrap();
        assert_eq!(last, [Window { from: date(9999, 12, 30), to: Date::MAX }]);
    }
}
