//! When did an event happen?
//!
//! `properties.time` counts the milliseconds since 1970 that an export asks for, or
//! seconds where the server does not heed that: then as milliseconds it lies outside
//! the days that were asked for, and inside them as seconds. Where no days were
//! asked for, the size of the number decides.
//!
//! In projects created before 2023 it counts them on the wall clock of the
//! project: the local time, written as if it were UTC.
//!
//! A profile's `$last_seen` is another matter: a text like `2025-01-31T13:00:00`.

use jiff::{Timestamp, tz::TimeZone};

use super::{datetime, days::Days, decimal};

/// A number of this size or more is milliseconds: as seconds it would be after the year 5138.
const MILLISECONDS: i128 = 100_000_000_000;

const MICROSECONDS: i128 = 1_000_000;

/// The first microsecond of the year 1 and the last of the year 9999: what every client of DuckDB can show.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

const HOUR: i64 = 3_600_000_000;

/// How times are written.
#[derive(Debug, Clone, Copy)]
enum Notation {
    /// Milliseconds, or seconds where only those are within the days.
    Within(Days),
    /// Seconds or milliseconds, by size.
    BySize,
    /// Dates and times as people write them, in UTC where they don't say otherwise.
    Iso,
}

/// Reads times; remembers the offset of the hour that it saw last.
pub(super) struct TimeReader<'a> {
    notation: Notation,
    zone: Option<&'a TimeZone>,
    hour: i64,
    offset: Option<i64>,
    /// How many times were more than 14 hours outside the days.
    pub outside: usize,
    /// How many times were on one of the days, as they came.
    pub on_days: usize,
}

impl<'a> TimeReader<'a> {
    /// Of an export's times. A zone makes them local ones.
    pub fn of_export(days: Days, zone: Option<&'a TimeZone>) -> Self {
        let notation = if days == Days::ALL { Notation::BySize } else { Notation::Within(days) };
        Self { zone, ..Self::new(notation) }
    }

    pub fn by_size() -> Self {
        Self::new(Notation::BySize)
    }

    pub fn iso() -> Self {
        Self::new(Notation::Iso)
    }

    fn new(notation: Notation) -> Self {
        Self { notation, zone: None, hour: i64::MIN, offset: None, outside: 0, on_days: 0 }
    }

    /// Microseconds since 1970 in UTC, from the text of a number or, if so written, of a time.
    pub fn read(&mut self, text: &[u8]) -> Option<i64> {
        let time = match self.notation {
            Notation::Within(days) => {
                let milliseconds = match short_number(text) {
                    Some(number) => number.checked_mul(1000),
                    None => decimal::scaled(text, 3).and_then(|time| i64::try_from(time).ok()),
                };
                let time = match milliseconds {
                    Some(time) if days.contain(time) => time,
                    _ => self.elsewhere(text, milliseconds, days)?,
                };
                self.on_days += usize::from(days.contain_exactly(time));
                time
            }
            Notation::BySize => by_size(text)?,
            Notation::Iso => return iso(text),
        };
        let time = match self.zone {
            None => time,
            Some(zone) => self.utc(zone, time)?,
        };
        RANGE.contains(&time).then_some(time)
    }

    /// A time that is not within the days as milliseconds.
    #[cold]
    #[inline(never)]
    fn elsewhere(&mut self, text: &[u8], time: Option<i64>, days: Days) -> Option<i64> {
        let seconds = i64::try_from(decimal::scaled(text, 6)?).ok().filter(|seconds| days.contain(*seconds));
        if seconds.is_none() {
            self.outside += 1;
        }
        seconds.or(time)
    }

    /// Most events of a day's export lie in few hours, and nearly all hours have one offset.
    fn utc(&mut self, zone: &TimeZone, local: i64) -> Option<i64> {
        let hour = local.div_euclid(HOUR);
        if hour != self.hour {
            self.hour = hour;
            let offset = |local: i64| Some(local - utc(local, zone)?);
            let (first, last) =
                (offset(hour.saturating_mul(HOUR)), offset(hour.saturating_mul(HOUR).saturating_add(HOUR - 1)));
            self.offset = first.filter(|_| first == last);
        }
        match self.offset {
            Some(offset) => local.checked_sub(offset),
            None => utc(local, zone),
        }
    }
}

/// Microseconds since 1970 in UTC, from a date or time like `2025-01-31T13:00:00`.
pub fn iso_microseconds(text: &str) -> Option<i64> {
    iso(text.as_bytes())
}

/// Microseconds since 1970 in UTC, from the text of a number of seconds or milliseconds.
pub fn microseconds(text: &str) -> Option<i64> {
    TimeReader::by_size().read(text.as_bytes())
}

