use jiff::civil::date;

use super::{super::Quota, *};

const NOW: Millis = 1_700_000_000_000;
const HOUR: Millis = 3_600_000;

/// A book and the rule that it is kept by.
struct Kept {
    book: Book,
    rule: Rule,
    user: Option<usize>,
}

impl Kept {
    fn new(quota: Quota) -> Self {
        Self { book: Book::default(), rule: quota.rule(), user: None }
    }

    fn limit(&self) -> Limit {
        self.book.limit(&self.rule, self.user)
    }

    fn start(&mut self, now: Millis) -> Result<Millis, Millis> {
        self.start_for(None, now)
    }

    fn start_for(&mut self, claim: Option<&str>, now: Millis) -> Result<Millis, Millis> {
        self.book.prune(&self.rule, now);
        self.book.start(&self.rule, self.limit(), claim, now)
    }

    fn used(&mut self, now: Millis) -> usize {
        self.book.prune(&self.rule, now);
        self.book.used(self.limit(), now)
    }

    fn left(&mut self, now: Millis) -> usize {
        self.book.prune(&self.rule, now);
        self.book.left(self.limit(), now)
    }

    fn resets_at(&mut self, now: Millis) -> Option<Millis> {
        self.book.prune(&self.rule, now);
        self.book.resets_at(&self.rule, now)
    }

    fn claim(&mut self, id: &str, now: Millis) {
        self.book.claim(id.into(), "me", "all", (date(2025, 1, 1), date(2025, 1, 2)), true, now);
    }
}

fn has(kept: &Kept, id: &str) -> bool {
    kept.book.ids().any(|other| other == id)
}

#[test]
fn three_starts_at_once_then_a_breath() {
    let mut kept = Kept::new(Quota::Export);
    let starts: Vec<_> = (0..7).map(|_| kept.start(NOW).map(|at| at - NOW)).collect();
    assert_eq!(starts, [0, 0, 0, 1050, 1050, 1050, 2100].map(Ok));
    assert_eq!(kept.start(NOW + 60_000), Ok(NOW + 60_000));
}

#[test]
fn the_hour_slides() {
    let mut kept = Kept::new(Quota::Query);
    for minute in 0..30 {
        assert_eq!(kept.start(NOW + minute * 60_000), Ok(NOW + minute * 60_000));
        assert_eq!(kept.start(NOW + minute * 60_000), Ok(NOW + minute * 60_000));
    }
    let later = NOW + 30 * 60_000;
    assert_eq!((kept.used(later), kept.left(later)), (60, 0));
    assert_eq!(kept.start(later), Err(NOW + HOUR));
    assert_eq!(kept.resets_at(later), Some(NOW + HOUR));
    assert_eq!((kept.used(NOW + HOUR), kept.left(NOW + HOUR)), (58, 2));
    assert_eq!(kept.start(NOW + HOUR), Ok(NOW + HOUR));
    assert_eq!(kept.start(NOW + HOUR), Ok(NOW + HOUR));
    // The third has to wait for the next minute's, which is near enough to wait for.
    assert_eq!(kept.start(NOW + HOUR), Ok(NOW + HOUR + 60_000));
}

#[test]
fn what_did_not_happen_is_given_back() {
    let mut kept = Kept::new(Quota::Query);
    let starts: Vec<_> = (0..60).map(|_| kept.start(NOW)).collect();
    assert!(kept.start(NOW).is_err());
    kept.book.forget(starts[7].unwrap_or_default());
    assert_eq!((kept.used(NOW), kept.start(NOW)), (59, Ok(NOW)));
}

