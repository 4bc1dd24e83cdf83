//! How many requests for which days?
//!
//! The days that are not there are asked for with as few requests as the hour has
//! to spare: with a full hour a month is 20 windows of one and two days, with three
//! requests left it is one.

use jiff::{ToSpan, civil::Date};

/// No export is more windows than this unless somebody says otherwise.
pub const MOST: usize = 20;

/// The part of what is left of the hour that one export takes.
const SHARE: usize = 3;

/// Days that one request asks for, both inclusive.
pub type DaySpan = (Date, Date);

/// What is known about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Over in every zone, and exported in full.
    Finished,
    /// Begun in every zone.
    Begun,
    /// It may not have begun in the project, which would be a refusal.
    Uncertain,
}

/// Windows for days that are in order and none twice, oldest first, at most so many. A window may bridge days in between, where there are
/// not requests enough: those that `may_bridge` names, because rows of others would be too many. Uncertain days have windows of their own
/// where there are requests for that, so that a refusal costs no other rows, and unfinished ones where there are two requests.
pub fn apportion(
    days: &[Date],
    stage: impl Fn(Date) -> Stage,
    may_bridge: impl Fn(Date) -> bool,
    left: usize,
    most: usize,
) -> Vec<DaySpan> {
    let of = |wanted: Stage| -> Vec<Date> { days.iter().copied().filter(|day| stage(*day) == wanted).collect() };
    let (finished, begun, uncertain) = (of(Stage::Finished), of(Stage::Begun), of(Stage::Uncertain));
    let budget = (left / SHARE).clamp(1, most.max(1));
    let others = usize::from(uncertain.len() < days.len());
    // A window that is refused is asked for once more, without its last day: the only request that is left must not be that.
    let is_enough = uncertain.len() + others <= budget || left == 1;
    let (last, budget) = match (is_enough, budget) {
        (true, _) => (apart(&uncertain), budget.saturating_sub(uncertain.len()).max(1)),
        // Uncertain days share the last window, with all others where it is the only one.
        (false, 1) => return split(days, &may_bridge, 1),
        (false, _) if others == 0 => return split(&uncertain, &may_bridge, budget),
        (false, _) => (split(&uncertain, &may_bridge, 1), budget - 1),
    };
    let mut windows = match (finished.is_empty(), begun.is_empty()) {
        (false, false) if budget > 1 => {
            [split(&finished, &may_bridge, budget - 1), split(&begun, &may_bridge, 1)].concat()
        }
        _ => split(&[finished, begun].concat(), &may_bridge, budget),
    };
    windows.extend(last);
    windows
}

/// A window for each day.
pub fn apart(days: &[Date]) -> Vec<DaySpan> {
    days.iter().map(|day| (*day, *day)).collect()
}

/// Windows of so many days each, but for the last of each stretch.
pub fn in_steps(days: &[Date], length: usize) -> Vec<DaySpan> {
    runs(days).flat_map(|run| run.chunks(length.max(1))).filter_map(ends).collect()
}

/// So many windows, or more where a gap can't be bridged.
fn split(days: &[Date], may_bridge: &impl Fn(Date) -> bool, most: usize) -> Vec<DaySpan> {
    let mut runs: Vec<Vec<Date>> = runs(days).map(<[Date]>::to_vec).collect();
    // Where there are more stretches than requests, the nearest neighbours become one.
    while runs.len() > most.max(1) {
        let gap = |index: &usize| {
            let (last, first) = (*runs.get(*index)?.last()?, *runs.get(index + 1)?.first()?);
            let mut between = last.series(1.day()).skip(1).take_while(|day| *day < first);
            between.all(may_bridge).then(|| days_between(last, first))
        };
        let bridgeable = (0..runs.len() - 1).filter_map(|index| Some((gap(&index)?, index)));
        let Some((_, nearest)) = bridgeable.min() else { break };
        let next = runs.remove(nearest + 1);
        runs[nearest].extend(next);
    }
    // The others go to whoever has the most days for a window.
    let mut parts = vec![1; runs.len()];
    for _ in runs.len()..most.min(days.len()) {
        let heaviest = (0..runs.len()).max_by(|a, b| {
            let weight = |index: usize| runs[index].len() * 10_000 / parts[index];
            // Of equals the first.
            weight(*a).cmp(&weight(*b)).then(b.cmp(a))
        });
        let Some(heaviest) = heaviest.filter(|index| parts[*index] < runs[*index].len()) else { break };
        parts[heaviest] += 1;
    }
    runs.iter().zip(parts).flat_map(|(run, parts)| evenly(run, parts)).collect()
}

/// So many parts, whose lengths differ by one day at most; longer ones first, because old days have fewer events.
fn evenly(days: &[Date], parts: usize) -> Vec<DaySpan> {
    let (short, longer) = (days.len() / parts, days.len() % parts);
    let mut rest = days;
    let part = |index| {
        let (part, others) = rest.split_at(short + usize::from(index < longer));
        rest = others;
        ends(part)
    };
    (0..parts).filter_map(part).collect()
}

fn runs(days: &[Date]) -> impl Iterator<Item = &[Date]> {
    days.chunk_by(|day, next| day.tomorrow().is_ok_and(|after| after == *next))
}

