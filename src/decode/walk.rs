//! Is a line an event, and where are its parts?
//!
//! The second of two steps that check a line: walks the tokens between the
//! strings whose ends [`super::index`] found. Nothing is copied and nothing is
//! unescaped; what comes out is places in the block. `None` means: this is not
//! an event. What it is instead is the business of [`mod@super::damage`].
//!
//! A quote that begins a string needs no list: the walk is always outside of
//! strings, so a quote that it meets begins one, and the next end is its end.
//!
//! ```text
//!   {"event":"View","properties":{"time":1736000000,"plan":"pro"}}
//!          ^      ^            ^       ^                 ^     ^    where strings end: all that index found
//!            \____/              \______________________________/
//!             name                         properties               an event
//!                                  \__/  \________/
//!                                  key     value                    a member that may be wanted
//!                                 ^                 ^
//!                              before              after            what lies around it, if it has to go
//! ```

use super::{index::Index, scan, span::Span, text, wanted::WantedKeys};

/// A line that is an event.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Event {
    pub name: Span,
    pub properties: Span,
    /// Where the event itself ends; behind it is only space.
    pub end: u32,
}

/// A member of the properties whose key may be a wanted one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    /// Without the quotes.
    pub key: Span,
    pub value: Span,
    /// Where the value before ends, or the space behind the opening bracket.
    pub before: u32,
    /// Where the next key begins with its quote, or where the value of the last member ends.
    pub after: u32,
}

/// How deep values may be nested. Mixpanel takes three levels; this only guards against nonsense.
const MAX_DEPTH: usize = 1024;

/// A place between tokens. Never lent to a function that is not inlined, because that would keep it out of registers:
/// such a function gets a copy and says how far it came.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    block: &'a [u8],
    /// Where the strings end that were not met yet.
    ends: &'a [u32],
    /// The escapes from about here on.
    escapes: &'a [u32],
    at: u32,
}

/// How far a walk came.
struct Passed {
    at: u32,
    strings: usize,
}

impl<'a> Walk<'a> {
    #[inline(always)]
    pub fn new(block: &'a [u8], index: &'a Index, at: u32) -> Self {
        Self { block, ends: index.ends(), escapes: &index.escapes, at }
    }

    /// Walks the whole line and lists the members of its properties that may be wanted.
    pub fn event(mut self, end: u32, wanted: &WantedKeys, members: &mut Vec<Member>) -> Option<Event> {
        let (mut name, mut properties) = (None, None);
        self.open(b'{')?;
        (self.byte()? == b'"').then_some(())?;
        loop {
            let (key, word) = self.key()?;
            match text::unescaped(key.of(self.block), !self.escapes.is_empty()).as_ref() {
                b"properties" if properties.is_none() => {
                    let start = self.at;
                    self.pass(Walk { ..self }.properties(wanted, members)?)?;
                    properties = Some(Span { start, end: self.at });
                }
                b"event" if name.is_none() => name = Some(self.value(word)?),
                _ => {
                    self.value(word)?;
                }
            }
            if !self.comma()? {
                break;
            }
        }
        let event = Event { name: name?, properties: properties?, end: self.at };
        self.space();
        (self.at == end).then_some(event)
    }

    /// Walks a line that is one object and lists its members that may be wanted.
    pub fn object(mut self, end: u32, wanted: &WantedKeys, members: &mut Vec<Member>) -> Option<()> {
        self.space();
        self.pass(Walk { ..self }.properties(wanted, members)?)?;
        self.space();
        (self.at == end).then_some(())
    }

    /// Walks an object and lists its members that may be wanted.
    #[inline(never)]
    fn properties(&self, wanted: &WantedKeys, members: &mut Vec<Member>) -> Option<Passed> {
        let mut walk = *self;
        walk.open(b'{')?;
        if walk.byte()? == b'}' {
            walk.at += 1;
            return Some(walk.passed_since(self));
        }
        (walk.byte()? == b'"').then_some(())?;
        let lengths = wanted.lengths();
        let mut next_escape = walk.next_escape(0);
        let mut before = walk.at;
        loop {
            let (key, word) = walk.key()?;
            let value = walk.value(word)?;
            let more = walk.comma()?;
            let mut is_candidate = lengths >> (key.len() % 64) & 1 == 1 && wanted.may_be(walk.block, key);
            if next_escape < key.end {
                next_escape = walk.next_escape(key.start);
                is_candidate |= next_escape < key.end;
            }
            if is_candidate {
                let after = if more { walk.at } else { value.end };
                members.push(Member { key, value, before, after });
            }
            if !more {
                return Some(walk.passed_since(self));
            }
            before = value.end;
        }
    }

    #[inline(always)]
    fn pass(&mut self, passed: Passed) -> Option<()> {
        self.at = passed.at;
        self.ends = self.ends.get(passed.strings..)?;
        Some(())
    }

    #[inline(always)]
    fn passed_since(&self, before: &Self) -> Passed {
        Passed { at: self.at, strings: before.ends.len() - self.ends.len() }
    }

    /// Where it is.
    #[inline(always)]
    pub fn place(&self) -> u32 {
        self.at
    }

