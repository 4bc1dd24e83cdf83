//! How do the parts of one line become cells?
//!
//! The columns of a line are made while it still stands as it came, before its
//! properties are closed up. Text becomes a view of the place where it stands, or
//! where it will stand then.

use super::{
    cut::Picked,
    span::Span,
    text,
    views::{SIDE, view},
    walk::Event,
};

/// A line that is an event, and what is known of it.
pub(super) struct Line<'a> {
    /// The block, or whatever else the line stands in, and the number of its buffer.
    pub block: &'a [u8],
    pub buffer: u32,
    pub event: Event,
    pub picked: &'a Picked,
    /// Whether the line has escapes.
    pub escapes: bool,
    /// Whether the properties will be closed up.
    pub closes: bool,
    pub side: &'a mut Vec<u8>,
}

impl Line<'_> {
    /// A view of what a value says as text; `None` for `null`.
    #[inline(always)]
    pub fn text(&mut self, value: Span) -> Option<u128> {
        match value.of(self.block) {
            [b'"', inner @ .., b'"'] => {
                if self.escapes && inner.contains(&b'\\') {
                    return Some(self.aside(&text::unescaped(inner, true)));
                }
                Some(self.verbatim(Span { start: value.start + 1, end: value.end - 1 }))
            }
            [b'n', ..] => None,
            _ => Some(self.verbatim(value)),
        }
    }

    /// A value's text, cast; NULL where it is absent, `null` or no such value.
    pub fn cast<T>(&self, value: Option<Span>, cast: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        cast(&text::text(value?.of(self.block), self.escapes)?)
    }

    /// A view of bytes as they stand, a value's JSON for one.
    #[inline(always)]
    pub fn verbatim(&mut self, bytes: Span) -> u128 {
        let moved =
            if self.closes { self.picked.cuts.moved(self.event.properties, bytes.start) } else { Some(bytes.start) };
        match moved {
            Some(offset) => view(self.block, bytes, self.buffer, offset),
            None if bytes.len() <= 12 => view(self.block, bytes, self.buffer, bytes.start),
            None => {
                let block = self.block;
                self.aside(bytes.of(block))
            }
        }
    }

    /// A view of a copy.
    pub fn aside(&mut self, text: &[u8]) -> u128 {
        let start = self.side.len() as u32;
        self.side.extend_from_slice(text);
        view(self.side, Span { start, end: self.side.len() as u32 }, SIDE, start)
    }
}
