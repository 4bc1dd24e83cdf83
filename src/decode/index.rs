//! Where does a line end, and where do its strings end?
//!
//! The first of two steps that check a line. It reads the line 64 bytes at a
//! time, without a branch for each byte, and lists what the second step
//! ([`super::walk`]) would otherwise have to look for: with the list, strings
//! cost the same whatever their length.

use fearless_simd::{Level, Simd, dispatch};

use super::bits::{self, Chunk};

/// What stands where in one line; reused from line to line.
///
/// Places are offsets in the block, which therefore has at most 4 GiB.
pub(super) struct Index {
    level: Level,
    ends: Vec<u32>,
    count: usize,
    /// The backslashes that begin an escape.
    pub escapes: Vec<u32>,
    /// Whether a byte is not ASCII.
    pub high: bool,
    /// Whether a string holds a control character or does not end.
    pub broken: bool,
}

/// What a chunk leaves to the next one.
#[derive(Clone, Copy, Default)]
struct Carry {
    /// All ones if the chunk ended inside a string.
    in_string: u64,
    /// One if the last byte was a backslash that begins an escape.
    escaped: u64,
}

impl Index {
    pub fn new(level: Level) -> Self {
        Self { level, ends: Vec::new(), count: 0, escapes: Vec::new(), high: false, broken: false }
    }

    /// Reads the line that begins at `start` and returns where it ends: at its line feed or at the end of the block.
    pub fn line(&mut self, block: &[u8], start: usize) -> usize {
        dispatch!(self.level, simd => self.read(simd, block, start))
    }

    #[inline(always)]
    fn read<S: Simd>(&mut self, simd: S, block: &[u8], start: usize) -> usize {
        self.escapes.clear();
        self.high = false;
        self.broken = false;
        let mut list = List { places: &mut self.ends, count: 0 };
        let mut at = start;
        let mut carry = Carry::default();
        let end = loop {
            let last;
            let chunk = match block.get(at..).and_then(|rest| rest.first_chunk::<64>()) {
                Some(chunk) => chunk,
                None => {
                    last = last_chunk(block, at);
                    &last
                }
            };
            let glance = bits::glance(simd, chunk);
            if !glance.unusual && carry.escaped == 0 {
                let strings = carry.strings(simd, glance.quotes);
                list.put(simd, at, glance.quotes & !strings);
                at += 64;
                continue;
            }

            let look = bits::look(simd, chunk);
            let length = look.line_feeds.trailing_zeros();
            let line = 1_u64.checked_shl(length).map_or(u64::MAX, |bit| bit - 1);
            self.high |= look.high & line != 0;
            let mut escaped = carry.escaped;
            let mut backslashes = look.backslashes & line & !escaped;
            carry.escaped = 0;
            while backslashes != 0 {
                let place = backslashes.trailing_zeros();
                self.escapes.push((at as u32).wrapping_add(place));
                carry.escaped = u64::from(place == 63);
                escaped |= 2 << place;
                backslashes &= !(3 << place);
            }
            let quotes = glance.quotes & line & !escaped;
            let strings = carry.strings(simd, quotes);
            list.put(simd, at, quotes & !strings);
            self.broken |= look.controls & line & strings != 0;
            if length < 64 {
                break at + length as usize;
            }
            at += 64;
        };
        self.broken |= carry.in_string != 0;
        // Sentinels, so that a walk beyond the last string meets the end of the line.
        list.put(simd, end, 1);
        list.put(simd, end, 1);
        self.count = list.count;
        end
    }

    /// The places of the quotes that end strings, in order, and twice the end of the line.
    pub fn ends(&self) -> &[u32] {
        self.ends.get(..self.count).unwrap_or_default()
    }
}

impl Carry {
    /// The strings without their closing quotes, given the quotes.
    #[inline(always)]
    fn strings<S: Simd>(&mut self, simd: S, quotes: u64) -> u64 {
        let strings = bits::between(simd, quotes) ^ self.in_string;
        self.in_string = ((strings as i64) >> 63) as u64;
        strings
    }
}

/// A list that grows by the places of bits.
struct List<'a> {
    places: &'a mut Vec<u32>,
    count: usize,
}

impl List<'_> {
    #[inline(always)]
    fn put<S: Simd>(&mut self, simd: S, at: usize, bits: u64) {
        if self.places.len() < self.count + 64 {
            self.places.resize(self.count * 2 + 128, 0);
        }
        let free = self.places.get_mut(self.count..).unwrap_or_default();
        bits::write_places(simd, at as u32, bits, free);
        self.count += bits.count_ones() as usize;
    }
}

/// The last bytes of a block, filled up with line feeds.
#[cold]
fn last_chunk(block: &[u8], at: usize) -> Chunk {
    let mut chunk = [b'\n'; 64];
    for (slot, byte) in chunk.iter_mut().zip(block.get(at..).unwrap_or_default()) {
        *slot = *byte;
    }
    chunk
}
