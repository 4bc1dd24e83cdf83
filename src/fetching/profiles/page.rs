//! What does one page say, and whose profiles are on it?
//!
//! Pure: an answer of `/engage` in, profiles for the decoder out, each with what it is known by.

use std::hash::{DefaultHasher, Hasher};

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    pages::Announced,
    seen::{Fingerprint, Identity},
};
use crate::{
    contract::{Code, Error, Result},
    decode::{MAX_LINE, NoPage, ProfileBlock, ProfilePage},
    json::{bigint, unexpected},
};

/// What an answer of `/engage` should be.
const EXPECTED: &str = "a page of profiles";

/// One page.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub session: Option<String>,
    pub total: Option<u64>,
    pub page_size: Option<u64>,
    pub profiles: ProfileBlock,
    /// By what the profiles are known, one after the other.
    pub identities: Vec<Identity>,
}

/// Why an answer is no page.
#[derive(Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is the beginning of a JSON text and no more.
    BrokenOff,
    /// It may have been damaged on its way.
    Damaged(Error),
    /// The server means what it says, and would say it again.
    Meant(Error),
}

impl Page {
    /// `in_lines`: see [`ProfilePage::read`].
    pub fn read(body: Vec<u8>, in_lines: bool) -> Result<Self, Unread> {
        let page = ProfilePage::read(body, in_lines).map_err(unread)?;
        let profiles = page.profiles;
        let identities: Vec<_> = (0..profiles.len()).map(|number| identity(&profiles, number)).collect();
        if (0..profiles.len()).any(|number| profiles.profile(number).len() > MAX_LINE) {
            let what = format!("a profile is longer than {} MiB", MAX_LINE >> 20);
            let fix = "Request fewer properties with output_properties, or exclude the profile with a filter";
            return Err(Unread::Meant(Error::new(Code::TooLarge, what).fix(fix)));
        }
        let value = |json: Option<String>| serde_json::from_str::<Value>(&json?).ok();
        let count = |json| u64::try_from(bigint(&value(json)?)?).ok();
        let session = value(page.session_id).and_then(|session| match session {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        Ok(Self {
            session: session.filter(|session| !session.is_empty()),
            total: count(page.total),
            page_size: count(page.page_size),
            profiles,
            identities,
        })
    }

    pub fn announced(&self) -> Announced {
        Announced { total: self.total, page_size: self.page_size, has_session: self.session.is_some() }
    }
}

/// What is JSON from end to end was not damaged.
fn unread(NoPage { text, why }: NoPage) -> Unread {
    let text = String::from_utf8_lossy(&text);
    let json = text.trim_start_matches('\u{feff}');
    match serde_json::from_str::<IgnoredAny>(json) {
        Ok(_) => Unread::Meant(unexpected(EXPECTED, why, &text)),
        Err(error) if error.is_eof() && !json.trim().is_empty() => Unread::BrokenOff,
        Err(error) => Unread::Damaged(unexpected(EXPECTED, &error.to_string(), &text)),
    }
}

/// What is a number in one place and text in another is one id.
fn identity(profiles: &ProfileBlock, number: usize) -> Identity {
    match profiles.id(number) {
        Some(id) => Identity::Id(fingerprint(b"id", &id)),
        None => Identity::Content(fingerprint(b"profile", profiles.profile(number))),
    }
}

/// `kind` keeps ids apart from whole profiles, which stand in where there is no id.
fn fingerprint(kind: &[u8], text: &[u8]) -> Fingerprint {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        hasher.write(kind);
        hasher.write_u8(0xff);
        hasher.write(text);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Page {
        Page::read(body.as_bytes().to_vec(), false).unwrap()
    }

    fn profiles(results: &str) -> Vec<String> {
        let page = Page::read(format!(r#"{{"results":[{results}]}}"#).into_bytes(), true).unwrap();
        let text = |number| String::from_utf8(page.profiles.profile(number).to_vec()).unwrap();
        (0..page.profiles.len()).map(text).collect()
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
        assert_eq!(read("\u{feff}{\"results\":[ ],\"session_id\":\"\\u0031\"}\n").session.as_deref(), Some("1"));
    }

    #[test]
    fn profiles_stay_as_they_came() {
        let raw = ["{\"$distinct_id\": 1,\n \"x\": 1e400}", "{}", "{ }"];
        assert_eq!(profiles(&raw.join(" ,\n")), raw);
        assert_eq!(profiles(r#"{"a\ud83d":"\ud83d\ude00"}"#), [r#"{"a\ufffd":"\ud83d\ude00"}"#]);
    }

    #[test]
    fn ids_are_told_apart_as_text() {
        let page = read(
            r#"{"results":[{"$distinct_id":4},{"$distinct_id":"4"},{"$distinct_id":"\u0034"},{"$distinct_id":"5"},
            {"a":1},{"a":1},{"a":2}]}"#,
        );
        let ids = &page.identities;
        assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[0] != ids[3]);
        // Those without an id are known by all they have.
        assert!(ids[4] == ids[5] && ids[4] != ids[6] && matches!(ids[4], Identity::Content(_)));
    }

    #[test]
    fn what_is_no_page_is_shown() {
        for body in [
            "[]",
            "null",
            r#"{"status":"ok"}"#,
            r#"{"results":null}"#,
            r#"{"results":{}}"#,
            r#"{"results":[1]}"#,
            r#"{"results":["x"]}"#,
            r#"{"results":[null]}"#,
            r#"{"results":[["x",{}]]}"#,
            r#"{"results":[],"results":[]}"#,
            r#"{"results":[{"$distinct_id":"x","$distinct_id":"y"}]}"#,
            r#"{"results":[{"$distinct_id":"x","$properties":[]}]}"#,
            r#"{"results":[{"$distinct_id":"x","$properties":"{}"}]}"#,
        ] {
            let unread = Page::read(body.as_bytes().to_vec(), false).unwrap_err();
            let Unread::Meant(error) = &unread else { panic!("{body}: {unread:?}") };
            assert!(error.to_string().starts_with("[UNEXPECTED_RESPONSE] a page of profiles was expected, but "));
        }
    }

    #[test]
    fn what_is_no_json_was_damaged() {
        for (body, breaks_off) in [
            ("", false),
            (" \n", false),
            ("<html>", false),
            ("terminated early", false),
            (r#"{"results":[}"#, false),
            ("{\"results\":[{\"$distinct_id\":\"a\nb\"}]}", false),
            (r#"{"results":[{"$distinct_id":"a\x"}]}"#, false),
            (r#"{"results":[]} x"#, false),
            (r#"{"results":[{"$distinct_id":"x"}"#, true),
            (r#"{"results": ["#, true),
        ] {
            let unread = Page::read(body.as_bytes().to_vec(), false).unwrap_err();
            match breaks_off {
                true => assert_eq!(unread, Unread::BrokenOff, "{body}"),
                false => assert!(matches!(unread, Unread::Damaged(_)), "{body}: {unread:?}"),
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_survived(body: Vec<u8>, text in r#"[\[\]{}",:$a1\\ \n]{0,40}"#) {
            let _ = Page::read(body, false);
            let _ = Page::read(format!(r#"{{"results":[{text}]}}"#).into_bytes(), true);
        }
    }
}
