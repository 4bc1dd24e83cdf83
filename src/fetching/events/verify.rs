//! Is a window that is too large to be inflated whole really whole?
//!
//! Its rows will be emitted while it is inflated as a stream, so everything that
//! can be known must be known before: that the compressed bytes are good to their
//! end, and that every line is an event. The window is inflated twice, the first
//! time here, while it arrives, on CPU that the network leaves idle.

use std::{
    io::{self, Read},
    thread,
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::inflate::{self, Blocks, InflateError};
use crate::{
    config::Credentials,
    contract::{Code, Error, Result},
    decode::{Count, Damage, DamageKind, Days, Decoder},
    mixpanel::{Encoding, Failure, redact},
};

/// Inflated bytes that are looked at together.
const BLOCK: usize = 1 << 20;

/// What helps against answers that keep ending early.
const NOT_WHOLE: &str = "Request less at a time (window_days := 1, fewer events, a filter), or run it again later";

/// Chunks of the network that wait to be inflated; more of them hold the download back.
const QUEUED_CHUNKS: usize = 64;

/// Checks all lines of a stream; errors don't repeat the credentials.
pub fn lines(source: impl Read, days: Days, credentials: &Credentials) -> Result<Count> {
    let mut blocks = Blocks::new(source, BLOCK);
    let mut total = Count::default();
    while let Some(block) = blocks.next()? {
        let count = Decoder::verify(&block, days).map_err(|damage| damaged(total.rows, &damage, credentials))?;
        total.rows += count.rows;
        total.outside += count.outside;
        total.on_days += count.on_days;
    }
    Ok(total)
}

/// Whether the rows answer the question: what should be known where a few of them lie outside the days that were asked for.
///
/// Errors: `UnexpectedResponse` where most of them do.
pub fn within_days(count: Count) -> Result<Option<String>> {
    let Count { rows, outside, .. } = count;
    let what = format!("{outside} of {rows} rows are more than 14 hours outside the requested days");
    match outside {
        0 => Ok(None),
        _ if outside > rows / 2 => Err(Error::new(Code::UnexpectedResponse, what).fix(
            "Check for a proxy or cache between this machine and Mixpanel, or ask Mixpanel's support about the \
             project's times",
        )),
        _ => Ok(Some(what)),
    }
}

/// Damage that was found behind so many good rows, without the credentials.
pub fn damaged(rows_before: usize, damage: &Damage, credentials: &Credentials) -> Error {
    let rows = rows_before + damage.rows;
    let redact = |text: &str| redact(credentials, text);
    match &damage.kind {
        // Instead of events, not among them: an answer to the request as a whole.
        DamageKind::ApiError(words) if rows == 0 => {
            Error::new(Code::ServerError, "Mixpanel returned an error instead of events, with status 200")
                .server(redact(words))
                .fix("Check dates, events and filter, or run it again later")
        }
        DamageKind::Html if rows == 0 => {
            Error::new(Code::UnexpectedResponse, "the answer is a web page instead of events")
                .server(damage.excerpt(redact))
                .fix("Check for a proxy or login page between this machine and Mixpanel")
        }
        DamageKind::TooLong => too_long(damage),
        DamageKind::Internal(fault) => Error::new(Code::Internal, fault),
        _ => Error::new(Code::Truncated, format!("the answer is incomplete: {}", damage.told(redact))).fix(NOT_WHOLE),
    }
}

/// An answer that came and is no good: whether it may be better another time.
pub fn failure(error: Error) -> Failure {
    match is_damage(&error) {
        true => Failure::damaged(error),
        false => Failure::never(error),
    }
}

/// Whether the bytes are to blame, and not this machine.
pub fn is_damage(error: &Error) -> bool {
    matches!(error.code(), Code::Truncated | Code::UnexpectedResponse | Code::ServerError)
}

/// It repeats nothing of the line, so that nothing has to be taken out.
fn too_long(damage: &Damage) -> Error {
    Error::new(Code::TooLarge, damage.told(str::to_owned))
        .fix("Mixpanel sends no line that long. Check for a proxy between this machine and Mixpanel")
}

impl From<InflateError> for Error {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::Damaged(what) => Error::new(Code::Truncated, what).fix(NOT_WHOLE),
            InflateError::TooLong => too_long(&Damage::too_long()),
            InflateError::Io(error) => error.into(),
        }
    }
}

/// A thread that checks a window while it arrives.
pub struct Verifier {
    chunks: mpsc::Sender<Bytes>,
    verdict: oneshot::Receiver<Result<Count>>,
}

impl Verifier {
    pub fn start(encoding: Encoding, days: Days, credentials: Credentials) -> Result<Self> {
        let (chunks, arriving) = mpsc::channel(QUEUED_CHUNKS);
        let (tell, verdict) = oneshot::channel();
        let check = move || {
            let bytes = inflate::stream(Arriving { chunks: arriving, chunk: Bytes::new() }, encoding);
            let _ = tell.send(lines(bytes, days, &credentials));
        };
        thread::Builder::new().name("mixpanel-verify".into()).spawn(check)?;
        Ok(Self { chunks, verdict })
    }

    /// Hands over bytes. `false` once they are no longer wanted: the verdict is clear then, and no good one.
    pub async fn feed(&self, chunk: Bytes) -> bool {
        self.chunks.send(chunk).await.is_ok()
    }

    /// The verdict on all that was fed.
    pub async fn finish(self) -> Result<Count> {
        drop(self.chunks);
        self.verdict.await.unwrap_or_else(|_| Err(Error::new(Code::Internal, "a verifying thread failed")))
    }
}

/// The bytes that were fed, as a stream for the inflater.
struct Arriving {
    chunks: mpsc::Receiver<Bytes>,
    chunk: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(0),
            }
        }
        let count = self.chunk.len().min(target.len());
        target[..count].copy_from_slice(&self.chunk.split_to(count));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixpanel::Retry;

    #[test]
    fn damage_is_asked_for_again_whatever_it_looks_like() {
        for (code, retry) in [
            (Code::Truncated, Retry::Damaged),
            (Code::UnexpectedResponse, Retry::Damaged),
            (Code::ServerError, Retry::Damaged),
            (Code::TooLarge, Retry::Never),
            (Code::OutOfMemory, Retry::Never),
            (Code::Internal, Retry::Never),
        ] {
            assert_eq!(failure(Error::new(code, "x")).retry, retry, "{code:?}");
        }
    }
}
