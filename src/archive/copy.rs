//! What does the file name of an archived answer say?
//!
//! `2025-01-01_2025-01-02.1735862400123.845.0.4567.1a2b3c4d.jsonl.gz`: its first
//! and last day, when Mixpanel was asked (milliseconds since 1970), how many
//! milliseconds later it had arrived, how many of its rows lie on none of its days
//! (of an answer without rows: whether it is doubted), and length and checksum of the file. Digits only: nothing in it is anybody's
//! secret, and a file whose bytes are not what its name says is none of ours.

use std::fmt;

use jiff::{Timestamp, ToSpan, civil::Date};

/// An archived answer in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub from: Date,
    pub to: Date,
    pub asked_at: Timestamp,
    pub arrived_at: Timestamp,
    /// Rows that came with a time on none of its days in UTC, or with none that can be read: what it holds can't be told
    /// apart by days. Of an answer without rows, [`DOUBTED`] or 0.
    pub strays: u64,
    /// Of the file, in bytes.
    pub length: u64,
    /// CRC-32 of the file.
    pub checksum: u32,
}

const SUFFIX: &str = ".jsonl.gz";

/// What an answer without rows says where the archive had rows of its days when it came.
pub const DOUBTED: u64 = 1;

/// The length of the gzip member that holds nothing, as this project writes it; an answer that held nothing is kept as it.
pub const NOTHING: u64 = 20;

impl Copy {
    /// Reads a file's name; `None` for one that is not ours.
    pub fn read(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(SUFFIX)?.split('.');
        let mut next = || parts.next();
        let (from, to) = next()?.split_once('_')?;
        let (asked, took, strays, length, checksum) = (next()?, next()?, next()?, next()?, next()?);
        let copy = Self {
            from: day(from)?,
            to: day(to)?,
            asked_at: Timestamp::from_millisecond(digits(asked)?).ok()?,
            arrived_at: Timestamp::from_millisecond(digits(asked)?.checked_add(digits(took)?)?).ok()?,
            strays: u64::try_from(digits(strays)?).ok()?,
            length: u64::try_from(digits(length)?).ok()?,
            checksum: u32::from_str_radix(checksum, 16).ok()?,
        };
        // One name for one answer: no sign, no zero too many, no other part.
        (copy.from <= copy.to && copy.to_string() == name).then_some(copy)
    }

    /// Its days, in order.
    pub fn days(&self) -> impl Iterator<Item = Date> + use<> {
        self.from.series(1.day()).take_while({
            let to = self.to;
            move |day| *day <= to
        })
    }

    /// Whether it holds no rows at all.
    pub fn is_empty(&self) -> bool {
        self.length == NOTHING
    }

    /// Whether it holds nothing where others held rows: an outage looks like that, and so does a history that has ended.
    pub fn is_doubted(&self) -> bool {
        self.is_empty() && self.strays == DOUBTED
    }

    pub fn has_day(&self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

fn day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|day: &Date| day.year() >= 1)
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl fmt::Display for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, asked_at, arrived_at, strays, length, checksum } = self;
        let asked = asked_at.as_millisecond();
        let took = arrived_at.as_millisecond() - asked;
        write!(f, "{from}_{to}.{asked}.{took}.{strays}.{length}.{checksum:08x}{SUFFIX}")
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn names_are_read_back() {
        let copy = Copy {
            from: date(2025, 1, 1),
            to: date(2025, 1, 2),
            asked_at: Timestamp::from_millisecond(1_735_862_400_123).unwrap(),
            arrived_at: Timestamp::from_millisecond(1_735_862_400_968).unwrap(),
            strays: 3,
            length: 4567,
            checksum: 0x1a2b,
        };
        let name = "2025-01-01_2025-01-02.1735862400123.845.3.4567.00001a2b.jsonl.gz";
        assert_eq!(copy.to_string(), name);
        assert_eq!(Copy::read(name), Some(copy));
    }

    #[test]
    fn other_names_are_none_of_ours() {
        for name in [
            "",
            "README.md",
            ".jsonl.gz",
            "2025-01-01_2025-01-02.1735862400123.845.3.4567.00001a2b.jsonl",
            "2025-01-01_2025-01-02.1735862400123.845.3.4567.00001a2b.jsonl.gz.partial",
            "2025-01-02_2025-01-01.1735862400123.845.3.4567.00001a2b.jsonl.gz",
            "2025-01-01_2025-01-02.1735862400123.845.3.4567.1a2b.jsonl.gz",
            "2025-01-01_2025-01-02.1735862400123.845.3.4567.00001A2B.jsonl.gz",
            "2025-01-01_2025-01-02.+735862400123.845.3.4567.00001a2b.jsonl.gz",
            "2025-01-01_2025-01-02.1735862400123.-1.3.4567.00001a2b.jsonl.gz",
            "2025-01-01_2025-01-02.1735862400123.845.3.04567.00001a2b.jsonl.gz",
            "2025-01-01_2025-01-02.1735862400123.845.3.4567.00001a2b.x.jsonl.gz",
            "2025-02-30_2025-03-01.1735862400123.845.3.4567.00001a2b.jsonl.gz",
            "2025-01-01_2025-01-02.99999999999999999999.845.3.4567.00001a2b.jsonl.gz",
            "2025-01-01_2025-01-02.9223372036854775807.9223372036854775807.0.4567.00001a2b.jsonl.gz",
        ] {
            assert_eq!(Copy::read(name), None, "{name}");
        }
    }
}
