//! How is text handed over without a copy?
//!
//! Arrow's string views: 16 bytes that hold a text of up to 12 bytes, or the place
//! of a longer one in a buffer. Nearly all places are in the block itself.

use std::sync::Arc;

use arrow_array::BinaryViewArray;
use arrow_buffer::{Buffer, NullBufferBuilder, ScalarBuffer};
use arrow_schema::ArrowError;

use super::span::Span;

/// The number of the buffer that is the block.
pub(super) const BLOCK: u32 = 0;
/// That of the texts that do not stand in the block as they are meant.
pub(super) const SIDE: u32 = 1;
/// That of the lines that had to be repaired because they are not UTF-8.
pub(super) const REPAIRED: u32 = 2;

const INLINE: usize = 12;

/// The texts of a column.
pub(super) struct Views {
    views: Vec<u128>,
    nulls: NullBufferBuilder,
}

impl Views {
    pub fn with_capacity(rows: usize) -> Self {
        Self { views: Vec::with_capacity(rows), nulls: NullBufferBuilder::new(rows) }
    }

    #[inline(always)]
    pub fn push(&mut self, view: Option<u128>) {
        self.views.push(view.unwrap_or(0));
        self.nulls.append(view.is_some());
    }

    /// The texts as bytes: lines are UTF-8, and so is what stands between the quotes of one.
    pub fn finish(mut self, buffers: &Arc<[Buffer]>) -> Result<BinaryViewArray, ArrowError> {
        BinaryViewArray::try_new(ScalarBuffer::from(self.views), Arc::clone(buffers), self.nulls.finish())
    }
}

/// A view of a text that stands at `offset` of a buffer, or will once its line is closed up.
#[inline(always)]
pub(super) fn view(block: &[u8], text: Span, buffer: u32, offset: u32) -> u128 {
    let length = text.len();
    let start = text.start as usize;
    let bytes = match block.get(start..start + 16).and_then(|bytes| bytes.first_chunk()) {
        Some(bytes) => u128::from_le_bytes(*bytes),
        None => short(text.of(block)),
    };
    if length <= INLINE {
        length as u128 | (bytes & ((1 << (length * 8)) - 1)) << 32
    } else {
        length as u128 | u128::from(bytes as u32) << 32 | u128::from(buffer) << 64 | u128::from(offset) << 96
    }
}

/// The first bytes of a text at the end of a buffer.
#[cold]
fn short(text: &[u8]) -> u128 {
    text.iter().take(16).rev().fold(0, |bytes, byte| bytes << 8 | u128::from(*byte))
}
