//! How do a window's compressed bytes become lines again?
//!
//! Whole, where they fit: one call of libdeflate, seven times as fast as any
//! streaming inflater, and a missing end or a wrong checksum is found before a
//! row is made. As a stream of blocks of whole lines, where they don't.

use std::{
    borrow::{BorrowMut, Cow},
    collections::TryReserveError,
    io::{self, BufReader, Read},
};

use flate2::bufread::MultiGzDecoder;
use memchr::{memmem, memrchr};

use super::spool::{Spool, SpoolReader};
use crate::{decode::MAX_LINE, mixpanel::Encoding};

/// Why bytes did not become lines.
#[derive(Debug)]
pub enum InflateError {
    /// The bytes are not what the server meant to send: worth another request.
    Damaged(String),
    /// A line is longer than any that is read.
    TooLong,
    /// This machine failed.
    Io(io::Error),
}

/// The size that a window will have when inflated, where it is known.
///
/// gzip ends with it, modulo 4 GiB and for its last member only, so this is good for a first guess of a
/// buffer's size and nothing else; [`whole`] checks.
pub fn expected_size(spool: &mut Spool, encoding: Encoding) -> io::Result<Option<u64>> {
    match encoding {
        Encoding::Identity => Ok(Some(spool.len())),
        Encoding::Gzip => {
            let size = spool.tail(4)?.try_into().map_or(0, u32::from_le_bytes);
            // Compressing makes nothing twice as long: a number this small has wrapped around, or counts only the
            // last of several members.
            Ok(Some(u64::from(size)).filter(|size| *size >= spool.len() / 2))
        }
    }
}

/// Inflates a window of at most `limit` bytes whole; `None` if it turns out to be larger.
pub fn whole(
    spool: &mut Spool,
    encoding: Encoding,
    size: Option<u64>,
    limit: usize,
) -> Result<Option<Vec<u8>>, InflateError> {
    let bytes = spool.bytes().map_err(InflateError::Io)?;
    if encoding == Encoding::Identity {
        return (bytes.len() <= limit).then(|| owned(bytes)).transpose();
    }
    if bytes.is_empty() {
        return Ok(Some(Vec::new()));
    }
    if let Some(size) = size.filter(|&size| size <= limit as u64)
        && says_its_size_once(&bytes)
    {
        let mut lines = zeros(size as usize)?;
        if libdeflater::Decompressor::new().gzip_decompress(&bytes, &mut lines) == Ok(lines.len()) {
            return Ok(Some(lines));
        }
    }
    // Several members, damage, or bytes behind the end: whoever reads them all tells.
    let mut lines = Vec::new();
    let decoder = MultiGzDecoder::new(&bytes[..]);
    let read = decoder.take(limit as u64 + 1).read_to_end(&mut lines).map_err(classify)?;
    Ok((read <= limit).then_some(lines))
}

/// So many zeros, or an error where there is no memory for them and for what will be made of them. Only what `vec!` makes
/// costs nothing until it is written, and only `try_reserve` asks first.
fn zeros(count: usize) -> Result<Vec<u8>, InflateError> {
    Vec::<u8>::new().try_reserve_exact(count + count / 2).map_err(no_memory)?;
    Ok(vec![0; count])
}

fn owned(bytes: Cow<'_, [u8]>) -> Result<Vec<u8>, InflateError> {
    match bytes {
        Cow::Owned(bytes) => Ok(bytes),
        Cow::Borrowed(bytes) => {
            let mut copy = Vec::new();
            copy.try_reserve_exact(bytes.len()).map_err(no_memory)?;
            copy.extend_from_slice(bytes);
            Ok(copy)
        }
    }
}

fn no_memory(error: TryReserveError) -> InflateError {
    InflateError::Io(error.into())
}

