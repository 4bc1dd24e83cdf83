//! Which page is asked for next, and when is a question answered?
//!
//! Mixpanel does not say which page is the last. `total`, on the first page only,
//! is mostly right, but the official example has one that is too small; pages may
//! hold fewer profiles than `page_size` although more follow. So:
//!
//! * as many profiles as `total` says: that is all, without another request, unless that is just the first page and it
//!   is full: then `total` may be about that page, and the next one is asked for;
//! * otherwise pages are asked for until one is empty, but at most two more than `total` needs: a server that never comes
//!   to an end is left;
//! * `total` also says how many pages may be asked for at the same time. Beyond it
//!   they are asked for one by one, so that at most the last one is in vain;
//! * where fewer came than `total` says (members of a cohort without a profile, profiles deleted meanwhile), the empty page
//!   is asked for once more. If it is empty again, that is all there is, which should be known.
//!
//! Where no more than some are wanted, these end it, whatever else is there.
//!
//! A profile that comes on two pages counts twice towards `total`: Mixpanel counted its rows, not ours.

use std::collections::BTreeMap;

use crate::contract::{Code, Error, Result};

/// Profiles that a page may hold where Mixpanel does not say how many.
const USUAL_PAGE: u64 = 1000;

/// Pages that are asked for although all announced profiles are here.
const MOST_BEYOND: u64 = 2;

/// What the first page says of all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Announced {
    pub total: Option<u64>,
    pub page_size: Option<u64>,
    /// Whether further pages can be asked for.
    pub has_session: bool,
}

/// The pages of one session.
#[derive(Debug)]
pub struct Pages {
    announced: Announced,
    /// No more profiles than this are wanted.
    wanted: Option<u64>,
    /// Profiles that came, those that came before in the session too.
    profiles: u64,
    /// The same, each once.
    distinct: u64,
    /// The most profiles that a page held.
    per_page: u64,
    /// The number of the next page.
    next: u64,
    under_way: u64,
    /// Pages that were asked for although all announced profiles were here.
    beyond: u64,
    /// Pages that were empty, and whether they were asked for twice.
    empty: BTreeMap<u64, bool>,
    /// A page held nothing but profiles that had come already, and so many of them.
    repeats: Option<(u64, u64)>,
}

/// What a page held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    pub profiles: u64,
    /// So many of them had not come before in the session.
    pub new: u64,
    /// So many looked like none before, those without an id too.
    pub unlike: u64,
}

impl Pages {
    /// The first page is here.
    pub fn new(announced: Announced, held: Held, wanted: Option<u64>) -> Self {
        // A total that the first page is more than says nothing.
        let total = announced.total.filter(|total| *total >= held.profiles);
        let announced =
            Announced { total: total.map(|total| wanted.map_or(total, |most| total.min(most))), ..announced };
        let mut pages = Self {
            announced,
            wanted,
            profiles: 0,
            distinct: 0,
            per_page: 1,
            next: 1,
            under_way: 1,
            beyond: 0,
            empty: BTreeMap::new(),
            repeats: None,
        };
        pages.arrived(0, held);
        pages
    }

    /// A page is here.
    pub fn arrived(&mut self, page: u64, held: Held) {
        self.under_way = self.under_way.saturating_sub(1);
        self.profiles += held.profiles;
        self.distinct += held.new;
        self.per_page = self.per_page.max(held.profiles);
        match held.profiles {
            0 => drop(self.empty.entry(page).or_insert(false)),
            _ => drop(self.empty.remove(&page)),
        }
        // Profiles without an id that look alike may be several, as long as so many are announced.
        let is_beyond = self.announced.total.is_none_or(|total| self.profiles > total);
        if held.profiles > 0 && (held.new == 0 || held.unlike == 0 && is_beyond) {
            self.repeats = Some((page, held.profiles));
        }
    }

    /// How many profiles are announced and not here.
    fn missing(&self) -> u64 {
        self.announced.total.map_or(0, |total| total.saturating_sub(self.profiles))
    }

    /// Whether as many came as were announced.
    fn agrees(&self) -> bool {
        self.announced.total.is_some_and(|total| total == self.profiles || total == self.distinct)
    }

    fn is_full_page(&self) -> bool {
        self.per_page >= self.announced.page_size.unwrap_or(USUAL_PAGE)
    }

