//! The envelope of the app API's answers: `{"status": "ok", "results": [...]}`.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    contract::{Code, Error, Result},
    json::{Object, parse, parse_object, unexpected},
};

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    pagination: Option<Object<Pagination>>,
}

#[derive(Deserialize)]
struct Pagination {
    next_cursor: Option<serde_json::Value>,
}

/// The list in an envelope, which some routes wrap twice.
///
/// Errors: `UnexpectedResponse` for another shape, `Truncated` where Mixpanel says that more pages follow: these routes
/// are known to answer whole.
pub fn results<'a, T: Deserialize<'a>>(text: &'a str, expected: &str) -> Result<Vec<T>> {
    let mut list = text;
    for _ in 0..2 {
        let envelope: Envelope<'a> = parse_object(list, expected)?;
        let cursor = envelope.pagination.and_then(|Object(pagination)| pagination.next_cursor);
        if cursor.is_some_and(|cursor| !matches!(cursor.as_str(), Some(""))) {
            let what = format!("Mixpanel returned only the first page of {expected} and says that more follow");
            return Err(Error::new(Code::Truncated, what).fix("Request less, or fetch the pages with mixpanel_api"));
        }
        list = envelope.results.ok_or_else(|| unexpected(expected, "there are no results", text))?.get();
        if !list.starts_with('{') {
            break;
        }
    }
    parse(list, expected)
}

/// The same of routes that have been seen to leave the envelope out.
pub fn bare_or_results<'a, T: Deserialize<'a>>(text: &'a str, expected: &str) -> Result<Vec<T>> {
    match text.trim_start_matches('\u{feff}').trim_start().starts_with('[') {
        true => parse(text, expected),
        false => results(text, expected),
    }
}

/// The one thing in an envelope: `{"status": "ok", "results": {...}}`. Errors: `UnexpectedResponse` for another shape.
pub fn result<'a, T: Deserialize<'a>>(text: &'a str, expected: &str) -> Result<T> {
    let envelope: Envelope<'a> = parse_object(text, expected)?;
    parse(envelope.results.ok_or_else(|| unexpected(expected, "there are no results", text))?.get(), expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<u8>> {
        results(text, "a list of numbers")
    }

    #[test]
    fn once_or_twice_wrapped() {
        for text in [
            r#"{"status": "ok", "results": [1, 2]}"#,
            r#"{"results": {"results": [1, 2]}}"#,
            r#"{"results": [1, 2], "pagination": {"page_size": 2, "next_cursor": null}}"#,
            r#"{"results": [1, 2], "pagination": null}"#,
        ] {
            assert_eq!(list(text), Ok(vec![1, 2]), "{text}");
        }
        assert_eq!(list(r#"{"results": []}"#), Ok(vec![]));
    }

    #[test]
    fn with_an_envelope_or_without() {
        for text in [r#" [1, 2]"#, r#"{"results": [1, 2]}"#] {
            assert_eq!(bare_or_results(text, "a list of numbers"), Ok(vec![1, 2]), "{text}");
        }
        assert!(bare_or_results::<u8>(r#"{"unexpected": "shape"}"#, "a list of numbers").is_err());
    }

    #[test]
    fn other_shapes_are_no_empty_lists() {
        for text in [
            "{}",
            "[]",
            "[[1, 2], null]",
            "null",
            "",
            r#"{"results": null}"#,
            r#"{"results": {}}"#,
            r#"{"results": {"results": {"results": []}}}"#,
            r#"{"results": ["x"]}"#,
            r#"{"annotations": []}"#,
            r#"{"results": [1], "pagination": [null]}"#,
        ] {
            assert_eq!(list(text).map_err(|error| error.code()), Err(Code::UnexpectedResponse), "{text}");
        }
    }

    #[test]
    fn a_first_page_is_not_the_whole() {
        let text = r#"{"results": [1], "pagination": {"page_size": 1, "next_cursor": "abc"}}"#;
        assert_eq!(list(text).map_err(|error| error.code()), Err(Code::Truncated));
    }
}
