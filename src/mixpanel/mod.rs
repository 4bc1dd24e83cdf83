//! How does a request reach Mixpanel?
//!
//! Build a [`Request`], give it to a [`Client`]: [`Client::json`] for one JSON
//! text, [`Client::open`] inside [`with_retries`] for a stream. Everything is
//! async without a runtime of its own; [`block_on`] is for callers that have none.
//!
//! A request passes through these files, in this order: `request` (what is
//! asked), `region` (of which host), `auth` (with which header),
//! [`crate::quota`] (whether now), `client` (sends it, over `tls`, with
//! `policy`), `redirect` (once more where the server spells it otherwise),
//! `body` and `text` (the answer arrives), `network` (or nothing does),
//! `throttle`, `words`, `redact` and `errors` (or it is a refusal), `retry` (again).

mod auth;
mod body;
mod client;
mod errors;
mod network;
mod policy;
mod redact;
mod redirect;
mod region;
mod request;
mod retry;
mod runtime;
mod streamed;
mod text;
mod throttle;
mod tls;
mod words;

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
pub(crate) mod testing;

pub use body::{Body, Encoding};
pub use client::{Answer, Client, require_readable};
pub use policy::Policy;
pub use redact::redact;
pub use region::Api;
pub use request::{Method, Request};
pub use retry::{Failure, Retry, Tries, with_retries};
pub use runtime::block_on;
pub use words::error_in_answer;

pub use crate::quota::Quota;
