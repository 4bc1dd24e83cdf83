//! What does the beginning of a line tell?
//!
//! Mixpanel writes all lines alike: `{"event":"...","properties":{"time":...`.
//! A line that begins so and ends with `}}` is taken for an event when nobody
//! asks for its properties: that finds whatever cuts an export short, at the
//! speed at which line feeds are found. Any other line is checked in full.

use memchr::memchr;

use super::walk::Span;

const BEFORE_NAME: &[u8] = br#"{"event":""#;
const BEHIND_NAME: &[u8] = br#"","properties":{"#;

/// The beginning of an event.
pub(super) struct Head<'a> {
    pub name: Span,
    /// What comes after the properties' opening bracket.
    members: &'a [u8],
    /// Where the line ends.
    pub end: usize,
}

impl<'a> Head<'a> {
    /// `None` if the line that begins there looks different, or has no line feed; both may be quite all right.
    #[inline(always)]
    pub fn at(block: &'a [u8], start: usize) -> Option<Self> {
        let rest = block.get(start..)?;
        let (line, _) = rest.split_at_checked(memchr(b'\n', rest)?)?;
        let named = line.strip_prefix(BEFORE_NAME)?;
        let (name, members) = named.split_at_checked(memchr(b'"', named)?)?;
        let members = members.strip_prefix(BEHIND_NAME)?.trim_ascii_end();
        let name_start = start + BEFORE_NAME.len();
        members.ends_with(b"}}").then(|| Self {
            name: Span { start: name_start as u32, end: (name_start + name.len()) as u32 },
            members,
            end: start + line.len(),
        })
    }

    /// The time, if it comes first and is a whole number.
    #[inline(always)]
    pub fn time(&self) -> Option<&'a [u8]> {
        let rest = self.members.strip_prefix(br#""time":"#)?;
        let (time, behind) = rest.split_at_checked(rest.iter().position(|byte| !byte.is_ascii_digit())?)?;
        let is_number = matches!(time, [b'1'..=b'9', ..]) && matches!(behind, [b',' | b'}', ..]);
        is_number.then_some(time)
    }
}
