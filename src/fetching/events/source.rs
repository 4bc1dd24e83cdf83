//! Where does a window come from?
//!
//! From Mixpanel. It is here once it has arrived whole: nothing of a request that fails is kept.

use std::sync::Arc;

use super::{
    plan::Window,
    request::ExportRequest,
    spool::{Allowance, Spool},
    verify::{self, Verifier},
};
use crate::{
    contract::{Error, Reason, Result},
    decode::Count,
    fetching::{client::FetchClient, record::Fetch},
    mixpanel::{Encoding, Failure, Quota, Tries},
};

/// Compressed bytes from which on a window is surely too large to be inflated whole, and is checked while it arrives.
const LARGE: u64 = 8 << 20;

/// A window that has arrived whole.
#[derive(Debug)]
pub struct Arrived {
    pub spool: Spool,
    pub encoding: Encoding,
    /// What it holds, where its lines were checked while it arrived.
    pub verified: Option<Count>,
}

impl Arrived {
    /// A window without events.
    fn empty(allowance: &Allowance) -> Self {
        Self { spool: Spool::new(allowance), encoding: Encoding::Identity, verified: Some(Count::default()) }
    }
}

/// Brings the windows of one scan.
pub struct WindowSource {
    client: FetchClient,
    request: ExportRequest,
    allowance: Allowance,
}

impl WindowSource {
    /// For so many windows.
    ///
    /// Errors: `RateLimited` where the hour has not enough requests left for them.
    pub fn new(request: ExportRequest, windows: usize, record: Arc<Fetch>) -> Result<Self> {
        let client = FetchClient::new(request.target(), Quota::Export, windows, record)?;
        Ok(Self { client, request, allowance: Allowance::default() })
    }

    /// One window, asked for until it is here, whole, or no try is left.
    pub async fn bring(&self, window: Window, tries: &mut Tries) -> Result<Arrived> {
        self.client.persist(tries, || self.attempt(window)).await
    }

    /// Asks for one window. Where we chose the last day ourselves, because the query asks for everything until now, it
    /// may lie in the future of the project, whose time zone we don't know: then the days before it are asked for.
    async fn attempt(&self, mut window: Window) -> Result<Arrived, Failure> {
        loop {
            match self.receive(window).await {
                Err(failure)
                    if self.request.may_end_earlier(window) && failure.error.reason() == Some(Reason::FutureDate) =>
                {
                    match window.to.yesterday() {
                        Ok(day) if day >= window.from => window.to = day,
                        _ => return Ok(Arrived::empty(&self.allowance)),
                    }
                }
                received => return received,
            }
        }
    }

    /// One request.
    async fn receive(&self, window: Window) -> Result<Arrived, Failure> {
        let mut body = self.client.open(&self.request.window(window)).await?;
        let encoding = body.encoding();
        let mut spool = Spool::new(&self.allowance);
        let mut verifier: Option<Verifier> = None;
        while let Some(chunk) = body.chunk().await? {
            Fetch::add(&self.client.record().bytes, chunk.len() as u64);
            spool.write(&chunk)?;
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
        Ok(Arrived { spool, encoding, verified })
    }
}
