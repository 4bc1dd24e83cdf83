//! Which moment is meant by a date that an answer has for a key?

use jiff::civil::{Date, DateTime};

/// When a bucket of a report begins: the wall clock of the project, which is what the report itself shows. Where a key
/// carries an offset, which flips with daylight saving time, the offset is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(DateTime);

impl Moment {
    /// `2025-01-31`, `2025-01-31 13:00:00`, `2025-01-31T13:00:00.999-08:00` and what lies between.
    pub fn read(key: &str) -> Option<Self> {
        let key = key.trim();
        let time = |key: &str| key.parse().ok();
        // A `DateTime` reads a date alone too, and ignores no offset but a `Z`'s absence.
        let without_offset = key.strip_suffix(['Z', 'z']).unwrap_or(key);
        time(without_offset)
            .or_else(|| {
                let (day, rest) = without_offset.split_at_checked(10)?;
                let offset = rest.rfind(['+', '-'])?;
                time(&format!("{day}{}", rest.get(..offset)?.trim_end()))
            })
            .map(Self)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        crate::contract::Value::days(self.0.date())
    }

    /// Microseconds since 1970-01-01, as if the wall clock showed UTC.
    pub fn microseconds(self) -> Option<i64> {
        Some(self.0.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
    }

    pub fn date(self) -> Date {
        self.0.date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_kind() {
        for (key, shown) in [
            ("2025-01-31", "2025-01-31T00:00:00"),
            ("2025-01-31 13:00:00", "2025-01-31T13:00:00"),
            ("2025-01-31T13:00:00", "2025-01-31T13:00:00"),
            ("2023-05-02T00:00:00-07:00", "2023-05-02T00:00:00"),
            ("2023-12-02T00:00:00-08:00", "2023-12-02T00:00:00"),
            ("2023-05-31T23:59:59.999000+05:30", "2023-05-31T23:59:59.999"),
            ("2023-05-31T10:00:00Z", "2023-05-31T10:00:00"),
            ("2023-05-31T10:00:00+0000", "2023-05-31T10:00:00"),
        ] {
            assert_eq!(Moment::read(key).map(|moment| moment.0.to_string()).as_deref(), Some(shown), "{key}");
        }
        for key in ["", "all", "$overall", "2025-13-01", "20", "é025-01-31"] {
            assert_eq!(Moment::read(key), None, "{key}");
        }
    }

    #[test]
    fn days_and_microseconds() {
        let moment = Moment::read("1970-01-02 00:00:01").unwrap();
        assert_eq!((moment.days(), moment.microseconds()), (1, Some(86_401_000_000)));
    }
}
