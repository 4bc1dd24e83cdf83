//! What does a page of an activity feed say? `{"status": "ok", "results": {"events": [...], "sentinel_event": {...}}}`.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    contract::Result,
    decode::microseconds,
    json::{Entries, Object, parse_object, said},
};

/// What one user did once.
#[derive(Debug, PartialEq, Eq)]
pub struct FeedEvent {
    pub name: Option<String>,
    /// Microseconds since 1970 in UTC, or what the project takes for it.
    pub time: Option<i64>,
    pub distinct_id: Option<String>,
    /// An object: the properties without those above, every value as it was sent.
    pub properties: String,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: Object<Results<'a>>,
}

#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
    #[serde(borrow)]
    sentinel_event: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Entries<&'a RawValue, &'a RawValue>,
}

/// What one answer holds.
#[derive(Debug, Default)]
pub struct FeedPage<'a> {
    /// The events in their order, as they came.
    events: Vec<&'a str>,
    /// What the next page is asked for with; `None` on the last one.
    pub cursor: Option<&'a str>,
}

impl<'a> FeedPage<'a> {
    /// Errors: `UnexpectedResponse`.
    pub fn read(text: &'a str) -> Result<Self> {
        let Answer { results: Object(results) } = parse_object(text, "an activity feed")?;
        let events = results.events.into_iter().map(RawValue::get).collect();
        Ok(Self { events, cursor: results.sentinel_event.map(RawValue::get) })
    }

    /// The events that the page before did not have. Where a page begins again with what the last one ended with, is
    /// not known: an event with an id of its own is told once, and a page that is the last one again tells nothing.
    ///
    /// Errors: `UnexpectedResponse`.
    pub fn events_after(&self, before: &FeedPage<'_>) -> Result<Vec<FeedEvent>> {
        if self.events == before.events {
            return Ok(vec![]);
        }
        let known: HashSet<&str> = before.events.iter().copied().filter(|event| event.contains("$insert_id")).collect();
        let events = self.events.iter().filter(|event| !known.contains(**event));
        events.map(|event| read(event)).collect()
    }
}

