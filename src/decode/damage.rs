//! What is wrong with a line that is not an event?
//!
//! Mixpanel sends its status before the rows. What goes wrong later can only be
//! seen in the rows: a last line that says so in plain text, an error object, the
//! HTML of a proxy, or a line that stops in the middle. The line may also repeat
//! the credentials, which are not known here: it is kept as it came, and cut to an
//! excerpt only once they are out of it.

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::limits::MAX_LINE;
use crate::html;

/// The longest excerpt, in characters.
const EXCERPT: usize = 120;

/// So much of a line is kept, in bytes: many times more than an excerpt shows, also where what is taken out is long.
const KEPT: usize = 1 << 20;

/// A line of an export that is not an event. The window that it came from is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The line in the block, from 1.
    pub line_number: usize,
    /// How many events the block holds before it.
    pub rows: usize,
    pub kind: DamageKind,
    /// The line, or of a web page its text.
    said: String,
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
    /// The line is longer than [`MAX_LINE`].
    TooLong,
    /// The block has 2 GiB or more, or would have once its invalid UTF-8 is replaced.
    TooLarge,
    /// A fault of the decoder.
    Internal(String),
}

impl Damage {
    /// `rest` is the block from that line on.
    #[cold]
    pub(super) fn of_line(line: &[u8], rest: &[u8], line_number: usize, rows: usize) -> Self {
        let kind = kind(line.trim_ascii());
        let kept = |text: &[u8]| String::from_utf8_lossy(text.get(..KEPT).unwrap_or(text)).trim().to_owned();
        // A page has its title on a later line, and events may follow it.
        let page = memmem::find(rest, b"\n{").and_then(|end| rest.get(..end)).unwrap_or(rest);
        let said = if kind == DamageKind::Html { html::text(&kept(page)) } else { kept(line) };
        Self { line_number, rows, kind, said }
    }

    /// A line that is longer than [`MAX_LINE`].
    pub fn too_long() -> Self {
        Self::of_block(DamageKind::TooLong)
    }

    #[cold]
    pub(super) fn of_block(kind: DamageKind) -> Self {
        Self { line_number: 0, rows: 0, kind, said: String::new() }
    }

    /// The beginning of the line, printable, at most 120 characters, of what `redact` leaves of it.
    pub fn excerpt(&self, redact: impl Fn(&str) -> String) -> String {
        cut(&redact(&self.said))
    }

    /// Where it is and what it is, behind so many lines, without a word of the line.
    pub fn place(&self, lines_before: usize) -> String {
        let line = lines_before + self.line_number;
        match &self.kind {
            DamageKind::Terminated => format!("line {line} is not an event: Mixpanel ended the export early"),
            DamageKind::ApiError(_) => format!("line {line} is not an event but an error from Mixpanel"),
            DamageKind::Html => format!("line {line} is not an event but HTML"),
            DamageKind::Cut => format!("line {line} is cut off"),
            DamageKind::NotJson => format!("line {line} is not JSON"),
            DamageKind::NotAnEvent => format!("line {line} is not an event"),
            DamageKind::TooLong | DamageKind::TooLarge | DamageKind::Internal(_) => self.told(|_| String::new()),
        }
    }

    /// What is wrong, in words.
    pub fn told(&self, redact: impl Fn(&str) -> String) -> String {
        let Self { line_number, rows, kind, .. } = self;
        let excerpt = self.excerpt(&redact);
        // A page may have no text.
        let shown = if excerpt.is_empty() { String::new() } else { format!(": {excerpt}") };
        let what = match kind {
            DamageKind::Terminated => {
                format!("Mixpanel ended the export early: line {line_number} says \"{excerpt}\"")
            }
            DamageKind::ApiError(words) => {
                format!("line {line_number} is an error from Mixpanel: {}", cut(&redact(words)))
            }
            DamageKind::Html => format!("line {line_number} is HTML, not an event{shown}"),
            DamageKind::Cut => format!("line {line_number} is cut off{shown}"),
            DamageKind::NotJson => format!("line {line_number} is not JSON{shown}"),
            DamageKind::NotAnEvent => format!("line {line_number} is not an event{shown}"),
            DamageKind::TooLong => return format!("a line is longer than {} MiB", MAX_LINE >> 20),
            DamageKind::TooLarge => return "a block of 2 GiB or more cannot be decoded".to_owned(),
            DamageKind::Internal(fault) => return format!("the decoder failed: {fault}"),
        };
        format!("{what} ({rows} events came before it)")
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
        return DamageKind::ApiError(if html::is_markup(&words) { html::text(&words) } else { words });
    }
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => DamageKind::NotAnEvent,
        Err(error) if error.is_eof() => DamageKind::Cut,
        Err(_) => DamageKind::NotJson,
    }
}

fn cut(text: &str) -> String {
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    if text.chars().nth(EXCERPT).is_none() {
        return text.chars().map(printable).collect();
    }
    text.chars().map(printable).take(EXCERPT - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_line(line: impl AsRef<[u8]>) -> Damage {
        Damage::of_line(line.as_ref(), line.as_ref(), 3, 2)
    }

    fn excerpt(line: impl AsRef<[u8]>) -> String {
        of_line(line).excerpt(str::to_owned)
    }

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
            assert_eq!(of_line(line).kind, expected, "{line}");
        }
    }

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(excerpt(b"  a\x00b\x1b\xff\n"), "a b \u{fffd}");
        assert_eq!(excerpt("é".repeat(120)), "é".repeat(120));
        assert_eq!(excerpt("😀".repeat(121)), "😀".repeat(119) + "…");
    }

    #[test]
    fn what_must_not_be_shown_goes_before_the_excerpt_is_cut() {
        let redact = |text: &str| text.replace("0123456789abcdef", "***");
        for before in 90..130 {
            let text = format!("{} 0123456789abcdef and more", "x".repeat(before));
            for line in [
                text.clone(),
                format!("{{\"error\": \"{text}\"}}"),
                format!("<p>{text}"),
                format!("{text}\nterminated early"),
            ] {
                let shown = of_line(line).told(redact);
                assert!(!shown.contains("0123"), "{shown}");
            }
        }
    }

    #[test]
    fn pages_are_shown_by_their_text() {
        let page = b"<!DOCTYPE html>\n<html>\n<title>Log in</title>\n";
        let damage = Damage::of_line(&page[..15], page, 1, 0);
        assert_eq!(damage.told(str::to_owned), "line 1 is HTML, not an event: Log in (0 events came before it)");
        assert_eq!(of_line("<html>").told(str::to_owned), "line 3 is HTML, not an event (2 events came before it)");
        let error = of_line("{\"error\": \"<html><h1>502</h1>\"}");
        assert_eq!(error.kind, DamageKind::ApiError("502".into()));
    }

    #[test]
    fn reads_like_a_sentence() {
        assert_eq!(
            of_line("export terminated early").told(str::to_owned),
            "Mixpanel ended the export early: line 3 says \"export terminated early\" (2 events came before it)"
        );
    }
}