    fn are_enough(&self) -> bool {
        self.wanted.is_some_and(|wanted| self.distinct >= wanted)
    }

    fn is_complete(&self) -> bool {
        let is_first_page = self.next == 1;
        self.are_enough() || self.agrees() && !(is_first_page && self.is_full_page())
    }

    /// The next page to ask for now, if so many may be under way at the same time.
    pub fn next(&mut self, at_once: u64) -> Option<u64> {
        if self.is_complete() || self.repeats.is_some() || !self.announced.has_session {
            return None;
        }
        if !self.empty.is_empty() {
            return self.empty_page_again();
        }
        let missing = self.missing();
        if self.under_way >= missing.div_ceil(self.per_page).clamp(1, at_once.max(1)) {
            return None;
        }
        if missing == 0 && self.announced.total.is_some() {
            if self.beyond == MOST_BEYOND {
                return None;
            }
            self.beyond += 1;
        }
        self.under_way += 1;
        self.next += 1;
        Some(self.next - 1)
    }

    /// The first of the empty pages, once more, where profiles are missing and nothing else is under way.
    fn empty_page_again(&mut self) -> Option<u64> {
        if self.missing() == 0 || self.under_way > 0 {
            return None;
        }
        let (page, is_asked_twice) = self.empty.iter_mut().next()?;
        if *is_asked_twice {
            return None;
        }
        *is_asked_twice = true;
        self.under_way += 1;
        Some(*page)
    }

    /// How many pages there are, as far as is known.
    pub fn count(&self) -> u64 {
        self.announced.total.unwrap_or(0).div_ceil(self.per_page).max(self.next)
    }

    /// The share of the profiles that came, where it is known.
    pub fn progress(&self) -> f64 {
        match self.announced.total {
            Some(total) if total > 0 => (self.profiles as f64 / total as f64).min(1.0),
            _ => 0.0,
        }
    }

    /// Whether what came is all there is; asked when there is no further page. What should be known of it, if anything.
    ///
    /// Errors: `Truncated` where profiles are missing, or may be.
    pub fn check(&self) -> Result<Option<String>> {
        let (profiles, missing) = (self.profiles, self.missing());
        if self.announced.total == Some(self.distinct) || self.are_enough() {
            return Ok(None);
        }
        let truncated = |what: String| Err(Error::new(Code::Truncated, what).fix(LATER));
        // The last page may hold nothing new where profiles moved from page to page meanwhile; one that is as long as any
        // other says that the server heeds no page number.
        let is_last_page = |held: u64| held < self.per_page && missing == 0 && self.announced.total.is_some();
        if let Some((page, _)) = self.repeats.filter(|(_, held)| !is_last_page(*held)) {
            return truncated(format!("page {page} has only profiles of earlier pages, so profiles may be missing"));
        }
        if let (Some(total), 1..) = (self.announced.total, missing) {
            let what = format!("Mixpanel announced {total} profiles but returned {profiles}");
            return match self.empty.iter().next() {
                Some((page, true)) => Ok(Some(format!("{what}. Page {page} was empty twice"))),
                _ => truncated(what),
            };
        }
        if self.beyond == MOST_BEYOND && self.empty.is_empty() && !self.agrees() {
            let total = self.announced.total.unwrap_or_default();
            return truncated(format!(
                "Mixpanel announced {total} profiles but returned {profiles} and no empty page after them, so there \
                 may be more"
            ));
        }
        if !self.announced.has_session && self.is_full_page() && !self.agrees() {
            return truncated(format!(
                "there may be more than {profiles} profiles, but the answer has no session_id to request them with"
            ));
        }
        Ok(None)
    }
}

