//! How does a Mixpanel project become SQL? This is the `mixpanel` extension for DuckDB.
//!
//! Data flows one way: SQL arguments -> a validated request -> HTTP -> spooled
//! bytes -> rows -> Arrow -> the host's vectors. Each step is a folder:
//!
//! * [`functions`]: what SQL can call, one file per family; listed in [`catalog`]
//! * [`kept`]: tables that remember what was fetched into them
//! * [`macros`]: named queries
//! * [`fetching`]: what takes many requests, windows of events and pages of profiles, and the record of it
//! * [`decode`]: lines of JSON to columns
//! * [`mixpanel`]: the HTTP client
//! * [`json`]: JSON answers, and what stands in them
//! * [`known`]: the discovery cache
//! * [`html`]: the text of a web page that came instead of an answer
//! * [`config`]: accounts and credentials
//! * [`contract`]: what the core and the hosts say to each other, in Arrow
//! * [`host`]: the two DuckDB C APIs; the only code that knows DuckDB, the only
//!   unsafe code

#![deny(unsafe_code)]
// This documentation is for who changes the code, and `make lint` makes it with what is private.
#![allow(rustdoc::private_intra_doc_links)]
// The hosts contain what panics all the same, but an error is a value. Tests may.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::todo)
)]

pub mod archive;
pub mod catalog;
pub mod config;
pub mod contract;
pub mod decode;
pub mod fetching;
mod file_limit;
pub mod folder;
pub mod functions;
mod hash;
pub mod html;
pub mod json;
pub mod kept;
pub mod known;
pub mod macros;
pub mod mixpanel;
pub mod quota;

#[allow(unsafe_code)]
pub mod host;

#[cfg(test)]
mod house_tests;
