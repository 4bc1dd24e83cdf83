//! Which wanted values does a line hold, and what has to go from its properties?
//!
//! Properties without the members that became columns are made in place: what
//! stays is moved together, to the right, over what goes. So a value that stays
//! is found somewhere else afterwards, and one that goes may be gone.
//!
//! ```text
//!   {"a":1,"time":2,"b":3,"plan":4}       time and plan have columns
//!          \_______/     \_______/        two cuts: the last one takes the comma before it
//!                     {"a":1,"b":3}       closed: what stays moved to the end
//! ```

use super::{
    span::Span,
    text,
    time::TimeReader,
    walk::Member,
    wanted::{TIME, WantedKeys},
};

/// What was picked from the properties of a line; reused from line to line.
#[derive(Default)]
pub(super) struct Picked {
    /// By slot; empty where the line has no such property.
    values: Vec<Span>,
    /// The time that is a column, where the first property of its name says so.
    pub time: Option<i64>,
    pub cuts: Cuts,
}

impl Picked {
    /// Looks at the members that may be wanted. Of several members with one key the first has the value, and all go.
    /// A time that no column can show stays.
    pub fn pick(
        &mut self,
        block: &[u8],
        members: &[Member],
        escapes: bool,
        wanted: &WantedKeys,
        times: &mut TimeReader,
    ) {
        self.values.clear();
        self.values.resize(wanted.len(), Span::default());
        self.time = None;
        self.cuts.0.clear();
        for member in members {
            let Some(slot) = wanted.slot(&text::unescaped(member.key.of(block), escapes)) else { continue };
            let Some(value) = self.values.get_mut(slot) else { continue };
            if value.is_empty() {
                *value = member.value;
                if slot == TIME {
                    self.time = text::text(member.value.of(block), escapes).and_then(|text| times.read(&text));
                }
            }
            if wanted.takes(slot) && (slot != TIME || self.time.is_some()) {
                self.cuts.add(member);
            }
        }
    }

    #[inline(always)]
    pub fn value(&self, slot: usize) -> Option<Span> {
        self.values.get(slot).copied().filter(|value| !value.is_empty())
    }
}

/// Neighbouring members that go.
#[derive(Debug, Clone, Copy)]
struct Cut {
    start: u32,
    /// Where the next key begins, or where the last value ends.
    end: u32,
    /// Where the last value before them ends.
    before: u32,
    /// Whether they are the first and the last members of the object.
    first: bool,
    last: bool,
}

/// The parts of an object that go, in order.
#[derive(Default)]
pub(super) struct Cuts(Vec<Cut>);

impl Cuts {
    fn add(&mut self, member: &Member) {
        let start = member.key.start - 1;
        let last = member.after == member.value.end;
        match self.0.last_mut() {
            Some(cut) if cut.end == start => (cut.end, cut.last) = (member.after, last),
            _ => {
                let first = member.before == start;
                self.0.push(Cut { start, end: member.after, before: member.before, first, last });
            }
        }
        // At the end of the object the comma before goes, for want of one behind.
        if last && let Some(cut) = self.0.last_mut() {
            cut.start = cut.before;
        }
    }

    /// Whether nothing stays.
    pub fn take_all(&self) -> bool {
        matches!(self.0.as_slice(), [Cut { first: true, last: true, .. }])
    }

    /// Where a byte is found once the cuts are closed; `None` if it is gone then.
    pub fn moved(&self, object: Span, at: u32) -> Option<u32> {
        if at < object.start || self.take_all() {
            return Some(at);
        }
        let mut moved = at;
        for cut in self.0.iter().rev() {
            if at < cut.start {
                moved += cut.end - cut.start;
            } else if at < cut.end {
                // Only the opening bracket moves over a cut that comes first, and that onto its last byte at most.
                return (cut.start == object.start + 1).then_some(at);
            } else {
                break;
            }
        }
        Some(moved)
    }

    /// Moves what stays together and returns where it begins.
    pub fn close(&self, block: &mut [u8], object: Span) -> u32 {
        let mut distance = 0;
        for (place, cut) in self.0.iter().enumerate().rev() {
            distance += cut.end - cut.start;
            let start = match place.checked_sub(1).and_then(|before| self.0.get(before)) {
                Some(before) => before.end,
                None => object.start,
            };
            let (from, to) = (start as usize..cut.start as usize, (start + distance) as usize);
            if from.end <= block.len() && from.start <= from.end && to + from.len() <= block.len() {
                block.copy_within(from, to);
            }
        }
        object.start + distance
    }
}