/// libdeflate stops after the first member and ignores the rest without a word. A member ends with the size of what it
/// holds, which libdeflate checks: where the last four bytes stand nowhere else, a member that ends with them ends here.
fn says_its_size_once(gzip: &[u8]) -> bool {
    let (Some(size), Some((_, before))) = (gzip.last_chunk::<4>(), gzip.split_last()) else { return false };
    memmem::find(before, size).is_none()
}

/// The inflated bytes of a window, one after the other.
pub fn stream<'a>(source: impl Read + Send + 'a, encoding: Encoding) -> Box<dyn Read + Send + 'a> {
    match encoding {
        Encoding::Identity => Box::new(source),
        Encoding::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(256 << 10, source))),
    }
}

/// The same, of a spool. No bytes at all are no gzip member; they are a window without events.
pub fn stream_spool<'a>(
    mut spool: impl BorrowMut<Spool> + Send + 'a,
    encoding: Encoding,
) -> Result<Box<dyn Read + Send + 'a>, InflateError> {
    Ok(match spool.borrow_mut().len() {
        0 => Box::new(io::empty()),
        _ => stream(SpoolReader::new(spool).map_err(InflateError::Io)?, encoding),
    })
}

/// Cuts a stream into blocks of whole lines, about as large as asked for; a longer line is a block of its own, up to
/// [`MAX_LINE`].
pub struct Blocks<R> {
    source: R,
    size: usize,
    rest: Vec<u8>,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    pub fn new(source: R, size: usize) -> Self {
        Self { source, size, rest: Vec::new(), ended: false }
    }

    /// The next block, never empty; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, InflateError> {
        let mut block = std::mem::take(&mut self.rest);
        // Where no line end was found yet, so that a long line is not searched again and again.
        let mut searched = 0;
        while !self.ended {
            let length = block.len();
            if length > MAX_LINE {
                return Err(InflateError::TooLong);
            }
            // A line that is longer than a block doubles it, but for what is too long.
            let missing = self.size.saturating_sub(length).max(length).min(MAX_LINE + 1 - length);
            block.try_reserve_exact(missing).map_err(no_memory)?;
            let read = self.source.by_ref().take(missing as u64).read_to_end(&mut block).map_err(classify)?;
            self.ended = read < missing;
            if self.ended {
                break;
            }
            if let Some(end) = memrchr(b'\n', &block[searched..]) {
                self.rest = block.split_off(searched + end + 1);
                return Ok(Some(block));
            }
            searched = block.len();
        }
        Ok((!block.is_empty()).then_some(block))
    }
}

/// What a decoder complains about is the server's damage; everything else is this machine's.
fn classify(error: io::Error) -> InflateError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => cut(),
        _ => InflateError::Io(error),
    }
}

