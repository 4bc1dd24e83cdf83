//! How does a body become one text that is no longer than it may be?
//!
//! It is inflated while it arrives and its compressed bytes are not kept: a few of them can stand for any number of others.
//! Memory is asked for and not taken, so that too little of it is an error.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use super::Encoding;

/// The text of a body, as far as it has come.
pub(super) enum Text {
    Identity(Limited),
    Gzip(Box<MultiGzDecoder<Limited>>),
}

/// Why a body is no text.
#[derive(Debug, thiserror::Error)]
pub(super) enum TextError {
    #[error("it is too long")]
    TooLong,
    #[error("the process has no memory left for it")]
    NoMemory(#[source] io::Error),
    /// Its compression is damaged or has no end.
    #[error("its compression is damaged: {0}")]
    Damaged(#[source] io::Error),
}

impl Text {
    /// Of a body that has not come yet, at most `limit` bytes.
    pub fn new(encoding: Encoding, limit: usize) -> Self {
        let limited = Limited { bytes: Vec::new(), limit };
        match encoding {
            Encoding::Identity => Self::Identity(limited),
            Encoding::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(limited))),
        }
    }

    /// Adds a piece of the body.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), TextError> {
        match self {
            Self::Identity(limited) => limited.write_all(piece)?,
            Self::Gzip(decoder) => decoder.write_all(piece)?,
        }
        Ok(())
    }

    /// The text, now that all of the body is here.
    pub fn finish(self) -> Result<Vec<u8>, TextError> {
        Ok(match self {
            Self::Identity(limited) => limited.bytes,
            Self::Gzip(decoder) => decoder.finish()?.bytes,
        })
    }
}

impl From<io::Error> for TextError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::FileTooLarge => TextError::TooLong,
            io::ErrorKind::OutOfMemory => TextError::NoMemory(error),
            _ => TextError::Damaged(error),
        }
    }
}

/// Bytes up to a limit.
pub(super) struct Limited {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Limited {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        let (length, capacity) = (self.bytes.len(), self.bytes.capacity());
        if more.len() > self.limit - length {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if more.len() > capacity - length {
            // Twice as many, as `Vec` would by itself, but never more than there can be.
            let wanted = (2 * capacity).max(length + more.len()).max(64 << 10).min(self.limit);
            self.bytes.try_reserve_exact(wanted - length)?;
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(encoding: Encoding, body: &[u8], piece: usize, limit: usize) -> Result<Vec<u8>, TextError> {
        let mut text = Text::new(encoding, limit);
        body.chunks(piece).try_for_each(|piece| text.push(piece))?;
        text.finish()
    }

    #[test]
    fn bodies_become_texts_however_they_come_in_pieces() {
        let text: Vec<u8> = (0..5000).flat_map(|number| (number * 7919_u32).to_string().into_bytes()).collect();
        let members = [gzip(&text[..700]), gzip(b""), gzip(&text[700..])].concat();
        for piece in [1, 2, 7, 10, 18, 1000, 1 << 20] {
            for (encoding, body) in
                [(Encoding::Identity, &text), (Encoding::Gzip, &gzip(&text)), (Encoding::Gzip, &members)]
            {
                assert_eq!(read(encoding, body, piece, text.len()).unwrap(), text, "{piece}");
                let short = read(encoding, body, piece, text.len() - 1);
                assert!(matches!(short, Err(TextError::TooLong)), "{piece}");
            }
        }
        assert_eq!(read(Encoding::Identity, b"", 1, 0).unwrap(), b"");
        assert_eq!(read(Encoding::Gzip, &gzip(b""), 1, 0).unwrap(), b"");
    }

    #[test]
    fn every_cut_and_what_is_no_gzip_is_noticed() {
        let whole = gzip(&b"some text that is worth its compression ".repeat(100));
        let twice = [whole.clone(), whole.clone()].concat();
        for piece in [1, 5, 4096] {
            for cut in (0..whole.len()).chain(whole.len() + 1..twice.len()) {
                let read = read(Encoding::Gzip, &twice[..cut], piece, 1 << 20);
                assert!(matches!(read, Err(TextError::Damaged(_))), "{piece}, {cut}");
            }
            for (at, byte) in [(0, 0), (3, 0xff), (whole.len() / 2, 0x55), (whole.len() - 1, 1), (whole.len() - 6, 1)] {
                let mut flipped = whole.clone();
                flipped[at] ^= byte | 0x40;
                assert!(
                    matches!(read(Encoding::Gzip, &flipped, piece, 1 << 20), Err(TextError::Damaged(_))),
                    "{piece}, {at}"
                );
            }
            let behind = [&whole[..], b"<p>"].concat();
            assert!(matches!(read(Encoding::Gzip, &behind, piece, 1 << 20), Err(TextError::Damaged(_))), "{piece}");
        }
    }

    #[test]
    fn memory_that_there_is_not_is_an_error() {
        let mut text = Text::Identity(Limited { bytes: Vec::new(), limit: usize::MAX });
        text.push(b"a").unwrap();
        if let Text::Identity(limited) = &mut text {
            let reserved = limited.bytes.try_reserve_exact(isize::MAX as usize).map_err(io::Error::from);
            assert!(matches!(reserved.map_err(TextError::from), Err(TextError::NoMemory(_))));
        }
    }
}
