//! Which properties does an object have?
//!
//! For the rows of a table, as [`mod@super::property`] is.

use std::borrow::Cow;

use fearless_simd::Level;

use super::{property::one_line, reader::LineReader, scan, text, wanted::WantedKeys};

/// Reads the names of properties out of JSON objects.
pub struct NameReader {
    reader: LineReader,
    wanted: WantedKeys,
    /// Of each name so far its first bytes and its length, which tell most names apart.
    heads: Vec<u64>,
}

impl Default for NameReader {
    fn default() -> Self {
        Self { reader: LineReader::new(Level::new()), wanted: WantedKeys::all(), heads: Vec::new() }
    }
}

impl NameReader {
    /// Gives each name once, in their order; `None`, and no name, where the text is no JSON object.
    pub fn names(&mut self, object: &str, mut each: impl FnMut(&str)) -> Option<()> {
        let object = one_line(object);
        let block = object.as_bytes();
        let end = self.reader.next(block, 0);
        self.reader.object(block, 0, u32::try_from(end).ok()?, &self.wanted)?;
        let escapes = self.reader.has_escapes();
        self.heads.clear();
        for (position, member) in self.reader.members.iter().enumerate() {
            let name = text::unescaped(member.key.of(block), escapes);
            let head = scan::word(&name, 0) ^ (name.len() as u64) << 56;
            let is_new = !self.heads.contains(&head) || {
                let before = self.reader.members.get(..position).unwrap_or_default();
                before.iter().all(|member| text::unescaped(member.key.of(block), escapes) != name)
            };
            self.heads.push(head);
            if is_new {
                match name {
                    // Cut out of a text, which is cheaper than to look at its bytes once more.
                    Cow::Borrowed(_) => each(object.get(member.key.start as usize..member.key.end as usize)?),
                    Cow::Owned(name) => each(&String::from_utf8_lossy(&name)),
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(object: &str) -> Option<Vec<String>> {
        let mut names = Vec::new();
        NameReader::default().names(object, |name| names.push(name.to_owned()))?;
        Some(names)
    }

    #[test]
    fn each_name_comes_once_and_as_it_is_meant() {
        for (object, expected) in [
            ("{}", &[][..]),
            (r#" { "b" : 1, "a": null, "b": {"deep": [{"deeper": 2}]}, "": "x" } "#, &["b", "a", ""]),
            (
                r#"{"$initial_referrer": 1, "$initial_referring_domain": 2, "$initial_refarrer": 3, "$initial_referrer": 4}"#,
                &["$initial_referrer", "$initial_referring_domain", "$initial_refarrer"],
            ),
            (
                r#"{"\u0061": 1, "a": 2, "say \"hi\"": 3, "ключ": 4, "\ud83d": 5}"#,
                &["a", "say \"hi\"", "ключ", "\u{fffd}"],
            ),
            ("{\n  \"pretty\": \"yes\",\n  \"twice\": 1\n}\n", &["pretty", "twice"]),
        ] {
            let expected = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(names(object), Some(expected), "{object}");
        }
    }

    #[test]
    fn what_is_no_object_has_none() {
        for broken in ["", "null", "[1]", "\"a\"", "{", "{\"a\":1", "{\"a\":1} x", "{\"a\":\"\\x\"}", "{\"a\":tru}"] {
            assert_eq!(names(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_reader_forgets_the_object_before() {
        let mut reader = NameReader::default();
        for object in [r#"{"a": 1}"#, r#"{"a": "\n"}"#, r#"{"a": 1}"#] {
            let mut count = 0;
            reader.names(object, |_| count += 1);
            assert_eq!(count, 1);
        }
    }
}
