//! Where does a window come from?
//!
//! From Mixpanel, and it is here once it has arrived whole: nothing of a request
//! that fails is kept. What the archive has needs no asking; see [`super::keeper`].

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    answer::Answered,
    keeper::Keeper,
    plan::Window,
    request::ExportRequest,
    spool::{Allowance, Spool},
    verify::{self, Verifier},
};
use crate::{
    contract::{Error, Reason, Result},
    fetching::{client::FetchClient, record::Fetch},
    hash,
    mixpanel::{Encoding, Failure, Quota, Retry},
};

/// Compressed bytes from which on a window is surely too large to be inflated whole, and is checked while it arrives.
const LARGE: u64 = 8 << 20;

/// What became of asking for a window.
pub enum Brought {
    Answer(Box<Answered>),
    /// It broke off: its halves are to be asked for, after a pause.
    Broken(Duration, Error),
    /// The hour is used up until then, as the error says.
    Later(Timestamp, Error),
}

/// Brings the windows of one scan.
pub struct WindowSource {
    client: FetchClient,
    request: ExportRequest,
    allowance: Allowance,
}

impl WindowSource {
    pub fn new(request: ExportRequest, record: Arc<Fetch>) -> Result<Self> {
        let client = FetchClient::new(request.target(), Quota::Export, 0, record)?;
        Ok(Self { client, request, allowance: Allowance::default() })
    }

    /// One window, asked for until it is here, whole, or `again`, which a failed try goes to, says that no try is left.
    pub async fn bring(
        &self,
        window: Window,
        claim: Option<&str>,
        again: impl Fn(Failure) -> Result<Duration>,
        keeper: &Keeper,
    ) -> Result<Brought> {
        loop {
            let failure = match self.attempt(window, claim, keeper).await {
                Ok(answer) => return Ok(Brought::Answer(Box::new(answer))),
                Err(failure) => failure,
            };
            if let Retry::Later(at) = failure.retry {
                return Ok(Brought::Later(at, failure.error));
            }
            let (error, had_begun) = (failure.error.clone(), failure.silence.had_begun);
            let pause = again(failure)?;
            if had_begun && window.halves().is_some() {
                return Ok(Brought::Broken(pause, error));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks for one window. Its last day may not have begun in the project, whose time zone we may not know: then the days
    /// before it are asked for.
    async fn attempt(&self, mut window: Window, claim: Option<&str>, keeper: &Keeper) -> Result<Answered, Failure> {
        let whole = window;
        loop {
            let asked_at = keeper.now();
            match self.receive(window, claim, keeper, window == whole).await {
                Err(failure)
                    if self.request.may_end_earlier(window) && failure.error.reason() == Some(Reason::FutureDate) =>
                {
                    keeper.refused_from(window.to);
                    match window.to.yesterday() {
                        Ok(day) if day >= window.from => window.to = day,
                        _ => return Ok(Answered::empty(&self.allowance, asked_at)),
                    }
                }
                received => return received,
            }
        }
    }

    /// One request. An answer to fewer days than were planned is kept under those, and checked here: its reader knows the planned
    /// ones only.
    async fn receive(
        &self,
        window: Window,
        claim: Option<&str>,
        keeper: &Keeper,
        is_planned: bool,
    ) -> Result<Answered, Failure> {
        let asked_at = keeper.now();
        let request = self.request.window(window).claimed(claim);
        let mut body = self.client.open(&request).await?;
        let encoding = body.encoding();
        let id = claim.map_or_else(hash::random, str::to_owned);
        let mut partial = keeper.begin(&id, encoding == Encoding::Gzip);
        let mut verifier: Option<Verifier> = None;
        if let (Some(partial), false) = (&mut partial, is_planned) {
            partial.is_about((window.from, window.to));
            verifier = Some(Verifier::start(encoding, window.days(), self.request.target().credentials.clone())?);
        }
        let mut spool = Spool::new(&self.allowance, partial);
        while let Some(chunk) = body.chunk().await? {
            Fetch::add(&self.client.record().bytes, chunk.len() as u64);
            if spool.has_partial() && !keeper.takes(chunk.len()) {
                spool.leave_the_archive()?;
                keeper.keep_no_more();
            }
            if !spool.write(&chunk)? {
                keeper.keep_no_more();
            }
            let is_wanted = match &verifier {
                Some(verifier) => verifier.feed(chunk).await,
                None if spool.len() > LARGE => {
                    let credentials = self.request.target().credentials.clone();
                    let started = verifier.insert(Verifier::start(encoding, window.days(), credentials)?);
                    started.feed(spool.bytes().map_err(Error::from)?.into_owned().into()).await
                }
                None => true,
            };
            // What is no good already need not come to its end, which may be far away.
            if !is_wanted {
                break;
            }
        }
        let verified = match verifier {
            None => None,
            Some(verifier) => Some(verifier.finish().await.map_err(verify::failure)?),
        };
        // A doubtful one is for the reader to judge.
        if !is_planned && verified.is_none_or(|count| verify::within_days(count).is_err()) {
            spool.leave_the_archive()?;
        }
        Ok(Answered { spool, encoding, verified, asked_at })
    }
}
