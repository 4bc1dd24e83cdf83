//! Which archived answer serves which day?
//!
//! Each wanted day comes from exactly one answer, the newest that will do. Rows
//! of other days in that answer are cut away by the UTC date of the time that they
//! came with. In a project whose days are not those of UTC that date says nothing:
//! there an answer serves all of its days or none.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};

use super::{Copy, Freshness};

/// An archived answer whose question covers the one that is asked.
#[derive(Debug, Clone)]
pub struct Candidate<T> {
    pub copy: Copy,
    /// Whether its answer may change long after its days, because of what it asks for.
    pub may_change: bool,
    /// Whether it is the answer to the very question, so that all its events are wanted.
    pub is_same: bool,
    /// Where it lies.
    pub place: T,
}

/// Days that one archived answer serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The place of the answer in the list of candidates.
    pub candidate: usize,
    /// In order.
    pub days: Vec<Date>,
}

/// What there is of the wanted days, and the days that nobody has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub served: Vec<Served>,
    pub missing: Vec<Date>,
}

/// Chooses for each of the wanted days, which are in order and none twice. `whole`: no answer of the project may be cut.
pub fn choose<T>(
    wanted: &[Date],
    candidates: &[Candidate<T>],
    freshness: Freshness,
    whole: bool,
    now: Timestamp,
) -> Choice {
    let mut newest_first: Vec<usize> = (0..candidates.len()).collect();
    newest_first.sort_by_key(|&index| std::cmp::Reverse(candidates.get(index).map(|found| found.copy.asked_at)));
    let mut missing: BTreeSet<Date> = wanted.iter().copied().collect();
    let mut choice = Choice::default();
    for index in newest_first {
        let Some(candidate) = candidates.get(index).filter(|found| !is_doubtful(found, candidates)) else { continue };
        let may_change = candidate.may_change || candidate.copy.is_empty();
        let serves = |day: &&Date| freshness.allows(&candidate.copy, **day, may_change, now);
        let days: Vec<Date> = missing.iter().filter(serves).copied().collect();
        if days.is_empty() || whole && days.len() as i64 != length(&candidate.copy) {
            continue;
        }
        for day in &days {
            missing.remove(day);
        }
        choice.served.push(Served { candidate: index, days });
    }
    choice.served.sort_by_key(|served| served.days.first().copied());
    choice.missing = missing.into_iter().collect();
    choice
}

/// Whether an answer holds nothing for days of which there are rows: it never takes their place. What was known when it came is in
/// its name. Of what came meanwhile, only an answer to the very question about none but its days has rows of them for sure.
fn is_doubtful<T>(candidate: &Candidate<T>, all: &[Candidate<T>]) -> bool {
    let empty = &candidate.copy;
    let is_within = |other: &Copy| empty.from <= other.from && other.to <= empty.to;
    let contradicts = |other: &Candidate<T>| other.is_same && !other.copy.is_empty() && is_within(&other.copy);
    empty.is_doubted() || empty.is_empty() && all.iter().any(contradicts)
}

/// In days.
fn length(copy: &Copy) -> i64 {
    copy.from.duration_until(copy.to).as_hours() / 24 + 1
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::date};

    use super::*;
    use crate::{
        archive::copy::{DOUBTED, NOTHING},
        config::DEFAULT_AGE,
    };

    fn day(number: i8) -> Date {
        date(2025, 1, number)
    }

    fn days(first: i8, last: i8) -> Vec<Date> {
        (first..=last).map(day).collect()
    }

    /// An answer for some days, asked for so many hours after the beginning of February.
    fn kept(first: i8, last: i8, hours: i64, length: u64) -> Candidate<()> {
        let asked_at = "2025-02-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours);
        let copy =
            Copy { from: day(first), to: day(last), asked_at, arrived_at: asked_at, strays: 0, length, checksum: 0 };
        Candidate { copy, may_change: false, is_same: true, place: () }
    }

    fn chosen(wanted: &[Date], candidates: &[Candidate<()>], whole: bool) -> (Vec<(usize, Vec<Date>)>, Vec<Date>) {
        let freshness = Freshness { call: None, usual: DEFAULT_AGE, for_good: true };
        let now = "2025-02-10T00:00:00Z".parse().unwrap();
        let Choice { served, missing } = choose(wanted, candidates, freshness, whole, now);
        (served.into_iter().map(|served| (served.candidate, served.days)).collect(), missing)
    }

    #[test]
    fn each_day_comes_from_the_newest_answer_that_has_it() {
        let candidates = [kept(1, 10, 1, 99), kept(4, 6, 3, 99), kept(6, 12, 2, 99)];
        assert_eq!(
            chosen(&days(2, 14), &candidates, false),
            (vec![(0, days(2, 3)), (1, days(4, 6)), (2, days(7, 12))], days(13, 14))
        );
        // What is not wanted is not looked for.
        assert_eq!(chosen(&days(5, 5), &candidates, false), (vec![(1, days(5, 5))], vec![]));
        assert_eq!(chosen(&[], &candidates, false), (vec![], vec![]));
    }

    #[test]
    fn where_none_may_be_cut_an_answer_serves_all_of_its_days_or_none() {
        let candidates = [kept(1, 3, 1, 99), kept(3, 5, 2, 99), kept(9, 12, 3, 99)];
        // The third has days that are not wanted; the first loses one to the second, which is newer.
        assert_eq!(
            chosen(&days(1, 10), &candidates, true),
            (vec![(1, days(3, 5))], [days(1, 2), days(6, 10)].concat())
        );
        assert_eq!(chosen(&days(9, 12), &candidates, true), (vec![(2, days(9, 12))], vec![]));
    }

    #[test]
    fn an_answer_without_rows_never_takes_the_place_of_rows() {
        let full = kept(1, 3, 1, 99);
        let empty = kept(1, 8, 9 * 24 - 2, NOTHING);
        assert_eq!(chosen(&days(2, 8), &[full.clone(), empty.clone()], false), (vec![(0, days(2, 3))], days(4, 8)));
        let mut doubted = kept(4, 8, 9 * 24 - 2, NOTHING);
        doubted.copy.strays = DOUBTED;
        assert_eq!(chosen(&days(4, 8), &[doubted], false), (vec![], days(4, 8)));
        // Rows of more days, or of more events, may all be others'.
        let wide = Candidate { is_same: false, ..full.clone() };
        assert_eq!(chosen(&days(1, 3), &[wide, empty.clone()], false), (vec![(1, days(1, 3))], vec![]));
        let quiet = kept(3, 8, 9 * 24 - 2, NOTHING);
        assert_eq!(chosen(&days(3, 8), &[full.clone(), quiet], false), (vec![(1, days(3, 8))], vec![]));
        // Where nobody has rows of these days it is as good as any, but never for good.
        let late = |hours| kept(4, 8, hours, NOTHING);
        assert_eq!(chosen(&days(4, 8), &[full.clone(), late(9 * 24 - 1)], false), (vec![(1, days(4, 8))], vec![]));
        assert_eq!(chosen(&days(4, 8), &[full, late(8 * 24)], false), (vec![], days(4, 8)));
    }
}
