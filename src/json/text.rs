//! How does an answer's text become values without losing a digit or the order of members?
//!
//! `serde_json` is built so that it keeps both. What it refuses and Mixpanel sends is mended first.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

use super::Object;
use crate::contract::{Code, Error, Result, whole_pairs};

/// An answer as text that DuckDB's JSON functions accept, if it is JSON: without halves of surrogate pairs, and with
/// U+FFFD for bytes that are not UTF-8. All else stays as it came.
pub fn text(body: &[u8]) -> Cow<'_, str> {
    whole_pairs(String::from_utf8_lossy(body))
}

/// The same of an answer that nobody else needs, without a copy of it.
pub fn into_text(body: Bytes) -> String {
    match String::from_utf8(body.into()) {
        Ok(text) => whole_pairs(Cow::Owned(text)).into_owned(),
        Err(error) => text(error.as_bytes()).into_owned(),
    }
}

/// The value that a text is. Errors: `UnexpectedResponse`, which names what was expected.
pub fn parse<'a, T: Deserialize<'a>>(text: &'a str, expected: &str) -> Result<T> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| unexpected(expected, &error.to_string(), text).caused_by(error))
}

/// The same for a struct, which only an object is taken for (see [`Object`]).
pub fn parse_object<'a, T: Deserialize<'a>>(text: &'a str, expected: &str) -> Result<T> {
    parse(text, expected).map(|Object(object)| object)
}

/// An answer that is not what the API promises: what was expected, what was found, and how the answer begins.
pub fn unexpected(expected: &str, found: &str, text: &str) -> Error {
    let begin: String = text.chars().filter(|c| !c.is_control()).take(120).collect();
    let begin: Cow<'_, str> = if begin.len() < text.len() { format!("{begin}...").into() } else { begin.into() };
    Error::new(
        Code::UnexpectedResponse,
        format!("{expected} was expected, but {found}. The answer begins with {begin}"),
    )
    .fix("To see the whole answer, use mixpanel_api, or raw := true if the function has it")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_has_no_utf8_form_is_replaced() {
        for (body, expected) in [
            (&b"[\"\xff\", \"\\ud83d\"]"[..], "[\"\u{fffd}\", \"\\ufffd\"]"),
            (b"[\"\\ud83d\"]", "[\"\\ufffd\"]"),
            (b" [\"\\ud83d\\ude00\"]", " [\"\\ud83d\\ude00\"]"),
        ] {
            assert_eq!(text(body), expected);
            assert_eq!(into_text(Bytes::from_static(body)), expected);
        }
    }

    #[test]
    fn digits_and_order_survive() {
        let source = r#"{"b":12345678901234567890123,"a":1.10,"c":-0.0}"#;
        let value: Value = parse(source, "an object").unwrap();
        assert_eq!(value.to_string(), source);
    }

    #[test]
    fn a_list_is_no_object() {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let name = |text| parse_object::<Named>(text, "a name").map(|named| named.name);
        assert_eq!(name("\u{feff} {\"name\": \"a\"}"), Ok("a".to_owned()));
        for text in ["[\"a\"]", "", "\"a\"", "{"] {
            assert_eq!(name(text).map_err(|error| error.code()), Err(Code::UnexpectedResponse), "{text}");
        }
    }

    #[test]
    fn what_is_no_answer_is_shown() {
        let error = parse::<Vec<String>>("{\"a\": 1}", "a list of names").unwrap_err().to_string();
        assert!(error.starts_with("[UNEXPECTED_RESPONSE] a list of names was expected, but "), "{error}");
        assert!(error.contains("begins with {\"a\": 1}"), "{error}");
    }
}