const LATER: &str = "Run it again later, or request fewer profiles (filter, distinct_ids, cohort_id)";

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(total: Option<u64>, has_session: bool) -> Announced {
        Announced { total, page_size: Some(10), has_session }
    }

    /// A page of profiles with ids, so many of them new.
    fn held(profiles: u64, new: u64) -> Held {
        Held { profiles, new, unlike: new }
    }

    /// Asks for pages until there is none to ask for; pages hold what `held` says and nothing beyond. Returns the pages
    /// and the number of requests.
    fn run(total: Option<u64>, held: &[u64], at_once: u64) -> (Pages, u64) {
        let mut pages = Pages::new(announced(total, true), self::held(held[0], held[0]), None);
        let (mut requests, mut under_way) = (1, Vec::new());
        loop {
            while let Some(page) = pages.next(at_once) {
                requests += 1;
                under_way.push(page);
                assert!(under_way.len() as u64 <= at_once);
            }
            // The youngest first: pages arrive in any order.
            let Some(page) = under_way.pop() else { return (pages, requests) };
            let count = held.get(page as usize).copied().unwrap_or(0);
            pages.arrived(page, self::held(count, count));
        }
    }

    #[test]
    fn an_honest_total_saves_the_empty_page() {
        for at_once in [1, 2, 5] {
            for (total, held, requests) in [
                (35, &[10, 10, 10, 5][..], 4),
                (40, &[10, 10, 10, 10], 4),
                (7, &[7], 1),
                // May be about the first page.
                (10, &[10], 2),
                (0, &[0], 1),
                // Pages that are not full.
                (24, &[8, 8, 8], 3),
            ] {
                let (pages, asked) = run(Some(total), held, at_once);
                assert_eq!((asked, pages.check()), (requests, Ok(None)), "{total} {held:?} {at_once}");
                assert_eq!((pages.count(), pages.progress()), (requests, f64::from(u8::from(total > 0))));
            }
        }
    }

    #[test]
    fn without_a_total_that_can_be_believed_an_empty_page_ends_it() {
        for total in [None, Some(1), Some(9), Some(34)] {
            let (pages, asked) = run(total, &[10, 3, 10, 12], 4);
            assert_eq!((asked, pages.profiles), (5, 35), "{total:?}");
            assert_eq!(pages.check(), Ok(None));
        }
    }

    #[test]
    fn pages_without_end_are_left_after_two_more_than_the_total_needs() {
        for (total, requests) in [(10, 3), (11, 4), (25, 5)] {
            let (pages, asked) = run(Some(total), &[10; 1000], 1);
            assert_eq!(asked, requests, "{total}");
            let error = pages.check().unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("[TRUNCATED] Mixpanel announced {total} profiles but returned")),
                "{error}"
            );
        }
        // An empty page in time ends it.
        let (pages, asked) = run(Some(25), &[10, 10, 10, 3], 1);
        assert_eq!((asked, pages.check()), (5, Ok(None)));
    }

    #[test]
    fn pages_of_any_size_lose_nothing() {
        for held in [&[1, 9, 10, 10, 5][..], &[10, 1, 1, 1, 1, 21], &[5, 5, 5, 5, 5, 5, 5]] {
            for at_once in 1..=5 {
                let (pages, asked) = run(Some(35), held, at_once);
                assert_eq!((pages.profiles, pages.check()), (35, Ok(None)));
                assert!(asked <= held.len() as u64 + at_once, "{asked}");
            }
        }
    }

    #[test]
    fn fewer_than_announced_are_all_there_are_if_the_empty_page_stays_empty() {
        for (total, held, requests, page) in
            [(36, &[10, 10, 10, 5][..], 6, 4), (41, &[10, 10, 10, 5], 6, 4), (500, &[0], 2, 0)]
        {
            let (pages, asked) = run(Some(total), held, 1);
            let came: u64 = held.iter().sum();
            let warning =
                format!("Mixpanel announced {total} profiles but returned {came}. Page {page} was empty twice");
            assert_eq!((asked, pages.check()), (requests, Ok(Some(warning))), "{total}");
        }
        // Without a session it can't be asked for again.
        let pages = Pages::new(announced(Some(36), false), held(10, 10), None);
        let error = pages.check().unwrap_err().to_string();
        assert!(error.starts_with("[TRUNCATED] Mixpanel announced 36 profiles but returned 10"), "{error}");
    }

    #[test]
    fn a_page_that_was_empty_by_mistake_is_filled_and_the_rest_follows() {
        let mut pages = Pages::new(announced(Some(45), true), held(10, 10), None);
        assert_eq!((pages.next(2), pages.next(2), pages.next(2)), (Some(1), Some(2), None));
        pages.arrived(2, held(0, 0));
        assert_eq!(pages.next(2), None, "before page 1 is here");
        pages.arrived(1, held(0, 0));
        assert_eq!((pages.next(2), pages.next(2)), (Some(1), None));
        pages.arrived(1, held(10, 10));
        assert_eq!(pages.next(2), Some(2));
        pages.arrived(2, held(10, 10));
        assert_eq!((pages.next(2), pages.next(2)), (Some(3), Some(4)));
        pages.arrived(3, held(10, 10));
        pages.arrived(4, held(5, 5));
        assert_eq!((pages.next(2), pages.check()), (None, Ok(None)));
    }

    #[test]
    fn a_profile_on_two_pages_is_no_shortage() {
        // The last profile of page 0 moved to page 1, the only one there.
        let mut pages = Pages::new(announced(Some(11), true), held(10, 10), None);
        assert_eq!(pages.next(4), Some(1));
        pages.arrived(1, held(1, 0));
        assert_eq!((pages.next(4), pages.check()), (None, Ok(None)));
        let mut pages = Pages::new(announced(Some(25), true), held(10, 10), None);
        assert_eq!((pages.next(4), pages.next(4)), (Some(1), Some(2)));
        pages.arrived(1, held(10, 9));
        pages.arrived(2, held(5, 5));
        assert_eq!((pages.next(4), pages.check()), (None, Ok(None)));
    }

    #[test]
    fn a_server_that_repeats_itself_is_left() {
        for total in [None, Some(1)] {
            let mut pages = Pages::new(announced(total, true), held(2, 2), None);
            assert_eq!(pages.next(1), Some(1));
            pages.arrived(1, held(2, 0));
            assert_eq!(pages.next(1), None);
            assert!(pages.check().unwrap_err().what().starts_with("page 1 has only profiles of earlier pages"));
        }
        // One that heeds no page number, with a total that so many rows make.
        let mut pages = Pages::new(announced(Some(20), true), held(10, 10), None);
        assert_eq!(pages.next(1), Some(1));
        pages.arrived(1, held(10, 0));
        assert_eq!(pages.next(1), None);
        assert!(pages.check().is_err());
        // All that is announced is here, and that page 1 is page 0 again takes nothing away.
        let mut pages = Pages::new(announced(Some(10), true), held(10, 10), None);
        assert_eq!(pages.next(1), Some(1));
        pages.arrived(1, held(10, 0));
        assert_eq!((pages.next(1), pages.check()), (None, Ok(None)));
        // A repetition among others is none.
        let mut pages = Pages::new(announced(Some(3), true), held(2, 2), None);
        assert_eq!(pages.next(1), Some(1));
        pages.arrived(1, held(2, 1));
        assert_eq!((pages.next(1), pages.check()), (None, Ok(None)));
    }

    #[test]
    fn those_without_an_id_may_look_alike_until_all_announced_are_here() {
        for (total, asked, is_whole) in [(Some(4), 2, true), (Some(3), 2, false), (None, 2, false), (Some(6), 3, true)]
        {
            let mut pages = Pages::new(announced(total, true), held(2, 2), None);
            let mut requests = 1;
            while let Some(page) = pages.next(1) {
                pages.arrived(page, Held { profiles: 2, new: 2, unlike: 0 });
                requests += 1;
            }
            assert_eq!((requests, pages.check().is_ok()), (asked, is_whole), "{total:?}");
        }
    }

    #[test]
    fn as_many_as_are_wanted_are_enough() {
        // The server heeds the limit on the first page, or gives whole pages nevertheless.
        for (first, total, wanted, next) in
            [(5, 500, 5, None), (10, 500, 5, None), (10, 500, 15, Some(1)), (10, 12, 15, Some(1))]
        {
            let mut pages = Pages::new(announced(Some(total), true), held(first, first), Some(wanted));
            assert_eq!(pages.next(1), next, "{first} {total} {wanted}");
            if next.is_some() {
                let rest = (wanted - first).min(total - first);
                pages.arrived(1, held(rest, rest));
            }
            assert_eq!((pages.next(1), pages.check()), (None, Ok(None)));
        }
    }

    #[test]
    fn without_a_session_one_page_must_be_all() {
        let check = |total, held| {
            let mut pages = Pages::new(announced(total, false), self::held(held, held), None);
            assert_eq!(pages.next(5), None);
            pages.check().is_ok()
        };
        for (total, held, is_whole) in [
            (None, 9, true),
            (None, 10, false),
            (None, 0, true),
            (Some(10), 10, true),
            (Some(11), 10, false),
            (Some(1), 2, true),
            (Some(1), 10, false),
            (Some(0), 0, true),
        ] {
            assert_eq!(check(total, held), is_whole, "{total:?} {held}");
        }
    }
}
