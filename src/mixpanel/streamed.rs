//! How is an answer read that may be too large for memory, if only little of it is needed?
//!
//! A thread reads it while it arrives, and keeps what `T` has room for: everything else is passed over, whatever its length.

use std::{
    io::{BufReader, Read},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use bytes::{Buf, Bytes};
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

use super::{Client, Encoding, Failure, Request, network, with_retries, words};
use crate::contract::{Code, Error, Result};

/// How many pieces may wait to be read.
const WAITING: usize = 4;

/// So many bytes are looked at at a time.
const BUFFER: usize = 64 << 10;

impl Client {
    /// What `T` wants of an answer that is one JSON text, with retries. Nothing else of it is kept.
    ///
    /// Errors: as [`Client::json`], but for complaints inside an answer: `T` has to look for those.
    pub async fn streamed<T: DeserializeOwned + Send + 'static>(&self, request: &Request) -> Result<T> {
        with_retries(&mut self.tries(), || self.streamed_once(request), || ()).await
    }

    async fn streamed_once<T: DeserializeOwned + Send + 'static>(&self, request: &Request) -> Result<T, Failure> {
        let mut body = self.open(request).await?;
        let (encoding, content_type) = (body.encoding(), body.content_type());
        let (sender, receiver) = sync_channel(WAITING);
        let reading =
            thread::Builder::new().name("mixpanel answer".into()).spawn(move || read::<T>(receiver, encoding));
        let reading = reading.map_err(Error::from)?;
        let mut is_page = words::is_html(&content_type, b"");
        // Where the reader has had enough, its error says why.
        while let Some(piece) = body.chunk().await? {
            is_page |= body.received() == piece.len() as u64 && words::is_html("", &piece);
            if sender.send(piece).is_err() {
                break;
            }
        }
        drop(sender);
        let Ok(outcome) = reading.join() else {
            return Err(Failure::never(Error::new(Code::Internal, "reading an answer failed")));
        };
        let place = request.place(self.target());
        match outcome {
            Ok(value) => Ok(value),
            Err(error) if is_page => {
                let what = format!("the answer is a web page ({place})");
                let error = Error::new(Code::UnexpectedResponse, what).caused_by(error);
                Err(Failure::backoff(error.fix("Check for a proxy or login page between this machine and Mixpanel")))
            }
            Err(error) if error.is_eof() => Err(network::broken_off(&place, body.received() as usize)),
            Err(error) if error.is_io() => {
                let what = format!("the compressed answer is damaged: {error} ({place})");
                Err(Failure::backoff(Error::new(Code::Truncated, what).caused_by(error)))
            }
            Err(error) => {
                let what = format!("the answer is not as expected: {error} ({place})");
                Err(Failure::never(Error::new(Code::UnexpectedResponse, what).caused_by(error)))
            }
        }
    }
}

fn read<T: DeserializeOwned>(pieces: Receiver<Bytes>, encoding: Encoding) -> serde_json::Result<T> {
    let arriving = Arriving { pieces, piece: Bytes::new() };
    match encoding {
        Encoding::Identity => serde_json::from_reader(BufReader::with_capacity(BUFFER, arriving)),
        Encoding::Gzip => serde_json::from_reader(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(arriving))),
    }
}

/// The bytes of a body, as far as they have come.
struct Arriving {
    pieces: Receiver<Bytes>,
    piece: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.piece.is_empty() {
            // The sender is gone at the end.
            self.piece = self.pieces.recv().unwrap_or_default();
        }
        let count = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(buffer.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
