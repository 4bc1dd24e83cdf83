//! What do the escapes of a string say, and are they ones that DuckDB can read?
//!
//! A `\u` escape is one UTF-16 unit. Characters beyond U+FFFF take two, a high
//! and a low surrogate. One without the other is valid JSON (Mixpanel cuts
//! strings at 255 units), but has no UTF-8 form and makes DuckDB's JSON functions
//! fail, so it becomes U+FFFD, which as an escape is just as long.

use memchr::memchr;

/// Checks the escapes at these places and lists those that are half a surrogate pair.
pub(super) fn check(block: &[u8], escapes: &[u32], lone: &mut Vec<u32>) -> Option<()> {
    lone.clear();
    // A high surrogate whose low one would have to come next.
    let mut open = None;
    for &place in escapes {
        let at = place as usize;
        let unit = match block.get(at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => None,
            b'u' => Some(unit(block.get(at + 2..)?)?),
            _ => return None,
        };
        let high = open.take();
        if is_low(unit) && high.is_some_and(|high| high + 6 == place) {
            continue;
        }
        lone.extend(high);
        match unit {
            Some(0xd800..=0xdbff) => open = Some(place),
            Some(0xdc00..=0xdfff) => lone.push(place),
            _ => (),
        }
    }
    lone.extend(open);
    Some(())
}

fn is_low(unit: Option<u16>) -> bool {
    matches!(unit, Some(0xdc00..=0xdfff))
}

/// Replaces the escapes at these places by `\ufffd`.
pub(super) fn replace(block: &mut [u8], lone: &[u32]) {
    for &place in lone {
        if let Some(escape) = block.get_mut(place as usize..).and_then(|rest| rest.first_chunk_mut::<6>()) {
            *escape = *br"\ufffd";
        }
    }
}

/// Appends what the inside of a string means. Takes strings whose escapes passed [`check`].
pub(super) fn unescape(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(place) = memchr(b'\\', text) {
        let (plain, escape) = text.split_at(place);
        out.extend_from_slice(plain);
        let (character, length) = character(escape);
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        text = escape.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(text);
}

/// The character that an escape stands for, and the length of the escape.
fn character(escape: &[u8]) -> (char, usize) {
    let simple = match escape.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let first = escape.get(2..).and_then(unit);
            let second = escape.get(6..).filter(|rest| rest.starts_with(b"\\u")).and_then(|rest| unit(rest.get(2..)?));
            return match (first, second) {
                (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                    let offset = u32::from(high - 0xd800) << 10 | u32::from(low - 0xdc00);
                    (char::from_u32(0x10000 + offset).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
                }
                (Some(unit), _) => (char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
                (None, _) => (char::REPLACEMENT_CHARACTER, 2),
            };
        }
        // A quote, a backslash or a slash.
        Some(&byte) => char::from(byte),
        None => char::REPLACEMENT_CHARACTER,
    };
    (simple, 2)
}

/// Four hexadecimal digits.
fn unit(digits: &[u8]) -> Option<u16> {
    digits
        .first_chunk::<4>()?
        .iter()
        .try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)? as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> String {
        let mut out = Vec::new();
        unescape(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn lone(text: &str) -> Option<Vec<u32>> {
        let mut escapes = Vec::new();
        let mut at = 0;
        while let Some(place) = text.as_bytes().get(at..).and_then(|rest| memchr(b'\\', rest)) {
            escapes.push((at + place) as u32);
            at += place + 2;
        }
        let mut lone = Vec::new();
        check(text.as_bytes(), &escapes, &mut lone)?;
        Some(lone)
    }

    #[test]
    fn means_what_json_says() {
        for (text, expected) in [
            ("plain", "plain"),
            (r#"a\"b\\c\/d"#, r#"a"b\c/d"#),
            (r"\b\f\n\r\t", "\u{8}\u{c}\n\r\t"),
            (r"\u00e9\u20AC", "é€"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\u0000", "\0"),
            (r"x\ud83d", "x\u{fffd}"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83dA", "\u{fffd}A"),
            (r"\\ud83d", r"\ud83d"),
        ] {
            assert_eq!(meaning(text), expected, "{text}");
        }
    }

    #[test]
    fn finds_half_pairs() {
        for (text, expected) in [
            (r"\ud83d\ude00", Some(vec![])),
            (r"x\ud83d", Some(vec![1])),
            (r"\ude00\ud83d", Some(vec![0, 6])),
            (r"\ud83d\ud83d\ude00", Some(vec![0])),
            (r"\ud83d\n\ude00", Some(vec![0, 8])),
            (r"\ud83d_\ude00", Some(vec![0, 7])),
            (r"\DBFF", None),
            (r"\uDBFF\uDC00\uDC00", Some(vec![12])),
            (r"\x", None),
            (r"\u12g4", None),
            (r"\u+123", None),
            (r"\u12", None),
            (r"\", None),
        ] {
            assert_eq!(lone(text), expected, "{text}");
        }
    }

    #[test]
    fn replaces_in_place() {
        let mut text = *br"x\ud83dy";
        replace(&mut text, &[1, 100]);
        assert_eq!(&text, br"x\ufffdy");
    }
}
