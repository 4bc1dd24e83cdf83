//! How long may the server be silent?
//!
//! There is no time-out for a whole answer: one day of a large project can take
//! more than an hour to export (estuary/connectors#2591). What is limited is
//! silence: before the connection stands, before the first byte, between bytes.

use std::time::Duration;

use super::Api;
use crate::config::Testing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timeouts {
    /// Until a connection stands, TLS included: 30 s.
    pub connect: Duration,
    /// Between two pieces of an answer: 120 s.
    pub idle: Duration,
    tests: Option<Duration>,
}

impl Timeouts {
    pub fn new(testing: &Testing) -> Self {
        let idle = testing.timeout.unwrap_or(Duration::from_secs(120));
        Self { connect: Duration::from_secs(30), idle, tests: testing.timeout }
    }

    /// From sending a request until its answer begins. Export prepares for minutes; Mixpanel's edge gives a query up
    /// after about 488 s and the app API after about 120 s (`mixpanel-api.md` §1.1), so ours are a little longer:
    /// their refusal says more than our impatience.
    pub fn first_byte(&self, api: Api) -> Duration {
        self.tests.unwrap_or(match api {
            Api::Export => Duration::from_secs(600),
            Api::Query => Duration::from_secs(510),
            Api::App => Duration::from_secs(150),
        })
    }
}
