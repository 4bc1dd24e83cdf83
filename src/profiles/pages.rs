//! Which page is asked for next, and when is a question answered?
//!
//! Mixpanel does not say which page is the last. `total`, on the first page only,
//! is mostly right, but the official example has one that is too small; pages may
//! hold fewer profiles than `page_size` although more follow. So:
//!
//! * as many profiles as `total` says: that is all, without another request, unless that is just the first page and it
//!   is full: then `total` may be about that page, and the next one is asked for;
//! * otherwise pages are asked for until one is empty;
//! * `total` also says how many pages may be asked for at the same time. Beyond it
//!   they are asked for one by one, so that at most the last one is in vain.
//!
//! Fewer profiles than `total` at the end are an error, more are not.

use crate::contract::{Code, Error, Result};

/// Profiles that a page may hold where Mixpanel does not say how many.
const USUAL_PAGE: u64 = 1000;

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
    /// Profiles that came, each once.
    profiles: u64,
    /// The most profiles that a page held.
    per_page: u64,
    /// The number of the next page.
    next: u64,
    under_way: u64,
    /// A page was empty.
    ended: bool,
    /// A page held nothing but profiles that had come already.
    repeats: Option<u64>,
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
    pub fn new(announced: Announced, held: Held) -> Self {
        let mut pages =
            Self { announced, profiles: 0, per_page: 1, next: 1, under_way: 1, ended: false, repeats: None };
        pages.arrived(0, held);
        pages
    }

    /// A page is here.
    pub fn arrived(&mut self, page: u64, held: Held) {
        self.under_way = self.under_way.saturating_sub(1);
        self.profiles += held.new;
        self.per_page = self.per_page.max(held.profiles);
        self.ended |= held.profiles == 0;
        // Profiles without an id that look alike may be several, as long as so many are announced.
        let is_beyond = self.announced.total.is_none_or(|total| self.profiles > total);
        if held.profiles > 0 && (held.new == 0 || held.unlike == 0 && is_beyond) {
            self.repeats = Some(page);
        }
    }

    /// Whether as many came as were announced.
    fn agrees(&self) -> bool {
        self.announced.total == Some(self.profiles)
    }

    fn is_full_page(&self) -> bool {
        self.per_page >= self.announced.page_size.unwrap_or(USUAL_PAGE)
    }

    fn is_complete(&self) -> bool {
        let is_first_page = self.next == 1;
        self.agrees() && !(is_first_page && self.is_full_page())
    }

    /// The next page to ask for now, if so many may be under way at the same time.
    pub fn next(&mut self, at_once: u64) -> Option<u64> {
        if self.is_complete() || self.ended || self.repeats.is_some() || !self.announced.has_session {
            return None;
        }
        let missing = self.announced.total.map_or(0, |total| total.saturating_sub(self.profiles));
        if self.under_way >= missing.div_ceil(self.per_page).clamp(1, at_once.max(1)) {
            return None;
        }
        self.under_way += 1;
        self.next += 1;
        Some(self.next - 1)
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

    /// Whether what came is all there is; asked when there is no further page.
    ///
    /// Errors: `Truncated` where profiles are missing, or may be.
    pub fn check(&self) -> Result<()> {
        let (profiles, total) = (self.profiles, self.announced.total);
        if self.agrees() {
            return Ok(());
        }
        if let Some(total) = total.filter(|total| profiles < *total) {
            let what = format!("Mixpanel announced {total} profiles, and {profiles} came");
            return Err(Error::new(Code::Truncated, what).fix(LATER));
        }
        if let Some(page) = self.repeats {
            let what = format!(
                "page {page} holds nothing but profiles of earlier pages, so where the last one is can't be told"
            );
            return Err(Error::new(Code::Truncated, what).fix(LATER));
        }
        if !self.announced.has_session && self.is_full_page() {
            let what = format!(
                "more than {profiles} profiles may be there, but the answer has no session_id to ask for them with"
            );
            return Err(Error::new(Code::Truncated, what).fix(LATER));
        }
        Ok(())
    }
}

const LATER: &str = "Run it again later, or for fewer profiles (filter, distinct_ids, cohort_id)";

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
        let mut pages = Pages::new(announced(total, true), self::held(held[0], held[0]));
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
                assert_eq!((asked, pages.check()), (requests, Ok(())), "{total} {held:?} {at_once}");
                assert_eq!((pages.count(), pages.progress()), (requests, f64::from(u8::from(total > 0))));
            }
        }
    }

    #[test]
    fn without_a_total_or_with_a_small_one_an_empty_page_ends_it() {
        for total in [None, Some(1), Some(9), Some(10), Some(11), Some(34)] {
            let (pages, asked) = run(total, &[10, 3, 10, 12], 4);
            assert_eq!((asked, pages.profiles), (5, 35), "{total:?}");
            assert!(pages.check().is_ok());
        }
    }

    #[test]
    fn pages_of_any_size_lose_nothing() {
        for held in [&[1, 9, 10, 10, 5][..], &[10, 1, 1, 1, 1, 21], &[5, 5, 5, 5, 5, 5, 5]] {
            for at_once in 1..=5 {
                let (pages, asked) = run(Some(35), held, at_once);
                assert_eq!((pages.profiles, pages.check()), (35, Ok(())));
                assert!(asked <= held.len() as u64 + at_once, "{asked}");
            }
        }
    }

    #[test]
    fn missing_profiles_are_an_error() {
        let (pages, _) = run(Some(36), &[10, 10, 10, 5], 4);
        let error = pages.check().unwrap_err().to_string();
        assert!(error.starts_with("[TRUNCATED] Mixpanel announced 36 profiles, and 35 came"), "{error}");
        assert!(run(Some(500), &[0], 4).0.check().is_err());
    }

    #[test]
    fn a_server_that_repeats_itself_is_left() {
        for total in [None, Some(1)] {
            let mut pages = Pages::new(announced(total, true), held(2, 2));
            assert_eq!(pages.next(1), Some(1));
            pages.arrived(1, held(2, 0));
            assert_eq!(pages.next(1), None);
            assert!(pages.check().unwrap_err().what().starts_with("page 1 holds nothing but"));
        }
        // A repetition among others is none.
        let mut pages = Pages::new(announced(Some(3), true), held(2, 2));
        assert_eq!(pages.next(1), Some(1));
        pages.arrived(1, held(2, 1));
        assert_eq!((pages.next(1), pages.check()), (None, Ok(())));
    }

    #[test]
    fn those_without_an_id_may_look_alike_until_all_announced_are_here() {
        for (total, asked, is_whole) in [(Some(4), 2, true), (Some(3), 2, false), (None, 2, false), (Some(6), 3, true)]
        {
            let mut pages = Pages::new(announced(total, true), held(2, 2));
            let mut requests = 1;
            while let Some(page) = pages.next(1) {
                pages.arrived(page, Held { profiles: 2, new: 2, unlike: 0 });
                requests += 1;
            }
            assert_eq!((requests, pages.check().is_ok()), (asked, is_whole), "{total:?}");
        }
    }

    #[test]
    fn without_a_session_one_page_must_be_all() {
        let check = |total, held| {
            let mut pages = Pages::new(announced(total, false), self::held(held, held));
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