/// The user of an event is `distinct_id` or, where there is none, `$distinct_id`; a time that can't be read stays in the
/// properties.
fn read(source: &str) -> Result<FeedEvent> {
    let event: Event<'_> = parse_object(source, "an event with properties")?;
    let Entries(mut members) = event.properties;
    let position = |name: &str, members: &[(&RawValue, &RawValue)]| {
        members.iter().position(|(key, _)| said(*key).is_some_and(|key| key == name))
    };
    let mut take = |name: &str| position(name, &members).map(|at| members.remove(at).1);
    let distinct_id = take("distinct_id").or_else(|| take("$distinct_id")).and_then(said);
    let time = position("time", &members).and_then(|at| Some((at, microseconds(&said(members.get(at)?.1)?)?))).map(
        |(at, time)| {
            members.remove(at);
            time
        },
    );
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    Ok(FeedEvent {
        name: event.event.and_then(said),
        time,
        distinct_id,
        properties: format!("{{{}}}", members.join(",")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(text: &str) -> Result<Vec<FeedEvent>> {
        FeedPage::read(text)?.events_after(&FeedPage::default())
    }

    fn one(event: &str) -> FeedEvent {
        feed(&format!(r#"{{"status":"ok","results":{{"events":[{event}]}}}}"#)).unwrap().remove(0)
    }

    #[test]
    fn every_value_keeps_its_bytes() {
        let event = one(
            r#"{"event": "Play\u0065d", "properties": {"time": 1599589453, "a" : 1.50, "$distinct_id": "u", "b": {"c": [1e400 , 2]}}}"#,
        );
        assert_eq!(event.name.as_deref(), Some("Played"));
        assert_eq!((event.time, event.distinct_id.as_deref()), (Some(1_599_589_453_000_000), Some("u")));
        assert_eq!(event.properties, r#"{"a":1.50,"b":{"c": [1e400 , 2]}}"#);
    }

    #[test]
    fn the_user_has_either_name() {
        for (properties, id, rest) in [
            (r#"{"distinct_id":"a"}"#, Some("a"), "{}"),
            (r#"{"$distinct_id":4}"#, Some("4"), "{}"),
            (r#"{"$distinct_id":"b","distinct_id":"a"}"#, Some("a"), r#"{"$distinct_id":"b"}"#),
            (r#"{"distinct_id":null}"#, None, "{}"),
            (r#"{"x":""}"#, None, r#"{"x":""}"#),
            (r#"{"distinct_id":""}"#, Some(""), "{}"),
            (r#"{"distinct_id":123456789012345678901234567890}"#, Some("123456789012345678901234567890"), "{}"),
        ] {
            let event = one(&format!(r#"{{"event":"e","properties":{properties}}}"#));
            assert_eq!((event.distinct_id.as_deref(), event.properties.as_str()), (id, rest), "{properties}");
        }
    }

    #[test]
    fn times_are_seconds_or_milliseconds_or_stay() {
        for (time, expected) in [
            ("1704067200", Some(1_704_067_200_000_000)),
            ("1704067200123", Some(1_704_067_200_123_000)),
            (r#""1704067200""#, Some(1_704_067_200_000_000)),
            ("null", None),
            (r#""noon""#, None),
        ] {
            let event = one(&format!(r#"{{"event":"e","properties":{{"time":{time}}}}}"#));
            let rest = if expected.is_some() { "{}".to_owned() } else { format!(r#"{{"time":{time}}}"#) };
            assert_eq!((event.time, event.properties), (expected, rest), "{time}");
        }
    }

    #[test]
    fn an_empty_feed_is_one_and_what_is_none_is_shown() {
        assert_eq!(feed(r#"{"results":{"events":[]},"status":"ok"}"#), Ok(vec![]));
        for body in [
            "",
            "[]",
            r#"{"results":[]}"#,
            r#"{"results":{}}"#,
            r#"{"results":{"events":{}}}"#,
            r#"["ok"]"#,
            r#"[{"events":[]}]"#,
            r#"{"results":[[]]}"#,
            r#"{"results":{"events":[["e",{}]]}}"#,
            r#"{"results":{"events":[1]}}"#,
            r#"{"results":{"events":[{"event":"a"}]}}"#,
            r#"{"results":{"events":[{"event":"a","properties":[]}]}}"#,
            r#"{"results":{"events":[{"event":"a","properties":{}}"#,
        ] {
            let error = feed(body).unwrap_err().to_string();
            assert!(error.starts_with("[UNEXPECTED_RESPONSE]"), "{body}: {error}");
        }
    }

    #[test]
    fn a_page_tells_what_the_one_before_did_not() {
        let page = |events: &str| format!(r#"{{"results":{{"events":[{events}],"sentinel_event":{{"a": 1}}}}}}"#);
        let event = |name: &str, id: &str| format!(r#"{{"event":"{name}","properties":{{{id}}}}}"#);
        let (plain, known) = (event("a", ""), event("b", r#""$insert_id":"1""#));
        let first = page(&format!("{plain},{known}"));
        let count = |second: &str| {
            let (first, second) = (FeedPage::read(&first).unwrap(), page(second));
            FeedPage::read(&second).unwrap().events_after(&first).unwrap().len()
        };
        assert_eq!(count(&format!("{known},{}", event("c", ""))), 1);
        assert_eq!(count(&format!("{plain},{}", event("c", ""))), 2, "what has no id may have happened twice");
        assert_eq!(count(&format!("{plain},{known}")), 0, "the same page");
        assert_eq!(FeedPage::read(&first).unwrap().cursor, Some(r#"{"a": 1}"#));
        assert_eq!(FeedPage::read(r#"{"results":{"events":[],"sentinel_event":null}}"#).unwrap().cursor, None);
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_survived(text in r#"[\[\]{}",:$a1\\ ]{0,40}"#) {
            let _ = feed(&format!(r#"{{"results":{{"events":[{{"event":1,"properties":{text}}}]}}}}"#));
        }
    }
}
