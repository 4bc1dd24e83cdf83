//! What does one page hold?
//!
//! Pure: an answer of `/engage` in, lines for the decoder out. A profile becomes
//! `{"event":id,"properties":{...}}`, an event's line with the identity in the
//! place of the name; every value keeps its bytes.

use std::hash::{DefaultHasher, Hasher};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use super::{
    pages::Announced,
    seen::{Identity, Key},
};
use crate::{
    contract::{Code, Error, Result},
    decode::MAX_LINE,
    json::{self, bigint, unexpected},
};

/// What an answer of `/engage` should be.
const EXPECTED: &str = "a page of profiles";

/// How profiles are put down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Lines for [`crate::decode::Decoder::of_profiles`].
    Lines,
    /// As they came.
    Raw,
}

/// The profiles of one page.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub session: Option<String>,
    pub total: Option<u64>,
    pub page_size: Option<u64>,
    pub profiles: Profiles,
}

/// Profiles, one behind the other.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Profiles {
    pub identities: Vec<Identity>,
    pub text: String,
    /// Where each one ends in the text.
    pub ends: Vec<usize>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: Option<Vec<&'a RawValue>>,
    session_id: Option<Value>,
    total: Option<Value>,
    page_size: Option<Value>,
}

#[derive(Deserialize)]
struct Profile<'a> {
    #[serde(borrow, rename = "$distinct_id")]
    id: Option<&'a RawValue>,
    /// What the members of a group have instead.
    #[serde(borrow, rename = "$group_id")]
    group_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "group_id")]
    plain_group_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "$properties")]
    properties: Option<&'a RawValue>,
}

impl<'a> Profile<'a> {
    /// What it is known by, as it came.
    fn id(&self) -> Option<&'a str> {
        self.id.or(self.group_id).or(self.plain_group_id).map(RawValue::get)
    }
}

