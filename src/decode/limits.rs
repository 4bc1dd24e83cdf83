//! How long may a line be, and how large a block?

/// The longest line that is read, in bytes. Mixpanel takes no event that is larger than a mebibyte.
pub const MAX_LINE: usize = 64 << 20;

/// The most bytes that a block may have, and any other buffer of views.
pub(super) const MAX_BYTES: usize = i32::MAX as usize;
