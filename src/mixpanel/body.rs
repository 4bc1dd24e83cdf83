//! How does an answer arrive?
//!
//! Piece by piece, as the server sent it: compressed bytes stay compressed,
//! because an export is kept that way until it is whole. Silence between pieces
//! ends it, and a connection that closes early is an error, never an end.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use reqwest::{
    Response,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING},
};
use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::{
    Failure, Policy, network,
    text::{Text, TextError},
};
use crate::{
    contract::{Code, Error, Result},
    quota::Permit,
};

/// How the bytes of a body are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Identity,
    Gzip,
}

/// The answer to a request that succeeded. Holds its place among the concurrent requests until it is dropped.
#[derive(Debug)]
pub struct Body {
    response: Response,
    encoding: Encoding,
    place: String,
    received: u64,
    /// When the last bytes came, or the head.
    heard_at: Instant,
    policy: Policy,
    _permit: Option<Permit>,
}

/// The beginning of a refusal's body.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    pub text: Vec<u8>,
    /// It ends where the connection broke or fell silent, where its compression is damaged, or within its JSON.
    pub is_cut: bool,
}

impl Body {
    /// Errors: `UnexpectedResponse` for a compression that was not asked for.
    pub(super) fn new(response: Response, place: String, policy: Policy, permit: Option<Permit>) -> Result<Self> {
        let encoding = encoding(response.headers(), &place)?;
        Ok(Self { response, encoding, place, received: 0, heard_at: Instant::now(), policy, _permit: permit })
    }

    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Whether the answer says where it ends. One that does not ends where the connection does, and a connection that
    /// breaks looks just the same.
    fn is_framed(&self) -> bool {
        let headers = self.response.headers();
        let encodings = headers.get_all(TRANSFER_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let last = encodings.flat_map(|value| value.split(',')).next_back();
        last.map_or(headers.contains_key(CONTENT_LENGTH), |last| last.trim().eq_ignore_ascii_case("chunked"))
    }

    /// In bytes, as they travel; `None` where the server streams.
    pub fn content_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// In lower case; empty where the server did not say.
    pub fn content_type(&self) -> String {
        content_type(self.response.headers())
    }

    /// The next piece, never empty, or `None` at the end.
    ///
    /// Failures, all worth a retry: `Truncated` where the body ends early, or does not say that it has ended;
    /// `NetworkError` where nothing comes for too long.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match self.piece().await? {
            None if !self.is_framed() => Err(network::without_end(&self.place)),
            piece => Ok(piece),
        }
    }

    /// The same, where an end that may be none will do.
    async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        let silent = |failure: Failure| Err(failure.silent_for(self.heard_at.elapsed()));
        loop {
            let chunk = match tokio::time::timeout(self.policy.idle, self.response.chunk()).await {
                Err(_) => return silent(network::silence(&self.place, self.policy.idle.as_secs_f64())),
                Ok(Err(error)) => return silent(network::cut(&self.place, self.received, error)),
                Ok(Ok(chunk)) => chunk,
            };
            match chunk {
                Some(chunk) if chunk.is_empty() => {}
                Some(chunk) => {
                    self.received += chunk.len() as u64;
                    self.heard_at = Instant::now();
                    return Ok(Some(chunk));
                }
                None => return Ok(None),
            }
        }
    }

    /// How many bytes came so far, as they travel.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The whole body, decompressed, if it is at most `limit` bytes long: for answers that are one JSON text.
    ///
    /// Failures: those of [`Body::chunk`]; `Truncated` for a broken gzip stream; `TooLarge` beyond the limit;
    /// `OutOfMemory`.
    pub async fn text(&mut self, limit: usize) -> Result<Bytes, Failure> {
        // What says so itself need not come.
        if self.encoding == Encoding::Identity && self.content_length().is_some_and(|length| length > limit as u64) {
            return Err(self.no_text(TextError::TooLong, limit));
        }
        let mut text = Text::new(self.encoding, limit);
        while let Some(chunk) = self.chunk().await? {
            text.push(&chunk).map_err(|error| self.no_text(error, limit))?;
        }
        text.finish().map(Bytes::from).map_err(|error| self.no_text(error, limit))
    }

    /// Up to `limit` bytes of a refusal's body, decompressed, whatever of it arrives in time.
    pub(super) async fn sentence(mut self, limit: usize) -> Sentence {
        let deadline = Instant::now() + self.policy.sentence;
        let mut bytes = Vec::new();
        let mut is_cut = loop {
            match tokio::time::timeout_at(deadline, self.piece()).await {
                Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
                Ok(Ok(None)) => break false,
                Ok(Err(_)) | Err(_) => break true,
            }
            if bytes.len() >= limit {
                break false;
            }
        };
        if self.encoding == Encoding::Gzip {
            let mut text = Vec::new();
            // What could be read before an error is in `text`.
            is_cut |= MultiGzDecoder::new(bytes.as_slice()).take(limit as u64).read_to_end(&mut text).is_err();
            bytes = text;
        }
        // A connection that closes late or not at all takes nothing away from JSON that has ended. What is as long as the
        // limit was cut by us.
        let is_cut = is_cut && serde_json::from_slice::<IgnoredAny>(&bytes).is_err() || breaks_off(&bytes);
        Sentence { is_cut: is_cut && bytes.len() < limit, text: bytes }
    }

    fn no_text(&self, error: TextError, limit: usize) -> Failure {
        let place = &self.place;
        match error {
            TextError::TooLong => {
                let what = format!("the answer is longer than {} MiB ({place})", limit >> 20);
                let fix = "Request less: fewer days, segments, ids or properties";
                Failure::never(Error::new(Code::TooLarge, what).fix(fix))
            }
            TextError::NoMemory(error) => Failure::never(Error::from(error).context(place)),
            TextError::Damaged(error) => {
                let what = format!("the compressed answer is damaged: {error} ({place})");
                Failure::backoff(Error::new(Code::Truncated, what).caused_by(error))
            }
        }
    }
}

/// Whether a text is the beginning of a JSON text and no more: what cut it may have told the length of what was left.
pub(super) fn breaks_off(text: &[u8]) -> bool {
    let error = serde_json::from_slice::<IgnoredAny>(text).err();
    error.is_some_and(|error| error.is_eof()) && !text.trim_ascii().is_empty()
}

pub(super) fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

fn encoding(headers: &HeaderMap, place: &str) -> Result<Encoding> {
    let value = headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    match value.as_deref() {
        None | Some("" | "identity") => Ok(Encoding::Identity),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some(other) => {
            let what = format!(
                "the answer is compressed as '{}', which the request did not accept ({place})",
                other.escape_default()
            );
            Err(Error::new(Code::UnexpectedResponse, what).fix("Check for a proxy between this machine and Mixpanel"))
        }
    }
}
