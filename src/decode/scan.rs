//! How far do a number, a literal or a run of space reach?

/// JSON's white space, but for the line feed, which ends a line wherever it stands.
#[inline(always)]
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

/// Where the space that begins at `at` ends.
#[inline(never)]
pub(super) fn space(block: &[u8], mut at: u32) -> u32 {
    while byte(block, at).is_some_and(is_space) {
        at += 1;
    }
    at
}

/// Behind a colon and the space around it.
#[inline(never)]
pub(super) fn colon(block: &[u8], at: u32) -> Option<u32> {
    let at = space(block, at);
    (byte(block, at)? == b':').then(|| space(block, at + 1))
}

#[inline(always)]
fn byte(block: &[u8], at: u32) -> Option<u8> {
    block.get(at as usize).copied()
}

/// The two bytes from `at` on as a number, or zero at the end of the block.
#[inline(always)]
pub(super) fn pair(block: &[u8], at: u32) -> u16 {
    match block.get(at as usize..at as usize + 2) {
        Some(&[first, second]) => u16::from_le_bytes([first, second]),
        _ => 0,
    }
}

/// The eight bytes from `at` on as a number; zeros stand for what is beyond the block.
#[inline(always)]
pub(super) fn word(block: &[u8], at: u32) -> u64 {
    match block.get(at as usize..at as usize + 8).and_then(|bytes| bytes.first_chunk()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => last_word(block, at),
    }
}

#[cold]
fn last_word(block: &[u8], at: u32) -> u64 {
    block.get(at as usize..).unwrap_or_default().iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Where the number or literal ends that begins at `at` with these seven or eight bytes.
#[inline(always)]
pub(super) fn scalar(block: &[u8], at: u32, word: u64) -> Option<u32> {
    match word as u8 {
        b'1'..=b'9' => {
            let count = leading_digits(word);
            let (word, start, count) = if count < 7 {
                (word, at, count)
            } else {
                let (word, start) = (self::word(block, at + 7), at + 7);
                (word, start, leading_digits(word))
            };
            if count == 8 {
                return long_number(block, at);
            }
            match (word >> (count * 8)) as u8 {
                b'.' | b'e' | b'E' => fraction(block, start + count),
                _ => Some(start + count),
            }
        }
        b't' if word as u32 == u32::from_le_bytes(*b"true") => Some(at + 4),
        b'n' if word as u32 == u32::from_le_bytes(*b"null") => Some(at + 4),
        b'f' if (word >> 8) as u32 == u32::from_le_bytes(*b"alse") => Some(at + 5),
        b'-' | b'0' => long_number(block, at),
        _ => None,
    }
}

/// A number that is negative, begins with a zero or has 15 digits or more.
#[inline(never)]
fn long_number(block: &[u8], at: u32) -> Option<u32> {
    let start = at + u32::from(byte(block, at) == Some(b'-'));
    let mut end = start;
    loop {
        let count = leading_digits(word(block, end));
        end += count;
        if count < 8 {
            break;
        }
    }
    if end == start || byte(block, start) == Some(b'0') && end > start + 1 {
        return None;
    }
    match byte(block, end) {
        Some(b'.' | b'e' | b'E') => fraction(block, end),
        _ => Some(end),
    }
}

#[inline(never)]
fn fraction(block: &[u8], mut at: u32) -> Option<u32> {
    if byte(block, at) == Some(b'.') {
        at = digits(block, at + 1)?;
    }
    if matches!(byte(block, at), Some(b'e' | b'E')) {
        at += 1;
        at = digits(block, at + u32::from(matches!(byte(block, at), Some(b'+' | b'-'))))?;
    }
    Some(at)
}

/// Where the digits that begin at `at` end; at least one.
#[inline(always)]
fn digits(block: &[u8], start: u32) -> Option<u32> {
    let mut end = start;
    loop {
        let count = leading_digits(word(block, end));
        end += count;
        if count < 8 {
            return (end > start).then_some(end);
        }
    }
}

/// How many of eight bytes, from the first on, are digits.
#[inline(always)]
fn leading_digits(word: u64) -> u32 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // Digits become 0 to 9; adding 0x76 to anything above sets its top bit.
    let values = word ^ 0x3030_3030_3030_3030;
    let others = (((values & LOW_BITS) + 0x7676_7676_7676_7676) | values) & !LOW_BITS;
    others.trailing_zeros() / 8
}
