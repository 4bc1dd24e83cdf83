//! Which lines of an archived answer were asked for now?
//!
//! An answer may hold more days, or more events, than the question that it serves.
//! The lines of these go out; the others are copied as they are.

use std::{collections::BTreeSet, ops::RangeInclusive};

use fearless_simd::Level;
use jiff::civil::Date;

use super::{
    Damage,
    days::Days,
    reader::LineReader,
    scan,
    text::{text, unescaped},
    time::TimeReader,
    wanted::WantedKeys,
};

/// What is wanted of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The days of the answer.
    answered: Days,
    /// Stretches of moments, in microseconds since 1970; all where there are none.
    wanted: Vec<RangeInclusive<i64>>,
    /// `None` for all events.
    events: Option<BTreeSet<String>>,
}

impl Selection {
    /// Of the answer for the days from one to another, these days and events. An event lies on the UTC day of the time that
    /// it came with.
    pub fn new((from, to): (Date, Date), days: Option<&[Date]>, events: Option<BTreeSet<String>>) -> Self {
        let stretches = days.into_iter().flat_map(|days| {
            days.chunk_by(|day, next| day.tomorrow().is_ok_and(|after| after == *next))
                .filter_map(|run| Some(Days::between(*run.first()?, *run.last()?).exactly()))
        });
        Self { answered: Days::between(from, to), wanted: stretches.collect(), events }
    }

    /// The events that are wanted; `None` for all.
    pub fn events(&self) -> Option<&BTreeSet<String>> {
        self.events.as_ref()
    }

    /// Whether lines go out because of their day.
    pub fn cuts_days(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Whether all lines are wanted.
    pub fn is_everything(&self) -> bool {
        self.wanted.is_empty() && self.events.is_none()
    }

    /// The wanted lines of a block of whole lines.
    pub fn of(&self, block: &[u8]) -> Result<Vec<u8>, Damage> {
        let mut reader = LineReader::new(Level::new());
        let wanted = WantedKeys::of_times();
        let mut times = TimeReader::of_export(self.answered, None);
        let mut selected = Vec::with_capacity(block.len());
        let (mut at, mut line_number) = (0, 0);
        while at < block.len() {
            line_number += 1;
            let end = reader.next(block, at);
            let start = scan::space(block, at as u32);
            if (start as usize) < end {
                let Some(event) = reader.event(block, start, end as u32, &wanted) else {
                    return Err(super::damage(block, at..end, line_number, 0));
                };
                let escapes = reader.has_escapes();
                let is_event = self.events.as_ref().is_none_or(|names| {
                    text(event.name.of(block), escapes)
                        .is_some_and(|name| names.contains(&*String::from_utf8_lossy(&name)))
                });
                let time = reader.members.iter().find(|member| &*unescaped(member.key.of(block), escapes) == b"time");
                let time = time.and_then(|time| text(time.value.of(block), escapes)).and_then(|text| times.read(&text));
                let is_day = self.wanted.is_empty()
                    || time.is_some_and(|time| self.wanted.iter().any(|stretch| stretch.contains(&time)));
                if is_event && is_day {
                    selected.extend_from_slice(block.get(at..end).unwrap_or_default());
                    selected.push(b'\n');
                }
            }
            at = end + 1;
        }
        Ok(selected)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const MIDNIGHT: i64 = 1_735_776_000_000;

    fn line(event: &str, milliseconds: i64) -> String {
        format!("{{\"event\":{event},\"properties\":{{\"time\":{milliseconds},\"a\":\"x\"}}}}\n")
    }

    fn selected(selection: &Selection, lines: &[&str]) -> Vec<String> {
        let text = String::from_utf8(selection.of(lines.concat().as_bytes()).unwrap()).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    #[test]
    fn a_day_is_the_utc_day_of_the_time_that_came() {
        let lines = [line("\"a\"", MIDNIGHT - 1), line("\"a\"", MIDNIGHT), line("\"a\"", MIDNIGHT + 86_399_999)];
        let next = line("\"a\"", MIDNIGHT + 86_400_000);
        let all: Vec<&str> = lines.iter().chain([&next]).map(String::as_str).collect();
        let answered = (date(2025, 1, 1), date(2025, 1, 4));
        let of = |days: &[Date]| selected(&Selection::new(answered, Some(days), None), &all);
        assert_eq!(of(&[date(2025, 1, 2)]), lines[1..]);
        assert_eq!(of(&[date(2025, 1, 1), date(2025, 1, 3)]), [lines[0].clone(), next.clone()]);
        assert_eq!(of(&[date(2025, 1, 4)]), [""; 0]);
        assert!(Selection::new(answered, None, None).is_everything());
    }

    #[test]
    fn events_are_told_by_their_names_however_they_are_written() {
        let lines = [
            line("\"Größe\"", MIDNIGHT),
            line("\"Gr\\u00f6\\u00dfe\"", MIDNIGHT),
            line("\"b\"", MIDNIGHT),
            line("null", MIDNIGHT),
        ];
        let all: Vec<&str> = lines.iter().map(String::as_str).collect();
        let answered = (date(2025, 1, 2), date(2025, 1, 2));
        let selection = Selection::new(answered, None, Some(["Größe".to_owned()].into()));
        assert_eq!(selected(&selection, &all), lines[..2]);
    }

    #[test]
    fn a_line_that_is_no_event_is_damage() {
        let selection = Selection::new((date(2025, 1, 2), date(2025, 1, 2)), None, Some(BTreeSet::new()));
        assert!(selection.of(b"terminated early\n").is_err());
        assert_eq!(selection.of(b"\n \n").unwrap(), b"");
    }
}