fn ends(days: &[Date]) -> Option<DaySpan> {
    Some((*days.first()?, *days.last()?))
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn day(number: usize) -> Date {
        date(2025, 1, 1) + i64::try_from(number).unwrap().days()
    }

    fn days(ranges: &[(usize, usize)]) -> Vec<Date> {
        ranges.iter().flat_map(|&(from, to)| (from..=to).map(day)).collect()
    }

    fn numbers(windows: &[DaySpan]) -> Vec<(usize, usize)> {
        let number = |day: Date| usize::try_from(days_between(date(2025, 1, 1), day)).unwrap();
        windows.iter().map(|&(from, to)| (number(from), number(to))).collect()
    }

    fn finished(days: &[Date], left: usize) -> Vec<(usize, usize)> {
        numbers(&apportion(days, |_| Stage::Finished, |_| true, left, MOST))
    }

    #[test]
    fn a_month_is_as_many_windows_as_the_hour_has_to_spare() {
        let month = days(&[(0, 30)]);
        let windows = finished(&month, 60);
        let lengths: Vec<usize> = windows.iter().map(|(from, to)| to - from + 1).collect();
        assert_eq!((windows.len(), lengths.iter().max(), lengths.iter().min()), (20, Some(&2), Some(&1)));
        assert_eq!(finished(&month, 3), [(0, 30)]);
        assert_eq!(finished(&month, 0), [(0, 30)]);
        assert_eq!(finished(&month, 10).len(), 3);
        assert_eq!(finished(&days(&[(0, 4)]), 400).len(), 5);
        assert_eq!(finished(&[], 60), []);
    }

    #[test]
    fn a_window_bridges_days_that_are_there_where_requests_are_few() {
        let apart = days(&[(0, 2), (4, 5), (20, 20)]);
        assert_eq!(finished(&apart, 60).len(), 6);
        assert_eq!(finished(&apart, 9), [(0, 2), (4, 5), (20, 20)]);
        assert_eq!(finished(&apart, 6), [(0, 5), (20, 20)]);
        assert_eq!(finished(&apart, 3), [(0, 20)]);
    }

    #[test]
    fn days_that_are_not_wanted_are_not_bridged() {
        let apart = days(&[(0, 2), (4, 5), (20, 20)]);
        let windows = |left| numbers(&apportion(&apart, |_| Stage::Finished, |other| other == day(3), left, MOST));
        assert_eq!(windows(3), [(0, 5), (20, 20)]);
        assert_eq!(windows(60).len(), 6);
    }

    #[test]
    fn unfinished_days_have_windows_apart() {
        let stage = |stages: Vec<Stage>| move |day: Date| stages[numbers(&[(day, day)])[0].0];
        let five = |last: [Stage; 3]| stage([vec![Stage::Finished; 2], last.to_vec()].concat());
        let week = days(&[(0, 4)]);
        let windows = |stage: &dyn Fn(Date) -> Stage, left| numbers(&apportion(&week, stage, |_| true, left, MOST));
        let (begun, uncertain) = (Stage::Begun, Stage::Uncertain);
        let today = five([begun, begun, uncertain]);
        assert_eq!(windows(&today, 9), [(0, 1), (2, 3), (4, 4)].as_slice().to_vec());
        assert_eq!(windows(&today, 6), [(0, 3), (4, 4)]);
        assert_eq!(windows(&today, 60), [(0, 0), (1, 1), (2, 3), (4, 4)]);
        let zones = five([begun, uncertain, uncertain]);
        assert_eq!(windows(&zones, 60), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]);
        // Where requests are few, uncertain days share a window, and at last the only one.
        assert_eq!(windows(&zones, 9), [(0, 2), (3, 3), (4, 4)]);
        assert_eq!(windows(&zones, 6), [(0, 2), (3, 4)]);
        for left in 2..6 {
            assert_eq!((windows(&zones, left), windows(&today, left)), (vec![(0, 4)], vec![(0, 4)]));
        }
        // A refusal of the last request would bring nothing at all.
        assert_eq!(windows(&zones, 1), [(0, 2), (3, 3), (4, 4)]);
        let none = five([uncertain; 3]);
        let three = days(&[(2, 4)]);
        let windows = |left| numbers(&apportion(&three, &none, |_| true, left, MOST));
        assert_eq!((windows(3), windows(6)), (vec![(2, 4)], vec![(2, 3), (4, 4)]));
    }

    #[test]
    fn steps_do_not_bridge() {
        assert_eq!(numbers(&in_steps(&days(&[(0, 4), (9, 9)]), 2)), [(0, 1), (2, 3), (4, 4), (9, 9)]);
    }

    proptest! {
        #[test]
        fn each_wanted_day_is_asked_for_once(
            wanted in prop::collection::btree_set(0usize..400, 0..200),
            left in 0usize..100,
            begun in 0usize..4,
            uncertain in 0usize..4,
        ) {
            let wanted: Vec<usize> = wanted.into_iter().collect();
            let all: Vec<Date> = wanted.iter().copied().map(day).collect();
            let stage = |wanted: Date| match all.len() - all.iter().position(|other| *other == wanted).unwrap_or_default() {
                behind if behind <= uncertain => Stage::Uncertain,
                behind if behind <= uncertain + begun => Stage::Begun,
                _ => Stage::Finished,
            };
            let windows = numbers(&apportion(&all, stage, |_| true, left, MOST));
            prop_assert!(windows.len() <= (left / 3).clamp(1, 20) || left == 1);
            prop_assert!(windows.windows(2).all(|pair| pair[0].1 < pair[1].0));
            for day in &wanted {
                prop_assert_eq!(windows.iter().filter(|(from, to)| from <= day && day <= to).count(), 1);
            }
            for (from, to) in windows {
                prop_assert!(wanted.contains(&from) && wanted.contains(&to));
            }
        }
    }
}
