//! What does a JSON value say as text?
//!
//! As DuckDB's `->>` has it: a string is its characters, `null` is NULL, anything
//! else is its own JSON. Numbers keep every digit that was sent.

use std::borrow::Cow;

use super::{escape, scan, span::Span};

/// The text of a value; `None` for `null`. Copies only strings with escapes; `escapes` says whether there may be any.
#[inline(always)]
pub(super) fn text(value: &[u8], escapes: bool) -> Option<Cow<'_, [u8]>> {
    match value {
        [b'"', inner @ .., b'"'] => Some(unescaped(inner, escapes)),
        [b'n', ..] => None,
        _ => Some(Cow::Borrowed(value)),
    }
}

/// The inside of a string, or a key, as it is meant.
#[inline(always)]
pub(super) fn unescaped(inner: &[u8], escapes: bool) -> Cow<'_, [u8]> {
    if !escapes || !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    escape::unescape(inner, &mut plain);
    Cow::Owned(plain)
}

/// The places of an array's elements, in order. Takes arrays that were found valid; `None` if the value is no array.
pub(super) fn elements(block: &[u8], array: Span) -> Option<impl Iterator<Item = Span> + use<'_>> {
    (block.get(array.start as usize) == Some(&b'[')).then_some(())?;
    let mut at = scan::space(block, array.start + 1);
    Some(std::iter::from_fn(move || {
        let start = at;
        let text = Span { start, end: array.end.saturating_sub(1) }.of(block);
        if text.is_empty() {
            return None;
        }
        let length = first_comma(text);
        let element = text.get(..length).unwrap_or_default().trim_ascii_end();
        at = scan::space(block, start + length as u32 + 1);
        Some(Span { start, end: start + element.len() as u32 })
    }))
}

/// Where the first comma outside of strings and brackets is, or the end.
fn first_comma(text: &[u8]) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => (),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => (),
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_duckdb_would_extract() {
        for (value, expected) in [
            (r#""a\u0062\n""#, Some("ab\n")),
            (r#""""#, Some("")),
            (r#""\ud83d""#, Some("\u{fffd}")),
            ("null", None),
            ("true", Some("true")),
            ("1.50", Some("1.50")),
            ("123456789012345678901234567890", Some("123456789012345678901234567890")),
            (r#"{"b" : "\u00e9"}"#, Some(r#"{"b" : "\u00e9"}"#)),
        ] {
            let text = text(value.as_bytes(), true).map(|text| String::from_utf8_lossy(&text).into_owned());
            assert_eq!(text.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn splits_arrays_at_their_own_commas() {
        for (value, expected) in [
            ("[]", Some(vec![])),
            ("[ ]", Some(vec![])),
            ("[1]", Some(vec!["1"])),
            (r#"[ "a,]" , [1,2] ,{"x":[","]}, "\"," ]"#, Some(vec![r#""a,]""#, "[1,2]", r#"{"x":[","]}"#, r#""\",""#])),
            ("{}", None),
            ("\"[]\"", None),
        ] {
            let array = Span { start: 0, end: value.len() as u32 };
            let text = |element: Span| str::from_utf8(element.of(value.as_bytes())).unwrap();
            let parts = elements(value.as_bytes(), array).map(|all| all.map(text).collect::<Vec<_>>());
            assert_eq!(parts, expected, "{value}");
        }
    }
}
