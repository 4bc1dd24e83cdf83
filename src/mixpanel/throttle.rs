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

/// What an answer says of the hour, whether it is a refusal or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SaidOfTheHour {
    /// How many requests are allowed.
    pub allowed: Option<usize>,
    /// How many of them are left, whoever made the others.
    pub left: Option<usize>,
}

/// Reads what the headers of any answer, or the words of a refusal, say of the hour: `RateLimit-Policy: "project";q=400;w=3600`,
/// `RateLimit: "project";r=350`, `401/400 queries running in the last hour`.
pub(super) fn said(headers: &HeaderMap, words: &str) -> SaidOfTheHour {
    let number = |text: &str| digits(text).and_then(|number| usize::try_from(number).ok());
    let policy = OfTheProject::in_header(headers, "ratelimit-policy");
    let policy = policy.filter(|policy| policy.find("w").is_none_or(|window| window == "3600"));
    let allowed = policy.and_then(|policy| policy.find("q").and_then(number));
    let left = OfTheProject::in_header(headers, "ratelimit").and_then(|limit| limit.find("r").and_then(number));
    let in_words = in_the_last_hour(words).and_then(|(_, limit)| usize::try_from(limit).ok());
    SaidOfTheHour { allowed: allowed.or(in_words), left }
}

/// From the `RateLimit` header: whether the limit named `project` has nothing left, and for how long.
fn hour(headers: &HeaderMap) -> Option<Option<Duration>> {
    let limit = OfTheProject::in_header(headers, "ratelimit")?;
    (limit.find("r") == Some("0")).then(|| limit.find("t").and_then(seconds))
}

/// The parameters of the limit named `project` in a header: `"project";r=12;t=10, "other";r=0`.
struct OfTheProject<'a>(Vec<(&'a str, &'a str)>);

impl<'a> OfTheProject<'a> {
    fn in_header(headers: &'a HeaderMap, header: &str) -> Option<Self> {
        let values = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).find_map(|limit| {
            let mut parts = limit.split(';').map(str::trim);
            let is_it = parts.next()?.trim_matches('"') == "project";
            is_it.then(|| Self(parts.filter_map(|part| part.split_once('=')).collect()))
        })
    }

    fn find(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
    }
}

/// Whether words say `n/m ... in the last hour` with all of m used.
fn says_hour_is_over(words: &str) -> bool {
    in_the_last_hour(words).is_some_and(|(used, limit)| used >= limit)
}

/// The numbers in `n/m ... in the last hour`.
fn in_the_last_hour(words: &str) -> Option<(u64, u64)> {
    let before = words.split("in the last hour").next().filter(|before| before.len() < words.len())?;
    let (used, limit) = before.rsplit_once('/')?;
    let used = used.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(digits)?;
    let limit = limit.split(|c: char| !c.is_ascii_digit()).next().and_then(digits)?;
    Some((used, limit))
}

/// `parse` would take a sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn seconds(text: &str) -> Option<Duration> {
    digits(text.trim()).map(Duration::from_secs)
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
    fn what_is_allowed_and_left_is_read_from_any_answer() {
        let said = |headers: &[(&'static str, &'static str)], words: &str| {
            let pair = |&(name, value): &_| (HeaderName::from_static(name), HeaderValue::from_static(value));
            let SaidOfTheHour { allowed, left } = super::said(&headers.iter().map(pair).collect(), words);
            (allowed, left)
        };
        let policy = ("ratelimit-policy", "\"project\";q=400;w=3600, \"project-concurrency\";q=5");
        let state = ("ratelimit", "\"project\";r=350, \"project-concurrency\";r=0;t=10");
        assert_eq!(said(&[policy, state], ""), (Some(400), Some(350)));
        assert_eq!(said(&[], "401/400 queries running in the last hour"), (Some(400), None));
        // The newest word is the header's.
        assert_eq!(said(&[policy], "61/60 queries running in the last hour"), (Some(400), None));
        for other in ["\"project\";q=3;w=1", "\"project\";q=-4;w=3600", "\"project\"", "\"x\";q=7", ""] {
            assert_eq!(said(&[("ratelimit-policy", other)], "busy"), (None, None), "{other}");
        }
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
