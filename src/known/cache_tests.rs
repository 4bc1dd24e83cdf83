use std::{
    sync::{
        atomic::{AtomicI64, Ordering},
        mpsc,
    },
    thread,
};

use super::*;
use crate::{
    contract::{Code, Error},
    mixpanel::{Api, Request, testing::target},
};

const LONG: Life = Life::of(SignedDuration::from_mins(15), MOST_BYTES);
const SHORT: Life = Life::of(SignedDuration::from_mins(1), MOST_BYTES / 4);

/// A cache and the clock of all who ask it.
struct Watched {
    cache: Cache,
    clock: Clock,
    ahead: Arc<AtomicI64>,
}

impl Watched {
    fn get(&self, key: &Key, ask: impl FnOnce() -> Result<String>) -> Result<Arc<String>> {
        self.cache.get(key, &self.clock, LONG, ask)
    }

    fn get_live(&self, key: &Key, ask: impl FnOnce() -> Result<String>) -> Result<Arc<String>> {
        self.cache.get(key, &self.clock, SHORT, ask)
    }

    fn get_new(&self, key: &Key, ask: impl FnOnce() -> Result<String>) -> Result<Arc<String>> {
        self.cache.get(key, &self.clock, SHORT.for_who_takes(SignedDuration::ZERO), ask)
    }

    fn peek(&self, key: &Key) -> Option<Arc<String>> {
        self.cache.peek(key, self.clock.now())
    }

    fn clear(&self) -> usize {
        self.cache.clear(self.clock.now())
    }

    fn later(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }
}

fn cache() -> Watched {
    let ahead = Arc::new(AtomicI64::new(0));
    Watched { cache: Cache::new(), clock: Clock::moved_by(Arc::clone(&ahead)), ahead }
}

fn key(name: &str) -> Key {
    Key::new(&target(), &Request::get(Api::Query, name))
}

fn says(text: &str) -> impl FnOnce() -> Result<String> {
    move || Ok(text.to_owned())
}

fn fails() -> Result<String> {
    Err(Error::new(Code::ServerError, "HTTP 500"))
}

#[test]
fn an_answer_is_good_for_a_quarter_of_an_hour() {
    let cache = cache();
    assert_eq!(cache.get(&key("a"), says("1")).as_deref().map(String::as_str), Ok("1"));
    cache.later(15 * 60 - 60);
    assert_eq!(cache.get(&key("a"), says("2")).as_deref().map(String::as_str), Ok("1"));
    assert_eq!(cache.get(&key("b"), says("3")).as_deref().map(String::as_str), Ok("3"));
    cache.later(60);
    assert_eq!(cache.peek(&key("a")), None);
    assert_eq!(cache.get(&key("a"), says("2")).as_deref().map(String::as_str), Ok("2"));
    assert_eq!(cache.peek(&key("b")).as_deref().map(String::as_str), Some("3"));
}

fn is(outcome: &Result<Arc<String>>) -> Option<&str> {
    outcome.as_deref().ok().map(String::as_str)
}

#[test]
fn a_live_answer_is_good_for_a_minute_and_for_who_takes_it() {
    let cache = cache();
    assert_eq!(is(&cache.get_live(&key("a"), says("1"))), Some("1"));
    cache.later(59);
    assert_eq!(is(&cache.get_live(&key("a"), says("2"))), Some("1"));
    // Who wants a new one gets it, and so does everybody after them.
    assert_eq!(is(&cache.get_new(&key("a"), says("3"))), Some("3"));
    assert_eq!(is(&cache.get_live(&key("a"), says("4"))), Some("3"));
    assert_eq!(cache.clear(), 1, "one answer to one question");
    cache.get_live(&key("a"), says("5")).unwrap();
    cache.later(60);
    assert_eq!(is(&cache.get_live(&key("a"), says("6"))), Some("6"));
}

#[test]
fn who_wants_a_new_answer_waits_for_no_older_question() {
    let cache = cache();
    let older = cache.get_live(&key("a"), || {
        assert_eq!(is(&cache.get_new(&key("a"), says("new"))), Some("new"));
        Ok("old".to_owned())
    });
    assert_eq!(is(&older), Some("old"));
    assert_eq!(is(&cache.get_live(&key("a"), says("newer"))), Some("new"), "the older answer came later");
}

#[test]
fn what_is_forgotten_soon_makes_room_first() {
    let cache = cache();
    cache.get(&key("long"), || Ok("x".repeat(MOST_BYTES - MOST_BYTES / 4))).unwrap();
    cache.get_live(&key("a"), || Ok("x".repeat(MOST_BYTES / 4))).unwrap();
    cache.get_live(&key("b"), || Ok("x".repeat(MOST_BYTES / 4))).unwrap();
    assert!(cache.peek(&key("a")).is_none() && cache.peek(&key("b")).is_some() && cache.peek(&key("long")).is_some());
    let heavy = cache.get_live(&key("c"), || Ok("x".repeat(MOST_BYTES / 4 + 1))).unwrap();
    assert_eq!((heavy.len(), cache.peek(&key("c"))), (MOST_BYTES / 4 + 1, None));
    let (b, another) = (cache.peek(&key("b")).unwrap(), Arc::new(String::new()));
    cache.cache.forget(&key("b"), &another);
    assert!(cache.peek(&key("b")).is_some());
    cache.cache.forget(&key("b"), &b);
    assert_eq!(cache.clear(), 1);
}

