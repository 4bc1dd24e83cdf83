//! How does a fetch ask Mixpanel?
//!
//! With one client, as often as the policy has it, and so that `mixpanel_fetches()` tells of each request.

use std::{
    future::Future,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;

use super::record::Fetch;
use crate::{
    config::Target,
    contract::Result,
    mixpanel::{Body, Client, Failure, Quota, Request, Tries, with_retries},
};

/// Asks for a fetch, and writes it down.
pub struct FetchClient {
    client: Client,
    record: Arc<Fetch>,
}

impl FetchClient {
    /// Makes no request yet.
    ///
    /// Errors: `RateLimited` where the hour has not so many requests left.
    pub fn new(target: &Target, quota: Quota, requests: usize, record: Arc<Fetch>) -> Result<Self> {
        let client = Client::new(target)?;
        client.afford(quota, requests)?;
        Ok(Self { client, record })
    }

    pub fn record(&self) -> &Arc<Fetch> {
        &self.record
    }

    /// The tries of a window or page, none made yet.
    pub fn tries(&self) -> Tries {
        self.client.tries()
    }

    /// Tries as often as is left of the tries.
    pub async fn persist<T, F>(&self, tries: &mut Tries, attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        with_retries(tries, attempt, || Fetch::add(&self.record.retries, 1)).await
    }

    /// One request whose answer is a stream.
    pub async fn open(&self, request: &Request) -> Result<Body, Failure> {
        let body = self.client.open(request).await;
        self.asked();
        body
    }

    /// One request whose answer is a text that should be JSON. Whoever reads it sees whether it is.
    pub async fn text(&self, request: &Request) -> Result<Bytes, Failure> {
        let answer = self.client.text_once(request).await;
        self.asked();
        let answer = answer?;
        Fetch::add(&self.record.bytes, answer.received);
        Ok(answer.body)
    }

    /// What is to be said of a text that is only the beginning of one.
    pub fn broken_off(&self, request: &Request, length: usize) -> Failure {
        self.client.broken_off(request, length)
    }

    fn asked(&self) {
        self.record.requests.store(self.client.requests(), Ordering::Relaxed);
    }
}
