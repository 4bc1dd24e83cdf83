//! Is the next line an event?
//!
//! Puts the two steps together that check a line, and looks at its escapes, which neither does.

use fearless_simd::Level;

use super::{
    escape,
    index::Index,
    walk::{Event, Member, Walk},
    wanted::WantedKeys,
};

/// Reads one line at a time.
pub(super) struct LineReader {
    index: Index,
    /// The members of the event's properties that may be wanted.
    pub members: Vec<Member>,
    /// The escapes that are half a surrogate pair.
    pub lone: Vec<u32>,
}

impl LineReader {
    pub fn new(level: Level) -> Self {
        Self { index: Index::new(level), members: Vec::new(), lone: Vec::new() }
    }

    /// Goes to the line that begins there. Returns where it ends.
    pub fn next(&mut self, block: &[u8], start: usize) -> usize {
        self.index.line(block, start)
    }

    /// Whether the line is ASCII.
    pub fn is_ascii(&self) -> bool {
        !self.index.high
    }

    /// Whether the line has escapes.
    pub fn has_escapes(&self) -> bool {
        !self.index.escapes.is_empty()
    }

    /// Lists the members of the object that the line is, if it is one.
    pub fn object(&mut self, block: &[u8], start: u32, end: u32, wanted: &WantedKeys) -> Option<()> {
        self.members.clear();
        self.lone.clear();
        if self.index.broken {
            return None;
        }
        Walk::new(block, &self.index, start).object(end, wanted, &mut self.members)?;
        escape::check(block, &self.index.escapes, &mut self.lone)
    }

    /// The event that the line is; `start` is behind the space at its beginning.
    pub fn event(&mut self, block: &[u8], start: u32, end: u32, wanted: &WantedKeys) -> Option<Event> {
        self.members.clear();
        self.lone.clear();
        if self.index.broken {
            return None;
        }
        let event = Walk::new(block, &self.index, start).event(end, wanted, &mut self.members)?;
        if self.has_escapes() {
            escape::check(block, &self.index.escapes, &mut self.lone)?;
        }
        Some(event)
    }
}
