//! The text of an answer, and its values.
//!
//! `serde_json` is built so that numbers keep every digit and objects the order of
//! their members. What it refuses and Mixpanel sends is mended first.

use std::borrow::Cow;

use serde::Deserialize;

use super::Object;
use crate::contract::{Code, Error, Result};

/// An answer as text that DuckDB's JSON functions accept: halves of surrogate pairs, which Mixpanel makes where it cuts
/// texts off, become `\ufffd`, and bytes that are not UTF-8 become U+FFFD. All else stays as it came.
pub fn text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match lone_surrogates(text.as_bytes()) {
        halves if halves.is_empty() => text.into_owned(),
        halves => {
            let mut text = text.into_owned();
            for at in halves {
                // An escape of six ASCII characters for another one.
                text.replace_range(at..at + 6, "\\ufffd");
            }
            text
        }
    }
}

/// Where the escapes begin that are half a surrogate pair.
fn lone_surrogates(text: &[u8]) -> Vec<usize> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut halves = Vec::new();
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += next;
        match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => {
                halves.push(at);
                at += 6;
            }
            // Any other escape has two characters or is followed by what is none.
            _ => at += 2,
        }
    }
    halves
}

/// The value that a text is. Errors: `UnexpectedResponse`, which names what was expected.
pub fn parse<'a, T: Deserialize<'a>>(text: &'a str, expected: &str) -> Result<T> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| unexpected(expected, &error.to_string(), text))
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
    .fix("mixpanel_api shows the whole answer, and so does raw := true where the function has it")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_pairs_are_not() {
        assert_eq!(
            text(br#"["a\ud83d","\ud83d\ude00","\\ud83d","\udE00x\uD83D\\"]"#),
            r#"["a\ufffd","\ud83d\ude00","\\ud83d","\ufffdx\ufffd\\"]"#
        );
        assert_eq!(text(b"\"\xff\""), "\"\u{fffd}\"");
        for short in [r"\u", r"\ud8", r"\ud83d", r"\", "", r"\ud83d\u"] {
            text(short.as_bytes());
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

    proptest::proptest! {
        #[test]
        fn any_string_can_be_read_afterwards(units: Vec<u16>) {
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let text = text(format!("\"{escaped}\"").as_bytes());
            proptest::prop_assert_eq!(parse::<String>(&text, "text").unwrap(), String::from_utf16_lossy(&units));
        }
    }
}