impl Page {
    /// Errors: `UnexpectedResponse`.
    pub fn read(body: &[u8], form: Form) -> Result<Self> {
        let text = json::text(body);
        let answer: Answer<'_> = json::parse(&text, EXPECTED)?;
        let Some(results) = answer.results else {
            return Err(unexpected(EXPECTED, "it has no results", &text));
        };
        let mut profiles = Profiles::default();
        profiles.text.try_reserve(text.len())?;
        for result in results {
            profiles.add(result.get(), form)?;
        }
        let session = answer.session_id.and_then(|session| match session {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let count = |value: Option<Value>| u64::try_from(bigint(&value?)?).ok();
        Ok(Self {
            session: session.filter(|session| !session.is_empty()),
            total: count(answer.total),
            page_size: count(answer.page_size),
            profiles,
        })
    }

    /// Whether a body that is no page could be one that was damaged on its way: what is JSON from end to end was not.
    pub fn may_be_damaged(body: &[u8]) -> bool {
        serde_json::from_str::<IgnoredAny>(&json::text(body)).is_err()
    }

    pub fn announced(&self) -> Announced {
        Announced { total: self.total, page_size: self.page_size, has_session: self.session.is_some() }
    }
}

impl Profiles {
    fn add(&mut self, source: &str, form: Form) -> Result<()> {
        let profile: Profile<'_> = json::parse(source, "a profile")?;
        let properties = profile.properties.map_or("{}", RawValue::get);
        if !properties.starts_with('{') {
            return Err(unexpected("a profile", "its $properties are no object", source));
        }
        self.identities.push(match profile.id() {
            Some(id) => Identity::Id(key(b"id", &plain(id))),
            None => Identity::Content(key(b"profile", source)),
        });
        match form {
            Form::Raw => self.text.push_str(source),
            Form::Lines => {
                let start = self.text.len();
                let id = profile.id().unwrap_or("null");
                for part in [r#"{"event":"#, id, r#","properties":"#, properties, "}"] {
                    self.text.push_str(part);
                }
                // Where an answer is laid out for people, it has line feeds between its tokens, and nowhere else.
                if self.text.get(start..).is_some_and(|line| line.contains(['\n', '\r'])) {
                    let line = self.text.split_off(start);
                    self.text.push_str(&line.replace(['\n', '\r'], " "));
                }
                self.text.push('\n');
            }
        }
        let start = self.ends.last().copied().unwrap_or_default();
        if source.len().max(self.text.len() - start) > MAX_LINE {
            let what = format!("a profile is longer than {} MiB", MAX_LINE >> 20);
            let fix = "Ask for less of it with output_properties, or leave it out with a filter";
            return Err(Error::new(Code::TooLarge, what).fix(fix));
        }
        self.ends.push(self.text.len());
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Each profile's text.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }

    /// Only those for which `keep` says so.
    pub fn retain(self, mut keep: impl FnMut(Identity) -> bool) -> Self {
        let kept: Vec<bool> = self.identities.iter().map(|identity| keep(*identity)).collect();
        if kept.iter().all(|kept| *kept) {
            return self;
        }
        let mut rest = Self::default();
        for ((text, identity), _) in self.texts().zip(&self.identities).zip(&kept).filter(|(_, kept)| **kept) {
            rest.identities.push(*identity);
            rest.text.push_str(text);
            rest.ends.push(rest.text.len());
        }
        rest
    }
}

/// An id as the column shows it: what is a number in one place and text in another is one id.
fn plain(id: &str) -> String {
    serde_json::from_str(id).unwrap_or_else(|_| id.to_owned())
}

/// `kind` keeps ids apart from whole profiles, which stand in where there is no id.
fn key(kind: &[u8], text: &str) -> Key {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        hasher.write(kind);
        hasher.write_u8(0xff);
        hasher.write(text.as_bytes());
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Page {
        Page::read(body.as_bytes(), Form::Lines).unwrap()
    }

    fn lines(results: &str) -> Vec<String> {
        read(&format!(r#"{{"results":[{results}]}}"#)).profiles.texts().map(str::to_owned).collect()
    }

    #[test]
    fn says_what_the_page_says_of_all() {
        let page =
            read(r#"{"page":0,"page_size":1000,"session_id":"1-X","status":"ok","total":12,"results":[],"new":[1]}"#);
        assert_eq!((page.session.as_deref(), page.total, page.page_size), (Some("1-X"), Some(12), Some(1000)));
        assert_eq!(page.profiles.len(), 0);
        for odd in [
            r#"{"results":[]}"#,
            r#"{"results":[],"session_id":null,"total":null,"page_size":null}"#,
            r#"{"results":[],"session_id":"","total":-1,"page_size":"many"}"#,
            r#"{"results":[],"session_id":{},"total":1.5,"page_size":[]}"#,
        ] {
            let page = read(odd);
            assert_eq!((page.session, page.total, page.page_size), (None, None, None), "{odd}");
        }
        assert_eq!(read(r#"{"results":[],"session_id":17,"total":"5"}"#).session.as_deref(), Some("17"));
    }

    #[test]
    fn profiles_become_lines_with_every_byte_of_their_values() {
        for (profile, line) in [
            (r#"{"$distinct_id": 4, "$properties": {"a" : 1.50}}"#, r#"{"event":4,"properties":{"a" : 1.50}}"#),
            (r#"{"$properties":{},"$distinct_id":"x\ny"}"#, r#"{"event":"x\ny","properties":{}}"#),
            (r#"{"$distinct_id":"x"}"#, r#"{"event":"x","properties":{}}"#),
            (r#"{"$group_id":"acme","$properties":{"a":1}}"#, r#"{"event":"acme","properties":{"a":1}}"#),
            (r#"{"group_id":7,"$distinct_id":null,"$properties":{}}"#, r#"{"event":7,"properties":{}}"#),
            (r#"{"group_id":"c","$group_id":"b","$distinct_id":"a"}"#, r#"{"event":"a","properties":{}}"#),
            (r#"{"group_id":"c","$group_id":"b"}"#, r#"{"event":"b","properties":{}}"#),
            (r#"{"$distinct_id":"x","$properties":null,"more":[1]}"#, r#"{"event":"x","properties":{}}"#),
            (r#"{"$properties":{"b":"\ud83d"}}"#, r#"{"event":null,"properties":{"b":"\ufffd"}}"#),
            (
                "{\"$distinct_id\": 1,\r\n \"$properties\": {\n \"a\": [\n1]}}",
                r#"{"event":1,"properties":{  "a": [ 1]}}"#,
            ),
        ] {
            assert_eq!(lines(profile), [format!("{line}\n")], "{profile}");
        }
        let raw = "{\"$distinct_id\": 1,\n \"x\": 1e400}";
        let page = Page::read(format!(r#"{{"results":[{raw}, {{}}]}}"#).as_bytes(), Form::Raw).unwrap();
        assert_eq!(page.profiles.texts().collect::<Vec<_>>(), [raw, "{}"]);
    }

    #[test]
    fn ids_are_told_apart_as_text() {
        let page = read(
            r#"{"results":[{"$distinct_id":4},{"$distinct_id":"4"},{"$distinct_id":"\u0034"},{"$distinct_id":"5"},
            {"a":1},{"a":1},{"a":2}]}"#,
        );
        let ids = &page.profiles.identities;
        assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[0] != ids[3]);
        // Those without an id are known by all they have.
        assert!(ids[4] == ids[5] && ids[4] != ids[6] && matches!(ids[4], Identity::Content(_)));
    }

    #[test]
    fn keeps_what_is_wanted_and_nothing_else() {
        let results = r#"{"$distinct_id":"a"},{"$distinct_id":"b"},{"$distinct_id":"c"}"#;
        let profiles = || read(&format!(r#"{{"results":[{results}]}}"#)).profiles;
        let unwanted = profiles().identities[1];
        let rest = profiles().retain(|identity| identity != unwanted);
        assert_eq!(rest.text, "{\"event\":\"a\",\"properties\":{}}\n{\"event\":\"c\",\"properties\":{}}\n");
        assert_eq!((rest.len(), rest.texts().count()), (2, 2));
        assert_eq!(profiles().retain(|_| true), profiles());
        assert_eq!(profiles().retain(|_| false), Profiles::default());
    }

    #[test]
    fn what_is_no_page_is_shown() {
        for body in [
            "",
            "[]",
            "null",
            r#"{"status":"ok"}"#,
            r#"{"results":null}"#,
            r#"{"results":{}}"#,
            r#"{"results":[1]}"#,
            r#"{"results":["x"]}"#,
            r#"{"results":[{"$distinct_id":"x","$properties":[]}]}"#,
            r#"{"results":[{"$distinct_id":"x","$properties":"{}"}]}"#,
            r#"{"results":[{"$distinct_id":"x"}"#,
            "terminated early",
        ] {
            let error = Page::read(body.as_bytes(), Form::Lines).unwrap_err().to_string();
            assert!(error.starts_with("[UNEXPECTED_RESPONSE]"), "{body}: {error}");
        }
    }

    #[test]
    fn what_is_json_was_not_damaged() {
        for (body, may_be) in [
            ("{\"results\": 1}", false),
            ("null ", false),
            ("[\"\\ud83d\"]", false),
            ("", true),
            ("{\"results\": [", true),
            ("<html>", true),
        ] {
            assert_eq!(Page::may_be_damaged(body.as_bytes()), may_be, "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_survived(body: Vec<u8>, text in r#"[\[\]{}",:$a1\\ ]{0,40}"#) {
            let _ = Page::read(&body, Form::Lines);
            let _ = Page::read(format!(r#"{{"results":[{text}]}}"#).as_bytes(), Form::Lines);
        }
    }
}
