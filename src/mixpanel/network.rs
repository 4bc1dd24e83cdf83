//! What went wrong before there was an answer?

use std::error::Error as StdError;

use super::Failure;
use crate::contract::{Code, Error};

/// A request that got no answer. `place` is method and address, without parameters.
pub(super) fn failure(place: &str, error: &reqwest::Error) -> Failure {
    let reason = reason(error);
    if is_certificate(error) {
        return Failure::never(
            Error::new(Code::NetworkError, format!("the server's certificate is not trusted: {reason} ({place})"))
                .fix("Behind a proxy that inspects traffic, set SSL_CERT_FILE to a file with its certificate"),
        );
    }
    if error.is_builder() {
        return Failure::never(Error::new(Code::Internal, format!("no request could be made: {reason} ({place})")));
    }
    let what = match (error.is_connect(), error.is_timeout()) {
        (true, true) => "the connection took too long".to_owned(),
        (true, false) => format!("no connection: {reason}"),
        (false, _) => format!("the connection broke before the answer: {reason}"),
    };
    Failure::backoff(Error::new(Code::NetworkError, format!("{what} ({place})")).fix(FIX))
}

/// A server that accepted the request and said nothing for so many seconds.
pub(super) fn silence(place: &str, seconds: f64) -> Failure {
    let what = format!("Mixpanel sent nothing for {seconds} seconds ({place})");
    Failure::backoff(Error::new(Code::NetworkError, what).fix(FIX))
}

/// An answer that broke off after so many bytes.
pub(super) fn cut(place: &str, received: u64, error: &reqwest::Error) -> Failure {
    let what = format!("the answer was cut off after {received} bytes: {} ({place})", reason(error));
    Failure::backoff(Error::new(Code::Truncated, what).fix(FIX))
}

const FIX: &str = "Check the network, and HTTPS_PROXY where this machine needs a proxy, and run it again";

/// The innermost cause: the outer ones say only that there was one.
fn reason(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(Some(error as &(dyn StdError + 'static)), |&error| error.source())
}

fn is_certificate(error: &reqwest::Error) -> bool {
    let certificate = |error: &rustls::Error| matches!(error, rustls::Error::InvalidCertificate(_));
    causes(error).any(|cause| {
        // `io::Error` shows its content's source as its own, not the content.
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let inner = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        cause.downcast_ref::<rustls::Error>().or(inner).is_some_and(certificate)
    })
}
