//! Where does something stand?

/// The place of a value or a line in its block: from a byte to before a byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    #[inline(always)]
    pub fn of(self, block: &[u8]) -> &[u8] {
        block.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    #[inline(always)]
    pub fn len(self) -> usize {
        self.end.wrapping_sub(self.start) as usize
    }
}
