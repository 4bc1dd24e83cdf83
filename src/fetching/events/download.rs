//! How do the windows get here?
//!
//! One thread, with a small runtime of its own, downloads several windows at
//! once. It ends when all windows are in hand or nobody reads any more; ending
//! drops what is under way, which closes the connections at once.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
};

use tokio::task::JoinSet;

use super::{
    plan::Window,
    request::ExportRequest,
    spool::{Allowance, Spool},
    verify::Verifier,
    windows::{Arrived, Windows},
};
use crate::{
    contract::{Code, Error, Reason, Result},
    fetching::record::Fetch,
    mixpanel::{Client, Failure, Quota, RetryPolicy, with_retries},
};

/// What the tasks of one download share.
struct Download {
    windows: Arc<Windows>,
    client: Client,
    request: ExportRequest,
    allowance: Allowance,
}

/// Starts to download the windows of a scan.
pub fn start(windows: Arc<Windows>, request: ExportRequest, max_workers: usize) -> Result<()> {
    let client = Client::new(request.target())?;
    client.afford(Quota::Export, windows.count())?;
    let download = Arc::new(Download { windows, client, request, allowance: Allowance::default() });
    let run = move || {
        // Whatever ends this thread, readers must not wait for it.
        let _over = Over(Arc::clone(&download.windows));
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                runtime.block_on(drive(Arc::clone(&download), max_workers));
                runtime.shutdown_background();
            }
            Err(error) => download.windows.fail(error.into()),
        }
    };
    thread::Builder::new().name("mixpanel-download".into()).spawn(run)?;
    Ok(())
}

struct Over(Arc<Windows>);

impl Drop for Over {
    fn drop(&mut self) {
        if !self.0.is_over() {
            self.0.fail(Error::new(Code::Internal, "the download thread ended before its work"));
        }
    }
}

async fn drive(download: Arc<Download>, max_workers: usize) {
    let windows = &download.windows;
    let mut tasks = JoinSet::new();
    while !windows.is_over() {
        while tasks.len() < max_workers
            && let Some((index, window, damaged)) = windows.next_to_download(2 * max_workers)
        {
            tasks.spawn(fetch(Arc::clone(&download), index, window, damaged));
        }
        tokio::select! {
            () = windows.wanted.notified() => {}
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                if let Err(error) = ended {
                    windows.fail(Error::new(Code::Internal, format!("a download failed: {error}")));
                }
            }
        }
    }
}

/// Fetches one window until it is here or can't be had. `damaged` answers of it were thrown away before.
async fn fetch(download: Arc<Download>, index: usize, window: Window, damaged: usize) {
    let record = &download.windows.fetch;
    let policy = download.client.retry_policy();
    if damaged > 0 {
        tokio::time::sleep(policy.pause(damaged)).await;
    }
    let policy = RetryPolicy { retries: policy.retries.saturating_sub(damaged), ..policy };
    match with_retries(policy, "", |_| attempt(&download, window), |_| Fetch::add(&record.retries, 1)).await {
        Ok(arrived) => download.windows.bring(index, arrived),
        Err(error) => download.windows.give_up(index, error),
    }
}

/// Asks for one window. Where we chose the last day ourselves, because the query asks for everything until now, it may
/// lie in the future of the project, whose time zone we don't know: then the days before it are asked for.
async fn attempt(download: &Download, mut window: Window) -> Result<Arrived, Failure> {
    loop {
        match receive(download, window).await {
            Err(failure)
                if download.request.may_end_earlier(window) && failure.error.reason() == Some(Reason::FutureDate) =>
            {
                match window.to.yesterday() {
                    Ok(day) if day >= window.from => window.to = day,
                    _ => return Ok(Arrived::empty(&download.allowance)),
                }
            }
            received => return received,
        }
    }
}

/// One request. Nothing of one that fails is kept.
async fn receive(download: &Download, window: Window) -> Result<Arrived, Failure> {
    let record = &download.windows.fetch;
    let opened = download.client.open(&download.request.window(window)).await;
    record.requests.store(download.client.requests(), Ordering::Relaxed);
    let mut body = opened?;
    let encoding = body.encoding();
    let mut spool = Spool::new(&download.allowance);
    let mut verifier: Option<Verifier> = None;
    while let Some(chunk) = body.chunk().await? {
        Fetch::add(&record.bytes, chunk.len() as u64);
        spool.write(&chunk)?;
        let is_wanted = match &verifier {
            Some(verifier) => verifier.feed(chunk).await,
            None if spool.len() > LARGE => {
                let credentials = download.client.target().credentials.clone();
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
        Some(verifier) => Some(verifier.finish().await.map_err(|error| match error.code() {
            Code::Truncated => Failure::backoff(error),
            _ => Failure::never(error),
        })?),
    };
    Ok(Arrived { spool, encoding, verified })
}

/// Compressed bytes from which on a window is surely too large to be inflated whole, and is checked while it arrives.
const LARGE: u64 = 8 << 20;
