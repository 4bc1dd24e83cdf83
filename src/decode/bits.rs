//! Where, among 64 bytes, are the bytes that shape JSON?
//!
//! Every answer is a mask with one bit for each byte, the first byte in the
//! lowest bit. `Simd` stands for the vector instructions of the processor that
//! this runs on; whoever calls must be inlined into a `dispatch!`.

use fearless_simd::{Simd, i8x64, prelude::*, u8x64};

pub(super) type Chunk = [u8; 64];

/// What the fast path needs to know of 64 bytes.
pub(super) struct Glance {
    /// The `"` bytes.
    pub quotes: u64,
    /// Whether any byte is a backslash, a control character or not ASCII.
    pub unusual: bool,
}

/// What there is to know of 64 bytes that [`Glance`] calls unusual.
pub(super) struct Look {
    pub backslashes: u64,
    /// The bytes below 0x20, line feeds among them.
    pub controls: u64,
    pub line_feeds: u64,
    /// The bytes that are not ASCII.
    pub high: u64,
}

#[inline(always)]
pub(super) fn glance<S: Simd>(simd: S, chunk: &Chunk) -> Glance {
    let bytes = u8x64::from_slice(simd, chunk);
    // As a signed number a byte that is not ASCII is below everything, so one comparison finds both.
    let signed: i8x64<S> = bytes.bitcast();
    let unusual = bytes.simd_eq(b'\\') | signed.simd_lt(0x20);
    Glance { quotes: bytes.simd_eq(b'"').to_bitmask(), unusual: unusual.any_true() }
}

#[inline(always)]
pub(super) fn look<S: Simd>(simd: S, chunk: &Chunk) -> Look {
    let bytes = u8x64::from_slice(simd, chunk);
    Look {
        backslashes: bytes.simd_eq(b'\\').to_bitmask(),
        controls: bytes.simd_lt(0x20).to_bitmask(),
        line_feeds: bytes.simd_eq(b'\n').to_bitmask(),
        high: bytes.simd_ge(0x80).to_bitmask(),
    }
}

/// The bytes from each odd bit to before the next one: of quotes, the strings without their closing quotes.
#[inline(always)]
pub(super) fn between<S: Simd>(simd: S, bits: u64) -> u64 {
    if let Some(between) = avx512::between(simd, bits) {
        return between;
    }
    // Each bit becomes the parity of itself and all bits below.
    [1, 2, 4, 8, 16, 32].iter().fold(bits, |bits, distance| bits ^ bits << distance)
}

/// Writes the places of the bits, counted from `at`, to the beginning of `free`, and anything behind them.
#[inline(always)]
pub(super) fn write_places<S: Simd>(simd: S, at: u32, mut bits: u64, free: &mut [u32]) {
    if bits.count_ones() <= 16
        && let Some(places) = avx512::places(simd, at, bits)
        && let Some(free) = free.first_chunk_mut()
    {
        *free = places;
        return;
    }
    // Always eight at a time: a loop of just as many as there are would be mispredicted nearly every time.
    let (eights, _) = free.as_chunks_mut::<8>();
    for places in eights {
        for place in places {
            *place = at.wrapping_add(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            break;
        }
    }
}

/// Servers of recent years have instructions for two of the steps; measured, they make the whole decoder 11 % faster.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use fearless_simd::{Simd, kernel, prelude::*, u8x64, u32x16};

    const NUMBERS: [u8; 64] = {
        let mut numbers = [0; 64];
        let mut number = 0;
        while number < 64 {
            numbers[number] = number as u8;
            number += 1;
        }
        numbers
    };

    #[inline(always)]
    pub fn between<S: Simd>(simd: S, bits: u64) -> Option<u64> {
        Some(parities(simd.level().as_avx512()?, bits))
    }

    #[inline(always)]
    pub fn places<S: Simd>(simd: S, at: u32, bits: u64) -> Option<[u32; 16]> {
        Some(first_places(simd.level().as_avx512()?, at, bits))
    }

    kernel!(
        /// A product without carries by all ones.
        #[inline(always)]
        fn parities(avx512: Avx512, bits: u64) -> u64 {
            use core::arch::x86_64::{_mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8};
            _mm_cvtsi128_si64(_mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits as i64), _mm_set1_epi8(-1))) as u64
        }
    );

    kernel!(
        /// Of the numbers 0 to 63 those whose bit is set, the first sixteen, as offsets.
        #[inline(always)]
        fn first_places(avx512: Avx512, at: u32, bits: u64) -> [u32; 16] {
            use core::arch::x86_64::{
                _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cvtepu8_epi32, _mm512_maskz_compress_epi8,
                _mm512_set1_epi32,
            };
            let numbers = u8x64::from_slice(avx512, &NUMBERS);
            let places = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(bits, numbers.into()));
            let offsets: u32x16<_> =
                _mm512_add_epi32(_mm512_cvtepu8_epi32(places), _mm512_set1_epi32(at as i32)).simd_into(avx512);
            offsets.into()
        }
    );
}

