//! What may a column of type JSON hold?
//!
//! DuckDB takes our word for it that it is JSON, and on 2.x a text that its JSON functions can't read costs the user the
//! whole database: `to_json` and `COPY (FORMAT json)` call it an INTERNAL error. So a host looks at each batch
//! ([`sound`]) before DuckDB does, but for those whose maker has done that ([`super::Scan::json_is_sound`]).

use std::{borrow::Cow, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, StringViewArray, cast::AsArray};
use serde::de::IgnoredAny;

use super::{Result, columns::is_json};

/// The batch with no text in its JSON columns that DuckDB can't read.
pub fn sound(batch: RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    let mut columns = batch.columns().to_vec();
    let mut changed = false;
    for (column, field) in columns.iter_mut().zip(schema.fields()) {
        if is_json(field)
            && let Some(mended) = sound_column(column)
        {
            (*column, changed) = (mended, true);
        }
    }
    Ok(if changed { RecordBatch::try_new(schema, columns)? } else { batch })
}

/// The column anew, where a text of it had to change.
fn sound_column(column: &ArrayRef) -> Option<ArrayRef> {
    // Whoever makes it of bytes has checked it.
    let texts = column.as_string_view_opt()?;
    let sound: Vec<Option<Cow<'_, str>>> = texts.iter().map(|text| text.and_then(sound_text)).collect();
    let same = |(before, after): (Option<&str>, &Option<Cow<'_, str>>)| match after {
        Some(text) => matches!(text, Cow::Borrowed(_)),
        None => before.is_none(),
    };
    match texts.iter().zip(&sound).all(same) {
        true => None,
        false => Some(Arc::new(sound.into_iter().collect::<StringViewArray>())),
    }
}

/// A text that is JSON: itself, but for [`whole_pairs`] and a byte order mark. Anything else is a string of JSON, and
/// nothing is NULL.
fn sound_text(text: &str) -> Option<Cow<'_, str>> {
    let text = whole_pairs(Cow::Borrowed(text));
    if is_sound(&text) {
        return Some(text);
    }
    let marked = text.trim_start_matches('\u{feff}');
    Some(Cow::Owned(match marked.trim() {
        "" => return None,
        _ if is_sound(marked) => marked.to_owned(),
        _ => serde_json::Value::from(&*text).to_string(),
    }))
}

fn is_sound(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// JSON without halves of surrogate pairs, which Mixpanel makes where it cuts texts off: they become `\ufffd`.
pub fn whole_pairs(text: Cow<'_, str>) -> Cow<'_, str> {
    let halves = halves(text.as_bytes());
    if halves.is_empty() {
        return text;
    }
    let mut text = text.into_owned();
    for at in halves {
        // An escape of six ASCII characters for another one.
        text.replace_range(at..at + 6, "\\ufffd");
    }
    Cow::Owned(text)
}

/// Where the escapes begin that are half a surrogate pair.
fn halves(text: &[u8]) -> Vec<usize> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Columns, SqlType, texts};

    #[test]
    fn halves_of_pairs_are_replaced_and_pairs_are_not() {
        let text = |text| whole_pairs(Cow::Borrowed(text)).into_owned();
        assert_eq!(
            text(r#"["a\ud83d","\ud83d\ude00","\\ud83d","\udE00x\uD83D\\"]"#),
            r#"["a\ufffd","\ud83d\ude00","\\ud83d","\ufffdx\ufffd\\"]"#
        );
        for short in [r"\u", r"\ud8", r"\ud83d", r"\", "", r"\ud83d\u"] {
            text(short);
        }
    }

    #[test]
    fn what_is_no_json_is_a_string_of_it() {
        for (text, expected) in [
            (r#"{"a" : 1e400, "a": [-0.0]}"#, r#"{"a" : 1e400, "a": [-0.0]}"#),
            (r#"{"\ud83d":1}"#, r#"{"\ufffd":1}"#),
            ("\u{feff}[]", "[]"),
            ("NaN", r#""NaN""#),
            (r#"{"a":1}x"#, r#""{\"a\":1}x""#),
            (r#"{"a":01}"#, r#""{\"a\":01}""#),
            ("\"\u{1}\"", r#""\"\u0001\"""#),
            ("<p>\\ud83d", r#""<p>\\ufffd""#),
        ] {
            assert_eq!(sound_text(text).as_deref(), Some(expected), "{text}");
            assert!(is_sound(expected), "{text}");
        }
        for nothing in ["", " \n", "\u{feff}"] {
            assert_eq!(sound_text(nothing), None);
        }
        // However deep it is, there is no recursion.
        let deep = "[".repeat(500_000) + &"]".repeat(500_000);
        assert_eq!(sound_text(&deep).as_deref(), Some(&*deep));
    }

    #[test]
    fn only_json_columns_are_looked_at_and_only_unsound_ones_are_made_anew() {
        let json = SqlType::Json;
        let columns = Columns::new([("t", SqlType::Varchar), ("j", json), ("k", json), ("l", json)]);
        let arrays = [["NaN", ""], ["[]", "1"], ["NaN", "{}"], ["", "{}"]].map(|column| texts(column.map(Some)));
        let batch = RecordBatch::try_new(columns.schema(), arrays.to_vec()).unwrap();
        let found = sound(batch).unwrap();
        assert!(Arc::ptr_eq(found.column(0), &arrays[0]) && Arc::ptr_eq(found.column(1), &arrays[1]));
        let column = |index: usize| found.column(index).as_string_view().iter().collect::<Vec<_>>();
        assert_eq!(column(2), [Some("\"NaN\""), Some("{}")]);
        assert_eq!(column(3), [None, Some("{}")]);
    }

    proptest::proptest! {
        #[test]
        fn any_string_can_be_read_afterwards(units: Vec<u16>) {
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let text = format!("\"{escaped}\"");
            let text = whole_pairs(Cow::Borrowed(&text));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&text).unwrap(), String::from_utf16_lossy(&units));
        }

        #[test]
        fn any_text_becomes_sound(text in r#"[\[\]{}",:a1\\ud83\u{feff} ]{0,24}"#) {
            proptest::prop_assert!(sound_text(&text).is_none_or(|text| is_sound(&text)));
        }
    }
}