#[test]
fn a_clock_that_is_set_back_makes_no_answer_older_than_it_may_be() {
    let cache = cache();
    cache.get(&key("a"), says("1")).unwrap();
    cache.later(-60);
    assert_eq!(cache.get(&key("a"), says("2")).as_deref().map(String::as_str), Ok("2"));
}

#[test]
fn errors_are_not_kept() {
    let cache = cache();
    assert!(cache.get(&key("a"), fails).is_err());
    assert_eq!(cache.get(&key("a"), says("1")).as_deref().map(String::as_str), Ok("1"));
}

#[test]
fn clearing_counts_what_was_good() {
    let cache = cache();
    cache.get(&key("old"), says("1")).unwrap();
    cache.later(15 * 60);
    cache.get(&key("a"), says("1")).unwrap();
    cache.get(&key("b"), says("1")).unwrap();
    assert_eq!((cache.clear(), cache.clear()), (2, 0));
    assert_eq!(cache.get(&key("a"), says("2")).as_deref().map(String::as_str), Ok("2"));
}

#[test]
fn the_oldest_make_room() {
    let cache = cache();
    for number in 0..=MOST_ANSWERS {
        cache.get(&key(&number.to_string()), says("x")).unwrap();
    }
    assert_eq!(cache.peek(&key("0")), None);
    assert!(cache.peek(&key("1")).is_some());
    let half = "x".repeat(MOST_BYTES / 2);
    for name in ["a", "b"] {
        cache.get(&key(name), || Ok(half.clone())).unwrap();
    }
    assert_eq!(cache.clear(), 2, "and nothing else fits beside them");
    let too_long = cache.get(&key("c"), || Ok("x".repeat(MOST_BYTES + 1))).unwrap();
    assert_eq!((too_long.len(), cache.clear()), (MOST_BYTES + 1, 0));
}

#[test]
fn what_was_asked_before_clearing_is_not_kept() {
    let cache = cache();
    let asked = cache.get(&key("a"), || {
        assert_eq!(cache.clear(), 0);
        // Whoever asks from now on gets a request of its own.
        assert_eq!(cache.get(&key("a"), says("new")).as_deref().map(String::as_str), Ok("new"));
        Ok("old".to_owned())
    });
    assert_eq!(asked.as_deref().map(String::as_str), Ok("old"));
    assert_eq!(cache.peek(&key("a")).as_deref().map(String::as_str), Some("new"));
}

/// The outcomes of two threads that ask the same while a request is under way, and of the one that makes it.
fn three_at_once(outcome: Result<String>) -> Vec<Result<Arc<String>>> {
    let cache = &cache();
    thread::scope(|scope| {
        let (began, begins) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let pilot = scope.spawn(move || {
            cache.get(&key("a"), || {
                began.send(()).unwrap();
                ends.recv().unwrap();
                outcome
            })
        });
        begins.recv().unwrap();
        let others = [(); 2].map(|()| scope.spawn(move || cache.get(&key("a"), || panic!("a second request"))));
        // Another question does not wait for this one.
        assert_eq!(cache.get(&key("b"), says("b")).as_deref().map(String::as_str), Ok("b"));
        let flight = Arc::clone(&cache.cache.lock().flights[0].1);
        // The list's, the pilot's, this one, and one for each that waits.
        while Arc::strong_count(&flight) < 5 {
            thread::yield_now();
        }
        end.send(()).unwrap();
        others.into_iter().chain([pilot]).map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn threads_that_ask_the_same_make_one_request() {
    assert_eq!(three_at_once(Ok("1".to_owned())), vec![Ok(Arc::new("1".to_owned())); 3]);
}

#[test]
fn they_share_its_error_too() {
    let outcomes = three_at_once(fails());
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_err_and(|error| error.code() == Code::ServerError)));
}

#[test]
fn a_thread_that_dies_leaves_nobody_waiting() {
    let cache = &cache();
    thread::scope(|scope| {
        let (began, begins) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let pilot = scope.spawn(move || {
            cache.get(&key("a"), || {
                began.send(()).unwrap();
                ends.recv().unwrap();
                panic!("on purpose")
            })
        });
        begins.recv().unwrap();
        let other = scope.spawn(move || cache.get(&key("a"), says("1")));
        end.send(()).unwrap();
        assert!(pilot.join().is_err());
        assert_eq!(other.join().unwrap().as_deref().map(String::as_str), Ok("1"));
    });
}