#[cfg(not(target_arch = "x86_64"))]
mod avx512 {
    use fearless_simd::Simd;

    #[inline(always)]
    pub fn between<S: Simd>(_: S, _: u64) -> Option<u64> {
        None
    }

    #[inline(always)]
    pub fn places<S: Simd>(_: S, _: u32, _: u64) -> Option<[u32; 16]> {
        None
    }
}

/// All levels that this processor has.
#[cfg(test)]
pub(super) fn levels() -> Vec<fearless_simd::Level> {
    let best = fearless_simd::Level::new();
    #[cfg(target_arch = "x86_64")]
    let lower = [
        best.as_avx2().map(fearless_simd::Level::Avx2),
        best.as_sse4_2().map(fearless_simd::Level::Sse4_2),
        best.as_sse2().map(fearless_simd::Level::Sse2),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let lower = [];
    std::iter::once(best).chain(lower.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use fearless_simd::dispatch;

    use super::*;

    fn mask(chunk: &Chunk, test: impl Fn(u8) -> bool) -> u64 {
        chunk.iter().enumerate().fold(0, |mask, (place, byte)| mask | u64::from(test(*byte)) << place)
    }

    #[test]
    fn finds_every_byte_at_every_place() {
        for level in levels() {
            for byte in 0..=255_u8 {
                for filler in [b'a', 0, 0x7f, 0x80, 0xff] {
                    for place in 0..64 {
                        let mut chunk = [filler; 64];
                        chunk[place] = byte;
                        let glance = dispatch!(level, simd => glance(simd, &chunk));
                        let look = dispatch!(level, simd => look(simd, &chunk));
                        assert_eq!(glance.quotes, mask(&chunk, |byte| byte == b'"'));
                        assert_eq!(
                            glance.unusual,
                            chunk.iter().any(|byte| *byte == b'\\' || *byte < 0x20 || *byte > 0x7f)
                        );
                        assert_eq!(look.backslashes, mask(&chunk, |byte| byte == b'\\'));
                        assert_eq!(look.controls, mask(&chunk, |byte| byte < 0x20));
                        assert_eq!(look.line_feeds, mask(&chunk, |byte| byte == b'\n'));
                        assert_eq!(look.high, mask(&chunk, |byte| byte > 0x7f));
                    }
                }
            }
        }
    }

    #[test]
    fn fills_between_and_lists_places() {
        let mut bits = 0x0123_4567_89ab_cdef_u64;
        for round in 0..10_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bits = if round % 3 == 0 { bits & bits.rotate_left(17) & bits.rotate_left(31) } else { bits };
            let mut inside = false;
            let expected = (0..64).fold(0, |mask, place| {
                inside ^= bits >> place & 1 == 1;
                mask | u64::from(inside) << place
            });
            let places: Vec<u32> = (0..64).filter(|place| bits >> place & 1 == 1).map(|place| 1000 + place).collect();
            for level in levels() {
                assert_eq!(dispatch!(level, simd => between(simd, bits)), expected);
                let mut written = [0; 64];
                dispatch!(level, simd => write_places(simd, 1000, bits, &mut written));
                assert_eq!(written[..places.len()], places);
            }
        }
    }
}