#[test]
fn mixpanels_no_counts_more_than_our_own_count() {
    let mut kept = Kept::new(Quota::Query);
    assert_eq!(kept.book.pause(Some(Duration::from_secs(1800)), NOW), NOW + 1_800_000);
    assert_eq!((kept.start(NOW), kept.used(NOW), kept.left(NOW)), (Err(NOW + 1_800_000), 60, 0));
    assert_eq!(kept.resets_at(NOW), Some(NOW + 1_800_000));
    // A shorter one does not shorten it; near its end it is waited for.
    kept.book.pause(Some(Duration::ZERO), NOW);
    assert_eq!(kept.start(NOW + 1_750_000), Ok(NOW + 1_800_000));
    assert_eq!(Book::default().pause(None, NOW), NOW + UNKNOWN_PAUSE);
    assert_eq!(Book::default().pause(Some(Duration::MAX), NOW), NOW + LONGEST_PAUSE);
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out() {
    let mut kept = Kept::new(Quota::Export);
    for _ in 0..60 {
        assert!(kept.start(NOW).is_ok());
    }
    kept.book.pause(Some(Duration::from_secs(3600)), NOW);
    let yesterday = NOW - 24 * HOUR;
    assert_eq!(kept.start(yesterday), Err(yesterday + HOUR));
    assert_eq!(kept.start(yesterday + HOUR), Ok(yesterday + HOUR));
}

#[test]
fn starts_of_before_the_clock_was_set_back_count_and_hold_nobody_up() {
    let mut kept = Kept::new(Quota::Export);
    for _ in 0..8 {
        kept.start(NOW).unwrap();
    }
    let before = NOW - 600_000;
    let starts: Vec<_> = (0..4).map(|_| kept.start(before).map(|at| at - before)).collect();
    assert_eq!((starts, kept.left(before)), ([0, 0, 0, 1050].map(Ok).into(), 48));
    // A minute's limit is over after a minute.
    let mut lexicon = Kept::new(Quota::Lexicon);
    for _ in 0..5 {
        lexicon.start(NOW).unwrap();
    }
    assert_eq!(lexicon.start(before), Ok(before));
}

#[test]
fn the_lexicons_minute_is_waited_for() {
    let mut kept = Kept::new(Quota::Lexicon);
    let starts: Vec<_> = (0..6).map(|_| kept.start(NOW).map(|at| at - NOW)).collect();
    assert_eq!(starts, [0, 0, 0, 0, 0, 60_000].map(Ok));
}

#[test]
fn a_promised_request_is_nobody_elses() {
    let mut kept = Kept::new(Quota::Query);
    for _ in 0..58 {
        kept.start(NOW).unwrap();
    }
    kept.claim("a", NOW);
    kept.claim("b", NOW);
    assert_eq!((kept.left(NOW), kept.book.reserved(), kept.used(NOW)), (0, 2, 58));
    assert!(kept.start(NOW).is_err());
    assert!(kept.start_for(Some("c"), NOW).is_err());
    assert_eq!(kept.start_for(Some("a"), NOW), Ok(NOW));
    // Its second try takes what is promised to nobody.
    assert!(kept.start_for(Some("a"), NOW).is_err());
    kept.book.release("b", None, NOW);
    assert_eq!((kept.left(NOW), kept.start_for(Some("a"), NOW)), (1, Ok(NOW)));
}

#[test]
fn a_claim_that_nobody_renews_is_nobodys() {
    let mut kept = Kept::new(Quota::Export);
    kept.claim("a", NOW);
    kept.claim("b", NOW);
    let later = NOW + CLAIM_LIFE - 1;
    assert!(kept.book.renew(&["a".into()], CLAIM_LIFE, later));
    assert_eq!(kept.left(later), 58);
    assert_eq!((kept.left(later + 1), has(&kept, "a"), has(&kept, "b")), (59, true, false));
    assert!(!kept.book.renew(&["a".into(), "b".into()], CLAIM_LIFE, later + 1));
}

#[test]
fn a_claim_from_before_the_clock_was_set_back_is_nobodys() {
    for (back, lives) in [(30_000, true), (CLAIM_LIFE, false), (600_000, false), (2 * HOUR, false)] {
        let mut kept = Kept::new(Quota::Export);
        kept.claim("a", NOW);
        kept.book.release("b", Some("no".into()), NOW);
        assert_eq!((kept.left(NOW - back), has(&kept, "a")), (60 - usize::from(lives), lives), "{back}");
        assert_eq!(kept.book.error("b").is_some(), lives, "{back}");
    }
}

#[test]
fn a_claim_of_who_may_end_any_moment_lives_briefly() {
    let mut kept = Kept::new(Quota::Export);
    kept.claim("a", NOW);
    assert!(kept.book.renew(&["a".into()], 6_000, NOW + 1_000));
    assert_eq!((kept.left(NOW + 6_999), has(&kept, "a")), (59, true));
    assert_eq!((kept.left(NOW + 7_000), has(&kept, "a")), (60, false));
}

#[test]
fn whoever_waits_for_a_claim_hears_of_its_error_for_a_minute() {
    let mut kept = Kept::new(Quota::Export);
    kept.claim("a", NOW);
    assert_eq!(kept.book.claims().count(), 1);
    kept.book.release("a", Some("[SERVER_ERROR] no.".into()), NOW);
    assert_eq!(
        (kept.book.error("a"), kept.book.error("b"), kept.book.claims().count()),
        (Some("[SERVER_ERROR] no."), None, 0)
    );
    kept.left(NOW + ERROR_LIFE);
    assert_eq!(kept.book.error("a"), None);
}

#[test]
fn nobody_waits_for_an_answer_that_will_not_be_kept() {
    let mut kept = Kept::new(Quota::Export);
    kept.claim("a", NOW);
    kept.book.will_not_keep(&["a".into()]);
    assert_eq!((kept.book.claims().count(), kept.book.reserved(), has(&kept, "a")), (0, 1, true));
}

#[test]
fn the_newest_word_of_mixpanels_says_what_it_allows() {
    let mut kept = Kept::new(Quota::Export);
    assert_eq!(kept.limit(), Limit { requests: 60, source: LimitSource::Documented });
    kept.book.learn(&kept.rule, Some(400), Some(350), NOW);
    assert_eq!(kept.limit(), Limit { requests: 400, source: LimitSource::Mixpanel });
    // Other programs used fifty.
    assert_eq!((kept.used(NOW), kept.left(NOW)), (50, 350));
    for _ in 0..10 {
        kept.start(NOW).unwrap();
    }
    kept.book.learn(&kept.rule, None, Some(345), NOW + 10_000);
    assert_eq!((kept.used(NOW + 10_000), kept.left(NOW + 10_000)), (55, 345));
    kept.book.learn(&kept.rule, Some(60), None, NOW + 20_000);
    assert_eq!((kept.limit().requests, kept.left(NOW + 20_000)), (60, 5));
    // What others used is over an hour later.
    assert_eq!(kept.left(NOW + 10_000 + HOUR), 60);
    // The user's word counts more.
    kept.user = Some(20);
    assert_eq!(kept.limit(), Limit { requests: 20, source: LimitSource::User });
    // More left than there is says nothing.
    kept.user = None;
    kept.book.learn(&kept.rule, Some(0), Some(1000), NOW + 2 * HOUR);
    assert_eq!(kept.left(NOW + 2 * HOUR), 60);
}

#[test]
fn where_others_used_all_of_it_nothing_starts() {
    let mut kept = Kept::new(Quota::Query);
    kept.book.learn(&kept.rule, None, Some(0), NOW);
    assert_eq!(kept.start(NOW), Err(NOW + HOUR));
    kept.book.learn(&kept.rule, None, Some(3), NOW + 1000);
    assert_eq!(kept.start(NOW + 1000), Ok(NOW + 1000));
}

#[test]
fn it_is_written_and_read() {
    let mut kept = Kept::new(Quota::Export);
    kept.start(NOW).unwrap();
    kept.claim("a", NOW);
    kept.book.release("x", Some("no".into()), NOW);
    kept.book.learn(&kept.rule, Some(100), Some(50), NOW);
    kept.book.pause(None, NOW);
    let text = serde_json::to_string(&kept.book).unwrap();
    assert_eq!(serde_json::from_str::<Book>(&text).unwrap(), kept.book);
    assert_eq!(serde_json::from_str::<Book>("{\"later\":1}").unwrap(), Book::default());
}
