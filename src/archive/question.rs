//! Which questions does an answer serve?
//!
//! What an export asks for besides its days: of which host, which events, with
//! which filter. An answer to a question serves every other one that it covers.

use std::collections::BTreeSet;

use serde_json::json;

use crate::hash;

/// An export's question, its days apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where it is asked: scheme, host and what stands before the API's own path.
    pub host: String,
    /// `None` for all events.
    pub events: Option<BTreeSet<String>>,
    /// An expression of Mixpanel's, as it was given.
    pub filter: Option<String>,
}

/// How custom events are asked for. The answer holds other names: those of the events that they are made of.
const CUSTOM_EVENT: &str = "$custom_event:";

impl Question {
    /// What the folder of its answers is called: digits and letters, the same for the same question.
    pub fn key(&self) -> String {
        hash::hex(b"question", self.words().as_bytes())
    }

    /// The same in words, for people who look into the archive.
    pub fn words(&self) -> String {
        json!({"host": self.host, "events": self.events, "filter": self.filter}).to_string()
    }

    /// Reads what [`Self::words`] wrote.
    pub fn read(words: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(words).ok()?;
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        let events = match value.get("events")? {
            serde_json::Value::Null => None,
            names => {
                Some(names.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?)
            }
        };
        Some(Self { host: text("host")?, events, filter: text("filter") })
    }

    /// Whether an answer to this question holds all of the answer to the other.
    pub fn covers(&self, other: &Self) -> bool {
        if self.host != other.host || self.filter != other.filter {
            return false;
        }
        match (&self.events, &other.events) {
            (None, None) => true,
            (None, Some(names)) => !names.iter().any(|name| is_custom(name)),
            (Some(_), None) => false,
            // Which rows a custom event brought can't be told from those of the others.
            (Some(ours), Some(theirs)) if ours.iter().chain(theirs).any(|name| is_custom(name)) => ours == theirs,
            (Some(ours), Some(theirs)) => theirs.is_subset(ours),
        }
    }

    /// Whether its answer depends on more than the events of its days, so that it is never settled: on profiles, or on a
    /// definition that may change.
    pub fn may_change(&self) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.contains("user["))
            || self.events.iter().flatten().any(|name| is_custom(name))
    }
}

fn is_custom(name: &str) -> bool {
    name.starts_with(CUSTOM_EVENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(events: Option<&[&str]>, filter: Option<&str>) -> Question {
        Question {
            host: "https://data.mixpanel.com".into(),
            events: events.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            filter: filter.map(str::to_owned),
        }
    }

    #[test]
    fn the_same_question_has_the_same_key_whatever_the_order() {
        assert_eq!(question(Some(&["a", "b"]), None).key(), question(Some(&["b", "a", "a"]), None).key());
        let keys: BTreeSet<String> = [
            question(None, None),
            question(Some(&[]), None),
            question(Some(&["a"]), None),
            question(None, Some("a")),
            question(Some(&["a,b"]), None),
            question(Some(&["a", "b"]), None),
            Question { host: "https://data-eu.mixpanel.com".into(), ..question(None, None) },
        ]
        .iter()
        .map(Question::key)
        .collect();
        assert_eq!(keys.len(), 7);
        assert!(keys.iter().all(|key| key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }

    #[test]
    fn words_are_read_back() {
        for asked in [question(None, None), question(Some(&["a\"b", "\u{1f986}"]), Some("properties[\"x\"] == 'y'"))] {
            assert_eq!(Question::read(&asked.words()), Some(asked));
        }
        for nonsense in
            ["", "{}", "[]", r#"{"host":1,"events":null,"filter":null}"#, r#"{"host":"a","events":[1],"filter":null}"#]
        {
            assert_eq!(Question::read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn all_events_cover_some_and_some_cover_fewer() {
        let (all, two, one) = (question(None, None), question(Some(&["a", "b"]), None), question(Some(&["a"]), None));
        let custom = question(Some(&["$custom_event:1"]), None);
        let filtered = question(None, Some("x"));
        let elsewhere = Question { host: "https://data-eu.mixpanel.com".into(), ..all.clone() };
        for (ours, theirs, expected) in [
            (&all, &all, true),
            (&all, &one, true),
            (&two, &one, true),
            (&one, &two, false),
            (&one, &all, false),
            (&all, &custom, false),
            (&custom, &custom, true),
            (&all, &filtered, false),
            (&filtered, &all, false),
            (&filtered, &filtered, true),
            (&all, &elsewhere, false),
        ] {
            assert_eq!(ours.covers(theirs), expected, "{ours:?} {theirs:?}");
        }
        assert!(!question(Some(&["$custom_event:1", "a"]), None).covers(&one));
    }

    #[test]
    fn what_depends_on_profiles_or_definitions_may_change() {
        assert!(question(None, Some("user[\"plan\"] == \"pro\"")).may_change());
        assert!(question(Some(&["$custom_event:1"]), None).may_change());
        assert!(!question(Some(&["a"]), Some("properties[\"plan\"] == \"pro\"")).may_change());
    }
}