fn by_size(text: &[u8]) -> Option<i64> {
    match short_number(text) {
        Some(number) if number < MILLISECONDS as i64 => Some(number * 1_000_000),
        Some(number) => number.checked_mul(1000),
        None => {
            let seconds = decimal::scaled(text, 6)?;
            let is_milliseconds = seconds.abs() >= MILLISECONDS * MICROSECONDS;
            i64::try_from(if is_milliseconds { decimal::scaled(text, 3)? } else { seconds }).ok()
        }
    }
}

/// Out of the way of the numbers, which come by the million.
#[cold]
#[inline(never)]
fn iso(text: &[u8]) -> Option<i64> {
    datetime::timestamp(text).filter(|time| RANGE.contains(time))
}

/// Microseconds since 1970 in UTC of a moment on the wall clock of a zone, given as if that clock showed UTC. A local time
/// that occurs twice is the earlier one; one that is skipped moves forward as much as the clock did.
pub fn utc(local: i64, zone: &TimeZone) -> Option<i64> {
    let wall_clock = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(local).ok()?);
    Some(zone.to_ambiguous_timestamp(wall_clock).compatible().ok()?.as_microsecond())
}

/// What the wall clock of a zone shows at a moment in UTC, both in microseconds since 1970, the former as if that clock
/// showed UTC.
pub fn local(time: i64, zone: &TimeZone) -> Option<i64> {
    let offset = zone.to_offset(Timestamp::from_microsecond(time).ok()?);
    time.checked_add(i64::from(offset.seconds()) * 1_000_000)
}

/// A number of up to 18 digits and nothing else, as nearly all times are.
fn short_number(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut number = 0;
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        number = number * 100_000_000 + eight_digits(u64::from_le_bytes(*word))? as i64;
    }
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(())?;
        number = number * 10 + i64::from(digit);
    }
    Some(number)
}