fn cut() -> InflateError {
    InflateError::Damaged("the compressed answer is cut off or damaged".into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::super::spool::Allowance;
    use super::*;

    const LINES: &[u8] = b"one\ntwo\nthree\n";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn spool(bytes: &[u8]) -> Spool {
        let mut spool = Spool::new(&Allowance::default());
        spool.write(bytes).unwrap();
        spool
    }

    fn inflate(bytes: &[u8], limit: usize) -> Result<Option<Vec<u8>>, InflateError> {
        let mut spool = spool(bytes);
        let size = expected_size(&mut spool, Encoding::Gzip).unwrap();
        whole(&mut spool, Encoding::Gzip, size, limit)
    }

    fn streamed(bytes: &[u8]) -> Result<Vec<u8>, InflateError> {
        let mut blocks = Blocks::new(stream_spool(spool(bytes), Encoding::Gzip)?, 4);
        let mut all = Vec::new();
        while let Some(block) = blocks.next()? {
            all.extend(block);
        }
        Ok(all)
    }

    #[test]
    fn one_member_and_several_give_all_lines() {
        let one = gzip(LINES);
        assert_eq!(inflate(&one, 100).unwrap().unwrap(), LINES);
        assert_eq!(streamed(&one).unwrap(), LINES);
        // Equal members: the case in which neither size nor checksum of the end gives them away.
        let twice = [one.clone(), one.clone()].concat();
        assert_eq!(inflate(&twice, 100).unwrap().unwrap(), [LINES, LINES].concat());
        assert_eq!(streamed(&twice).unwrap(), [LINES, LINES].concat());
        let different = [one, gzip(b"a last one\n")].concat();
        assert_eq!(inflate(&different, 100).unwrap().unwrap(), [LINES, b"a last one\n"].concat());
    }

    #[test]
    fn no_bytes_are_no_lines() {
        assert_eq!(inflate(b"", 100).unwrap().unwrap(), b"");
        assert_eq!(streamed(b"").unwrap(), b"");
        assert_eq!(inflate(&gzip(b""), 100).unwrap().unwrap(), b"");
    }

    #[test]
    fn a_larger_window_is_not_inflated_whole() {
        assert!(inflate(&gzip(&[b'x'; 1000]), 999).unwrap().is_none());
        assert!(inflate(&gzip(&[b'x'; 1000]), 1000).unwrap().is_some());
    }

    #[test]
    fn every_cut_is_noticed() {
        let lines: Vec<u8> = (0..2000).flat_map(|number| format!("line {}\n", number * 7919).into_bytes()).collect();
        let whole = gzip(&lines);
        for cut in (1..whole.len()).step_by(97).chain([whole.len() - 1, whole.len() - 4, whole.len() - 8]) {
            assert!(matches!(inflate(&whole[..cut], 1 << 20), Err(InflateError::Damaged(_))), "whole, {cut}");
            assert!(matches!(streamed(&whole[..cut]), Err(InflateError::Damaged(_))), "streamed, {cut}");
        }
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x55;
        assert!(matches!(inflate(&flipped, 1 << 20), Err(InflateError::Damaged(_))));
        assert!(matches!(streamed(&flipped), Err(InflateError::Damaged(_))));
    }

    #[test]
    fn bytes_behind_the_last_member_are_noticed() {
        let member = gzip(LINES);
        let trailer = &member[member.len() - 8..];
        for behind in [&[0][..], b"\n", b"\x1f\x8b\x08\x00", LINES, trailer, &[b"{}", trailer].concat()] {
            let bytes = [&member, behind].concat();
            assert!(matches!(inflate(&bytes, 100), Err(InflateError::Damaged(_))), "whole, {behind:?}");
            assert!(matches!(streamed(&bytes), Err(InflateError::Damaged(_))), "streamed, {behind:?}");
        }
    }

    #[test]
    fn no_line_is_longer_than_it_may_be() {
        // So long a line, without its line feed.
        let line = |length: usize| std::io::repeat(b'x').take(length as u64);
        let blocks = |length, end: &'static [u8]| {
            let mut blocks = Blocks::new((&b"short\n"[..]).chain(line(length)).chain(end), 1 << 20);
            let mut lengths = Vec::new();
            while let Some(block) = blocks.next()? {
                lengths.push(block.len());
            }
            Ok::<_, InflateError>(lengths)
        };
        for end in [&b""[..], b"\n", b"\nmore\n"] {
            let lengths = blocks(MAX_LINE, end).unwrap();
            assert_eq!(lengths.iter().sum::<usize>(), 6 + MAX_LINE + end.len());
            assert_eq!(lengths[0], 6);
        }
        assert!(matches!(blocks(MAX_LINE + 2, b""), Err(InflateError::TooLong)));
        assert!(matches!(blocks(usize::MAX >> 8, b""), Err(InflateError::TooLong)));
    }

    #[test]
    fn blocks_hold_whole_lines() {
        let text = b"a\nbb\nccccccccccccccccccccccc\n\nd".as_slice();
        for size in 1..40 {
            let mut blocks = Blocks::new(text, size);
            let mut all = Vec::new();
            while let Some(block) = blocks.next().unwrap() {
                assert!(block.ends_with(b"\n") || all.len() + block.len() == text.len(), "size {size}");
                all.extend(block);
            }
            assert_eq!(all, text, "size {size}");
        }
    }
}
