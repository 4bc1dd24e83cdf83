//! What is wrong with a line that is not an event?
//!
//! Mixpanel sends its status before the rows. What goes wrong later can only be
//! seen in the rows: a last line that says so in plain text, an error object, the
//! HTML of a proxy, or a line that stops in the middle.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The longest excerpt, in characters.
const EXCERPT: usize = 120;

/// A line of an export that is not an event. The window that it came from is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The line in the block, from 1.
    pub line_number: usize,
    /// How many events the block holds before it.
    pub rows: usize,
    /// The beginning of the line, printable, at most 120 characters.
    pub excerpt: String,
    pub kind: DamageKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DamageKind {
    /// Mixpanel says that it gave up: `terminated early`, `export terminated early`.
    Terminated,
    /// An object with an `error` in place of an event; these are its words.
    ApiError(String),
    Html,
    /// The line stops before its end.
    Cut,
    NotJson,
    /// JSON, but not an object with `event` and `properties`, or one that is nested absurdly deep.
    NotAnEvent,
    /// The line is longer than [`super::MAX_LINE`].
    TooLong,
    /// The block has 2 GiB or more, or would have once its invalid UTF-8 is replaced.
    TooLarge,
    /// A fault of the decoder.
    Internal(String),
}

impl Damage {
    #[cold]
    pub(super) fn of_line(line: &[u8], line_number: usize, rows: usize) -> Self {
        Self { line_number, rows, excerpt: excerpt(line), kind: kind(line.trim_ascii()) }
    }

    /// A line that is longer than [`super::MAX_LINE`].
    pub fn too_long() -> Self {
        Self::of_block(DamageKind::TooLong)
    }

    #[cold]
    pub(super) fn of_block(kind: DamageKind) -> Self {
        Self { line_number: 0, rows: 0, excerpt: String::new(), kind }
    }
}

fn kind(line: &[u8]) -> DamageKind {
    #[derive(Deserialize)]
    struct Error<'a> {
        #[serde(borrow)]
        error: &'a RawValue,
    }

    if line.to_ascii_lowercase().ends_with(b"terminated early") {
        return DamageKind::Terminated;
    }
    if line.starts_with(b"<") {
        return DamageKind::Html;
    }
    let text = String::from_utf8_lossy(line);
    // Serde takes a list for a struct too, member by member.
    if line.starts_with(b"{")
        && let Ok(Error { error }) = serde_json::from_str(&text)
    {
        let words = serde_json::from_str(error.get()).unwrap_or_else(|_| error.get().to_owned());
        return DamageKind::ApiError(words);
    }
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => DamageKind::NotAnEvent,
        Err(error) if error.is_eof() => DamageKind::Cut,
        Err(_) => DamageKind::NotJson,
    }
}

fn excerpt(line: &[u8]) -> String {
    // No character has more than four bytes, and one more than fits says that there are too many.
    let line = line.trim_ascii();
    let text = String::from_utf8_lossy(line.get(..(EXCERPT + 1) * 4).unwrap_or(line));
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    if text.chars().nth(EXCERPT).is_none() {
        return text.chars().map(printable).collect();
    }
    text.chars().map(printable).take(EXCERPT - 1).chain(['…']).collect()
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line_number, rows, excerpt, kind } = self;
        match kind {
            DamageKind::Terminated => {
                write!(f, "Mixpanel ended the export early: line {line_number} says \"{excerpt}\"")?
            }
            DamageKind::ApiError(words) => write!(f, "line {line_number} is an error of Mixpanel's: {words}")?,
            DamageKind::Html => write!(f, "line {line_number} is HTML, not an event: {excerpt}")?,
            DamageKind::Cut => write!(f, "line {line_number} is cut off: {excerpt}")?,
            DamageKind::NotJson => write!(f, "line {line_number} is not JSON: {excerpt}")?,
            DamageKind::NotAnEvent => write!(f, "line {line_number} is not an event: {excerpt}")?,
            DamageKind::TooLong => return write!(f, "a line is longer than {} MiB", super::MAX_LINE >> 20),
            DamageKind::TooLarge => return f.write_str("a block of 2 GiB or more cannot be decoded"),
            DamageKind::Internal(fault) => return write!(f, "the decoder failed: {fault}"),
        }
        write!(f, " ({rows} events came before it)")
    }
}

impl std::error::Error for Damage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_sees() {
        for (line, expected) in [
            ("terminated early", DamageKind::Terminated),
            ("export terminated early\r", DamageKind::Terminated),
            (r#"{"event":"a","prope"#, DamageKind::Cut),
            (r#"{"event":"a","properties":{}}export terminated early"#, DamageKind::Terminated),
            (r#"{"error": "invalid", "request": "/api"}"#, DamageKind::ApiError("invalid".into())),
            (r#"{"error": {"code": 1}}"#, DamageKind::ApiError(r#"{"code": 1}"#.into())),
            ("<!DOCTYPE html>", DamageKind::Html),
            (r#"{"error":"#, DamageKind::Cut),
            (r#"{"event":1}}"#, DamageKind::NotJson),
            ("nonsense", DamageKind::NotJson),
            (r#"{"a": 1}"#, DamageKind::NotAnEvent),
            ("[]", DamageKind::NotAnEvent),
            ("[\"no error\"]", DamageKind::NotAnEvent),
            (r#"{"event":"a","properties":[]}"#, DamageKind::NotAnEvent),
        ] {
            assert_eq!(Damage::of_line(line.as_bytes(), 1, 0).kind, expected, "{line}");
        }
    }

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(excerpt(b"  a\x00b\x1b\xff\n"), "a b \u{fffd}");
        assert_eq!(excerpt("é".repeat(120).as_bytes()), "é".repeat(120));
        assert_eq!(excerpt("😀".repeat(121).as_bytes()), "😀".repeat(119) + "…");
    }

    #[test]
    fn reads_like_a_sentence() {
        let damage = Damage::of_line(b"export terminated early", 3, 2);
        assert_eq!(
            damage.to_string(),
            "Mixpanel ended the export early: line 3 says \"export terminated early\" (2 events came before it)"
        );
    }
}
