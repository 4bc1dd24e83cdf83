//! What does a 429 mean?
//!
//! Mixpanel says 429 for two very different things: the project runs too much at
//! this moment, which passes, and the project's hour is used up, which no retry
//! mends. Only headers and words tell them apart. Seen so far (`mixpanel-api.md`
//! §1.1 and the fixtures):
//!
//! * `... 1/5 queries running concurrently and 61/60 queries running in the last hour ...`
//! * `... exceeded the concurrency limit (6/5 queries running concurrently).` with `Retry-After: 10` and
//!   `RateLimit: "project";r=12, "project-concurrency";r=0;t=10`
//! * `too many export requests in progress for this project`
//! * `Project exceeded rate limits. Please retry the request with exponential backoff.`

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Throttle {
    /// The hour is used up, for so long where that was said.
    Spent(Option<Duration>),
    /// Come back after so long.
    Pause(Duration),
    /// Too much at this moment; nobody said for how long.
    Busy,
}

/// Reads a 429's headers and words.
pub(super) fn read(headers: &HeaderMap, words: &str) -> Throttle {
    let pause = retry_after(headers);
    match hour(headers) {
        Some(left) => Throttle::Spent(left.or(pause)),
        None if says_hour_is_over(words) => Throttle::Spent(pause),
        None => pause.map_or(Throttle::Busy, Throttle::Pause),
    }
}

/// `Retry-After` in whole seconds. Dates, negative numbers and garbage are ignored: Mixpanel documents none of them.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    seconds(headers.get(RETRY_AFTER)?.to_str().ok()?)
}

/// From the `RateLimit` header: whether the limit named `project` has nothing left, and for how long.
fn hour(headers: &HeaderMap) -> Option<Option<Duration>> {
    let values = headers.get_all("ratelimit").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).find_map(|limit| {
        let mut parts = limit.split(';').map(str::trim);
        let name = parts.next()?.trim_matches('"');
        let parts: Vec<_> = parts.filter_map(|part| part.split_once('=')).collect();
        let find = |key| parts.iter().find(|part| part.0.trim() == key).map(|part| part.1.trim());
        (name == "project" && find("r") == Some("0")).then(|| find("t").and_then(seconds))
    })
}

/// Whether words say `n/m ... in the last hour` with all of m used.
fn says_hour_is_over(words: &str) -> bool {
    let Some(before) = words.split("in the last hour").next().filter(|before| before.len() < words.len()) else {
        return false;
    };
    let Some((used, limit)) = before.rsplit_once('/') else { return false };
    let digits = |text: &str| text.parse::<u64>().ok();
    let used = used.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(digits);
    let limit = limit.split(|c: char| !c.is_ascii_digit()).next().and_then(digits);
    matches!((used, limit), (Some(used), Some(limit)) if used >= limit)
}

fn seconds(text: &str) -> Option<Duration> {
    // `parse` would take a sign.
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(headers: &[(&'static str, &'static str)], words: &str) -> Throttle {
        let pair = |&(name, value): &_| (HeaderName::from_static(name), HeaderValue::from_static(value));
        super::read(&headers.iter().map(pair).collect(), words)
    }

    #[test]
    fn the_hour_and_the_moment_are_told_apart() {
        let hour = "1/5 queries running concurrently and 61/60 queries running in the last hour. For more";
        assert_eq!(read(&[], hour), Throttle::Spent(None));
        assert_eq!(read(&[("retry-after", "900")], hour), Throttle::Spent(Some(Duration::from_secs(900))));
        let moment = "6/5 queries running concurrently and 12/60 queries running in the last hour.";
        assert_eq!(read(&[], moment), Throttle::Busy);
        assert_eq!(read(&[], "too many export requests in progress for this project"), Throttle::Busy);
        assert_eq!(read(&[("retry-after", "10")], "busy"), Throttle::Pause(Duration::from_secs(10)));
    }

    #[test]
    fn the_rate_limit_header_counts() {
        let spent = [("ratelimit", "\"project\";r=0;t=1200, \"project-concurrency\";r=4"), ("retry-after", "5")];
        assert_eq!(read(&spent, ""), Throttle::Spent(Some(Duration::from_secs(1200))));
        let busy = [("ratelimit", "\"project\";r=12, \"project-concurrency\";r=0;t=10"), ("retry-after", "10")];
        assert_eq!(read(&busy, ""), Throttle::Pause(Duration::from_secs(10)));
        assert_eq!(read(&[("ratelimit", "\"project\"; r=0")], ""), Throttle::Spent(None));
    }

    #[test]
    fn garbage_is_ignored() {
        for garbage in ["-5", "+5", "1.5", "", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999"] {
            assert_eq!(read(&[("retry-after", garbage)], "x"), Throttle::Busy, "{garbage}");
        }
        for words in ["in the last hour", "/ in the last hour", "9/ in the last hour", "/9 in the last hour"] {
            assert_eq!(read(&[], words), Throttle::Busy, "{words}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words_are_survived(words in "([0-9]{0,25}|/| |é|in the last hour|in the last hou){0,8}") {
            says_hour_is_over(&words);
            seconds(&words);
        }
    }
}
