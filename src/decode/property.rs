//! What is the value of one property, of an object that stands alone?
//!
//! For the rows of a table rather than the lines of an export: the same rules, one
//! object at a time.

use std::borrow::Cow;

use fearless_simd::Level;

use super::{reader::LineReader, text, wanted::WantedKeys};

/// Reads properties out of JSON objects.
pub struct PropertyReader {
    reader: LineReader,
    name: String,
    wanted: WantedKeys,
}

impl Default for PropertyReader {
    fn default() -> Self {
        Self { reader: LineReader::new(Level::new()), name: String::new(), wanted: WantedKeys::default() }
    }
}

impl PropertyReader {
    /// The property of that exact name as text; `None` where it is absent or `null`, or the text is no JSON object.
    /// Of several properties with one name it is the first.
    pub fn text<'a>(&mut self, object: &'a str, name: &str) -> Option<Cow<'a, str>> {
        if self.name != name {
            self.name = name.to_owned();
            self.wanted = WantedKeys::default();
        }
        let slot = self.wanted.add(name);
        if let Cow::Owned(line) = one_line(object) {
            return self.text(&line, name).map(|text| Cow::Owned(text.into_owned()));
        }
        let block = object.as_bytes();
        let end = self.reader.next(block, 0);
        self.reader.object(block, 0, u32::try_from(end).ok()?, &self.wanted)?;
        let escapes = self.reader.has_escapes();
        let member = self
            .reader
            .members
            .iter()
            .find(|member| self.wanted.slot(&text::unescaped(member.key.of(block), escapes)) == Some(slot))?;
        match text::text(member.value.of(block), escapes)? {
            Cow::Borrowed(text) => std::str::from_utf8(text).ok().map(Cow::Borrowed),
            Cow::Owned(text) => String::from_utf8(text).ok().map(Cow::Owned),
        }
    }
}

/// The object without line feeds: they can only stand between tokens, and the reader takes one for the end.
pub(super) fn one_line(object: &str) -> Cow<'_, str> {
    match memchr::memchr(b'\n', object.as_bytes()).is_some() {
        true => Cow::Owned(object.replace('\n', " ")),
        false => Cow::Borrowed(object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(object: &str, name: &str) -> Option<String> {
        PropertyReader::default().text(object, name).map(Cow::into_owned)
    }

    #[test]
    fn reads_any_name_as_it_is() {
        let object = r#" { "$city" : "Paris", "a.b": 1, "say \"hi\"": true, "Id": "x", "id": "y", "\u0061": 12345678901234567890 } "#;
        for (name, value) in [
            ("$city", "Paris"),
            ("a.b", "1"),
            ("say \"hi\"", "true"),
            ("Id", "x"),
            ("id", "y"),
            ("a", "12345678901234567890"),
        ] {
            assert_eq!(text(object, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(text(object, "city"), None);
    }

    #[test]
    fn says_text_as_duckdb_does() {
        let object = r#"{"null": null, "list": [1, "a"], "half": "\ud83d", "escaped": "a\nb", "twice": 1, "twice": 2}"#;
        assert_eq!(text(object, "null"), None);
        assert_eq!(text(object, "list").as_deref(), Some(r#"[1, "a"]"#));
        assert_eq!(text(object, "half").as_deref(), Some("\u{fffd}"));
        assert_eq!(text(object, "escaped").as_deref(), Some("a\nb"));
        assert_eq!(text(object, "twice").as_deref(), Some("1"));
        assert_eq!(text("{\n  \"pretty\": \"yes\"\n}\n", "pretty").as_deref(), Some("yes"));
    }

    #[test]
    fn what_is_no_object_has_no_properties() {
        for broken in ["", "null", "[1]", "{", "{\"a\":1", "{\"a\":1} x", "{\"a\":\"\\x\"}", "{\"a\":tru}"] {
            assert_eq!(text(broken, "a"), None, "{broken}");
        }
    }
}