    /// The bytes that stand somewhere.
    #[inline(always)]
    pub fn text(&self, span: Span) -> &'a [u8] {
        span.of(self.block)
    }

    #[inline(always)]
    pub fn byte(&self) -> Option<u8> {
        self.block.get(self.at as usize).copied()
    }

    #[inline(always)]
    pub fn space(&mut self) {
        if self.byte().is_some_and(|byte| byte <= b' ') {
            self.at = scan::space(self.block, self.at);
        }
    }

    /// An opening bracket and the space around it.
    #[inline(always)]
    pub fn open(&mut self, bracket: u8) -> Option<()> {
        self.space();
        (self.byte()? == bracket).then_some(())?;
        self.at += 1;
        self.space();
        Some(())
    }

    /// A closing bracket, if that is what comes.
    #[inline(always)]
    pub fn close(&mut self, bracket: u8) -> bool {
        let closes = self.byte() == Some(bracket);
        self.at += u32::from(closes);
        closes
    }

    /// A comma and the space around it, or the end of an object. Whether it was a comma.
    #[inline(always)]
    pub fn comma(&mut self) -> Option<bool> {
        // The usual case in one comparison: a comma and the next key's quote.
        if scan::pair(self.block, self.at) == u16::from_le_bytes(*b",\"") {
            self.at += 1;
            return Some(true);
        }
        self.space();
        let byte = self.byte()?;
        self.at += 1;
        match byte {
            b',' => {
                self.space();
                (self.byte()? == b'"').then_some(true)
            }
            b'}' => Some(false),
            _ => None,
        }
    }

    /// A key, its colon and the space around it. The caller knows of the quote.
    /// Returns the key without its quotes, and the first bytes of the value.
    #[inline(always)]
    pub fn key(&mut self) -> Option<(Span, u64)> {
        let (&end, later) = self.ends.split_first()?;
        let key = Span { start: self.at + 1, end };
        self.ends = later;
        self.at = end + 2;
        let word = scan::word(self.block, end + 1);
        // The usual case: a colon, and no space behind it.
        if word as u8 == b':' && (word >> 8) as u8 > b' ' {
            return Some((key, word >> 8));
        }
        self.at = scan::colon(self.block, end + 1)?;
        Some((key, scan::word(self.block, self.at)))
    }

    /// A value of any kind, of which these are the first bytes.
    #[inline(always)]
    pub fn value(&mut self, word: u64) -> Option<Span> {
        let start = self.at;
        match word as u8 {
            b'"' => self.string()?,
            b'{' | b'[' => {
                self.pass(Walk { ..*self }.container()?)?;
            }
            _ => self.at = scan::scalar(self.block, start, word)?,
        }
        Some(Span { start, end: self.at })
    }

    #[inline(always)]
    fn string(&mut self) -> Option<()> {
        let (&end, later) = self.ends.split_first()?;
        self.ends = later;
        self.at = end + 1;
        Some(())
    }

    /// An object or an array, with a stack of bits instead of recursion.
    #[inline(never)]
    fn container(&self) -> Option<Passed> {
        let mut walk = *self;
        let mut objects = [0_u64; MAX_DEPTH / 64];
        let mut depth = 0_usize;
        loop {
            match walk.byte()? {
                open @ (b'{' | b'[') => {
                    let bit = 1 << (depth % 64);
                    let word = objects.get_mut(depth / 64)?;
                    let is_object = open == b'{';
                    *word = if is_object { *word | bit } else { *word & !bit };
                    depth += 1;
                    walk.open(open)?;
                    // The closing brackets are two behind the opening ones in ASCII.
                    if walk.byte()? != open + 2 {
                        if is_object {
                            walk.first_key()?;
                        }
                        continue;
                    }
                    walk.at += 1;
                    depth -= 1;
                }
                b'"' => walk.string()?,
                _ => walk.at = scan::scalar(walk.block, walk.at, scan::word(walk.block, walk.at))?,
            }
            loop {
                if depth == 0 {
                    return Some(walk.passed_since(self));
                }
                walk.space();
                let byte = walk.byte()?;
                walk.at += 1;
                let top = depth - 1;
                let is_object = objects.get(top / 64)? >> (top % 64) & 1 == 1;
                match (byte, is_object) {
                    (b',', _) => {
                        walk.space();
                        if is_object {
                            walk.first_key()?;
                        }
                        break;
                    }
                    (b'}', true) | (b']', false) => depth = top,
                    _ => return None,
                }
            }
        }
    }

    /// A key where nobody looked for its quote yet.
    #[inline(always)]
    fn first_key(&mut self) -> Option<()> {
        (self.byte()? == b'"').then_some(())?;
        self.key().map(drop)
    }

    /// The first escape that is not before `start`.
    #[inline(always)]
    fn next_escape(&mut self, start: u32) -> u32 {
        if !self.escapes.is_empty() {
            self.escapes = from(self.escapes, start);
        }
        self.escapes.first().copied().unwrap_or(u32::MAX)
    }
}

/// The places from this one on.
#[inline(never)]
fn from(mut places: &[u32], start: u32) -> &[u32] {
    while let Some((place, later)) = places.split_first()
        && *place < start
    {
        places = later;
    }
    places
}