/// The value of eight digits: neighbours become pairs, pairs fours, and fours the number.
fn eight_digits(word: u64) -> Option<u64> {
    const TOP_BITS: u64 = 0x8080_8080_8080_8080;
    let digits = word ^ 0x3030_3030_3030_3030;
    if (digits | digits.wrapping_add(0x7676_7676_7676_7676)) & TOP_BITS != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<String> {
        local("UTC", text)
    }

    fn local(zone: &str, text: &str) -> Option<String> {
        let zone = TimeZone::get(zone).unwrap();
        let zone = (zone != TimeZone::UTC).then_some(&zone);
        let time = TimeReader { zone, ..TimeReader::by_size() }.read(text.as_bytes())?;
        // A clock that has seen another time first must say the same.
        for other in ["1741503600", "1762048800000", "86399"] {
            let mut clock = TimeReader { zone, ..TimeReader::by_size() };
            clock.read(other.as_bytes());
            assert_eq!(clock.read(text.as_bytes()), Some(time), "{text} after {other}");
        }
        Some(Timestamp::from_microsecond(time).unwrap().to_string())
    }

    #[test]
    fn reads_seconds_and_milliseconds() {
        for (text, expected) in [
            ("0", Some("1970-01-01T00:00:00Z")),
            ("1746473430", Some("2025-05-05T19:30:30Z")),
            ("1746473430123", Some("2025-05-05T19:30:30.123Z")),
            ("1746473430.123456", Some("2025-05-05T19:30:30.123456Z")),
            ("1746473430.1234567", Some("2025-05-05T19:30:30.123457Z")),
            ("1746473430123.456", Some("2025-05-05T19:30:30.123456Z")),
            ("1.746473430e9", Some("2025-05-05T19:30:30Z")),
            (" 1746473430 ", Some("2025-05-05T19:30:30Z")),
            ("-1", Some("1969-12-31T23:59:59Z")),
            ("-1.5", Some("1969-12-31T23:59:58.5Z")),
            ("99999999999", Some("5138-11-16T09:46:39Z")),
            ("100000000000", Some("1973-03-03T09:46:40Z")),
            ("-100000000000", Some("1966-10-31T14:13:20Z")),
            ("253402207200000", Some("9999-12-30T22:00:00Z")),
            ("253402300800000", None),
            ("-62135596800000", Some("0001-01-01T00:00:00Z")),
            ("-62135596800001", None),
            ("999999999999999999", None),
            ("123456789012345678901234567890", None),
            ("1e400", None),
            ("", None),
            ("noon", None),
            ("12345678x", None),
            ("1234567x", None),
            ("2025-05-05", None),
        ] {
            assert_eq!(utc(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_export_has_milliseconds_unless_only_seconds_are_within_its_days() {
        let days = |from: &str, to: &str| Days::between(from.parse().unwrap(), to.parse().unwrap());
        let (january, epoch) = (days("2025-01-01", "2025-01-31"), days("1970-01-01", "1973-12-31"));
        let wide = days("1970-01-01", "2026-12-31");
        for (days, text, expected, outside) in [
            (january, "1735732800000", Some("2025-01-01T12:00:00Z"), 0),
            (january, "1735732800000.5", Some("2025-01-01T12:00:00.0005Z"), 0),
            (january, "1735732800", Some("2025-01-01T12:00:00Z"), 0),
            (january, "1735732800.25", Some("2025-01-01T12:00:00.25Z"), 0),
            (january, "1735732800e3", Some("2025-01-01T12:00:00Z"), 0),
            // Before March 1973 the size of the number would make seconds of them.
            (epoch, "86400000", Some("1970-01-02T00:00:00Z"), 0),
            (epoch, "99999999999", Some("1973-03-03T09:46:39.999Z"), 0),
            (epoch, "-1", Some("1969-12-31T23:59:59.999Z"), 0),
            (wide, "1735732800", Some("1970-01-21T02:08:52.8Z"), 0),
            // Neither is within the days.
            (january, "1738300000000", Some("2025-01-31T05:06:40Z"), 0),
            (january, "1738418400000", Some("2025-02-01T14:00:00Z"), 1),
            (january, "0", Some("1970-01-01T00:00:00Z"), 1),
            (january, "1735732800000000", None, 1),
            (january, "99999999999999999999999", None, 1),
            // No time at all is nowhere.
            (january, "noon", None, 0),
            (january, "", None, 0),
        ] {
            let mut reader = TimeReader::of_export(days, None);
            let time = reader.read(text.as_bytes()).map(|time| Timestamp::from_microsecond(time).unwrap().to_string());
            assert_eq!((time.as_deref(), reader.outside), (expected, outside), "{text} in {days:?}");
        }
    }

    #[test]
    fn reads_what_profiles_say() {
        for (text, expected) in [
            ("2025-01-02T03:04:05", Some("2025-01-02T03:04:05Z")),
            ("2025-01-02T03:04:05.678", Some("2025-01-02T03:04:05.678Z")),
            ("2025-01-02T03:04:05+02:00", Some("2025-01-02T01:04:05Z")),
            ("2025-01-02 03:04:05Z", Some("2025-01-02T03:04:05Z")),
            ("2025-01-02", Some("2025-01-02T00:00:00Z")),
            ("0001-01-01T00:00:00+01:00", None),
            ("9999-12-31T23:59:59-01:00", None),
            ("1735776000", None),
            ("yesterday", None),
            ("", None),
        ] {
            let time = iso_microseconds(text).map(|time| Timestamp::from_microsecond(time).unwrap().to_string());
            assert_eq!(time.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn converts_local_times() {
        for (zone, text, expected) in [
            ("Asia/Kolkata", "1666026662", "2022-10-17T11:41:02Z"),
            ("America/New_York", "1735689600", "2025-01-01T05:00:00Z"),
            // 2025-03-09 02:30 does not exist in New York, 2025-11-02 01:30 exists twice.
            ("America/New_York", "1741487400", "2025-03-09T07:30:00Z"),
            ("America/New_York", "1762047000", "2025-11-02T05:30:00Z"),
            ("America/New_York", "1762047000999", "2025-11-02T05:30:00.999Z"),
            // The clock changed at one minute past midnight.
            ("America/St_Johns", "1143936030", "2006-04-02T03:30:30Z"),
            ("America/St_Johns", "1143937800", "2006-04-02T04:00:00Z"),
            // An hour in which the offset changes in the middle.
            ("Africa/Monrovia", "63592200", "1972-01-07T01:14:30Z"),
            ("Africa/Monrovia", "63593400", "1972-01-07T00:50:00Z"),
        ] {
            assert_eq!(local(zone, text).as_deref(), Some(expected), "{text} in {zone}");
        }
    }

    #[test]
    fn never_panics_at_the_ends_of_time() {
        for zone in ["Pacific/Kiritimati", "Etc/GMT+12", "America/New_York"] {
            let zone = TimeZone::get(zone).unwrap();
            for time in [i64::MIN, i64::MAX, *RANGE.start(), *RANGE.end(), i64::MAX / 1000, i64::MIN / 1000] {
                TimeReader::of_export(Days::ALL, Some(&zone)).read(time.to_string().as_bytes());
                TimeReader::by_size().utc(&zone, time);
            }
        }
    }
}
