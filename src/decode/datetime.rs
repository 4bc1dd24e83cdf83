//! Which date or time does a text write?
//!
//! The ISO forms as DuckDB casts them: parts of one or two digits, `-` or `/`
//! between the parts of the date, `T` or space before the time, fractions cut at
//! microseconds. What differs: a time with an offset or a zone becomes UTC, where
//! DuckDB drops the offset, and what only DuckDB's calendar has (`infinity`, years
//! before 1 or after 9999) is NULL.

use jiff::{civil, tz::TimeZone};

/// `DATE`: days since 1970-01-01. A time behind the date must be a good one; it has no say in the date.
pub(super) fn date(text: &[u8]) -> Option<i32> {
    let (date, _) = parse(text)?;
    Some((midnight(date)? / DAY) as i32)
}

/// `TIMESTAMP`: microseconds since 1970-01-01, in UTC.
pub(super) fn timestamp(text: &[u8]) -> Option<i64> {
    let (date, time) = parse(text)?;
    let Some(Time { since_midnight, zone }) = time else { return midnight(date) };
    let local = midnight(date)? + since_midnight;
    match zone {
        Zone::Utc => Some(local),
        Zone::Offset(seconds) => Some(local - seconds * SECOND),
        Zone::Named(zone) => {
            let wall_clock = TimeZone::UTC.to_datetime(jiff::Timestamp::from_microsecond(local).ok()?);
            Some(zone.to_ambiguous_timestamp(wall_clock).compatible().ok()?.as_microsecond())
        }
    }
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

struct Time {
    since_midnight: i64,
    zone: Zone,
}

enum Zone {
    Utc,
    /// Seconds east of Greenwich.
    Offset(i64),
    Named(TimeZone),
}

fn midnight(date: civil::Date) -> Option<i64> {
    Some(TimeZone::UTC.to_timestamp(date.to_datetime(civil::Time::midnight())).ok()?.as_microsecond())
}

fn parse(text: &[u8]) -> Option<(civil::Date, Option<Time>)> {
    let mut text = Text(text.trim_ascii());
    let date = text.date()?;
    let time = if text.0.is_empty() { None } else { Some(text.time()?) };
    text.0.is_empty().then_some((date, time))
}

/// What is left to read.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn date(&mut self) -> Option<civil::Date> {
        let year = self.number(1, 4)?;
        let separator = self.any(b"-/\\ ")?;
        let month = self.number(1, 2)?;
        self.byte(separator)?;
        let day = self.number(1, 2)?;
        let date = civil::Date::new(year as i16, month as i8, day as i8).ok()?;
        (year > 0).then_some(date)
    }

    fn time(&mut self) -> Option<Time> {
        if self.byte(b'T').is_none() {
            self.byte(b' ')?;
            self.space();
        }
        let hour = self.number(1, 2)?;
        self.byte(b':')?;
        let minute = self.number(1, 2)?;
        let (mut second, mut fraction) = (0, 0);
        if self.byte(b':').is_some() {
            second = self.number(1, 2)?;
            if self.byte(b'.').is_some() {
                fraction = self.fraction();
            }
        }
        // The last moment of a day is also the first of the next.
        let is_end_of_day = (hour, minute, second, fraction) == (24, 0, 0, 0);
        (hour < 24 && minute < 60 && second < 60 || is_end_of_day).then_some(())?;
        let since_midnight = ((hour * 60 + minute) * 60 + second) * SECOND + fraction;
        self.space();
        Some(Time { since_midnight, zone: self.zone()? })
    }

    fn zone(&mut self) -> Option<Zone> {
        if self.0.is_empty() || self.byte(b'Z').is_some() {
            return Some(Zone::Utc);
        }
        let Some(sign) = self.any(b"+-") else {
            let name = std::mem::take(&mut self.0);
            return Some(Zone::Named(TimeZone::get(str::from_utf8(name).ok()?).ok()?));
        };
        let mut seconds = self.two_digits()? * 3600;
        for unit in [60, 1] {
            if self.0.is_empty() {
                break;
            }
            let _ = self.byte(b':');
            seconds += self.two_digits().filter(|number| *number < 60)? * unit;
        }
        (seconds < 86_400).then_some(Zone::Offset(if sign == b'-' { -seconds } else { seconds }))
    }

    /// Microseconds; digits beyond those are dropped.
    fn fraction(&mut self) -> i64 {
        let mut unit = SECOND;
        let mut fraction = 0;
        while let Some(digit) = self.any(b"0123456789") {
            unit /= 10;
            fraction += i64::from(digit - b'0') * unit;
        }
        fraction
    }

    /// So many digits at least and at most.
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count < least || count > most {
            return None;
        }
        self.digits(count)
    }

    fn two_digits(&mut self) -> Option<i64> {
        self.0.get(..2)?.iter().all(u8::is_ascii_digit).then(|| self.digits(2))?
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        self.any(&[byte]).map(drop)
    }

    fn any(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| bytes.contains(first))?;
        self.0 = rest;
        Some(*first)
    }

    fn space(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }
}
