//! What is a text as a value of a SQL type?
//!
//! As DuckDB 2.0's `TRY_CAST(text AS type)` has it, with what differs said where
//! it differs. A text that is no such value is NULL.

use super::decimal;

/// `BOOLEAN`.
pub(super) fn boolean(text: &[u8]) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(text));
    if is(&["true", "t", "yes", "y", "1"]) {
        Some(true)
    } else if is(&["false", "f", "no", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// `BIGINT`, and `INTEGER` where the number fits. DuckDB gives up on some exact numbers that are written with
/// exponents (`1000e-3`); those are taken.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let trimmed = text.trim_ascii();
    let (radix, digits) = match trimmed {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', b'b' | b'B', digits @ ..] => (2, digits),
        _ => return i64::try_from(decimal::scaled(trimmed, 0)?).ok(),
    };
    i64::from_str_radix(&without_underscores(str::from_utf8(digits).ok()?)?, radix).ok().filter(|number| *number >= 0)
}

/// `DECIMAL(width, scale)`, as the number without its point.
pub(super) fn decimal(text: &[u8], width: u8, scale: u8) -> Option<i128> {
    let limit = 10_u128.checked_pow(u32::from(width))?;
    decimal::scaled(text, scale).filter(|number| number.unsigned_abs() < limit)
}

/// `DOUBLE`.
pub(super) fn double(text: &[u8]) -> Option<f64> {
    let text = str::from_utf8(text.trim_ascii()).ok()?;
    text.parse().ok().or_else(|| without_underscores(text)?.parse().ok())
}

/// A number whose underscores stand alone and between digits.
fn without_underscores(text: &str) -> Option<String> {
    let mut groups = text.split('_').peekable();
    let mut plain = String::with_capacity(text.len());
    while let Some(group) = groups.next() {
        let begins = plain.is_empty() || group.starts_with(|first: char| first.is_ascii_hexdigit());
        let ends = groups.peek().is_none() || group.ends_with(|last: char| last.is_ascii_hexdigit());
        if !begins || !ends {
            return None;
        }
        plain.push_str(group);
    }
    Some(plain)
}
