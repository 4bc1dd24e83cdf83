//! Which errors do failed connections become?

use std::error::Error as StdError;

use super::{Failure, Retry};
use crate::contract::{Code, Error};

/// A request that got no answer. `place` is method and address, without parameters.
pub(super) fn failure(place: &str, error: reqwest::Error) -> Failure {
    let Failure { error: shown, retry, .. } = refusal(place, &error);
    Failure::new(caused(shown, error), retry)
}

fn refusal(place: &str, error: &reqwest::Error) -> Failure {
    let reason = reason(error);
    if is_certificate(error) {
        return Failure::never(
            Error::new(Code::NetworkError, format!("the server's certificate is not trusted: {reason} ({place})"))
                .fix("If a proxy inspects the traffic, set SSL_CERT_FILE to a file with its certificate"),
        );
    }
    if error.is_builder() {
        return Failure::never(Error::new(
            Code::Internal,
            format!("the request could not be made: {reason} ({place})"),
        ));
    }
    let what = match (error.is_connect(), error.is_timeout()) {
        (true, true) => "the connection took too long".to_owned(),
        (true, false) => format!("no connection: {reason}"),
        (false, _) => format!("the connection broke before the answer: {reason}"),
    };
    let retry = if error.is_connect() { Retry::Unconnected } else { Retry::Backoff };
    Failure::new(Error::new(Code::NetworkError, format!("{what} ({place})")).fix(FIX), retry)
}

/// A server that accepted the request and said nothing for so many seconds.
pub(super) fn silence(place: &str, seconds: f64) -> Failure {
    let what = format!("Mixpanel sent nothing for {seconds} seconds ({place})");
    Failure::backoff(Error::new(Code::NetworkError, what).fix(FIX))
}

/// An answer that broke off after so many bytes.
pub(super) fn cut(place: &str, received: u64, error: reqwest::Error) -> Failure {
    let what = format!("the answer was cut off after {received} bytes: {} ({place})", reason(&error));
    let Failure { error: shown, retry, .. } = truncated(what);
    Failure::new(caused(shown, error), retry)
}

/// With what it came from, but for the address: its parameters say what was asked for.
fn caused(shown: Error, error: reqwest::Error) -> Error {
    shown.caused_by(error.without_url())
}

/// A body that is as long as was said, and ends within its JSON.
pub(super) fn broken_off(place: &str, length: usize) -> Failure {
    truncated(format!("the answer breaks off after {length} bytes, in the middle of its JSON ({place})"))
}

/// A body that ends where the connection does.
pub(super) fn without_end(place: &str) -> Failure {
    let what = format!("the answer may be incomplete: it has neither a Content-Length nor chunked encoding ({place})");
    Failure::backoff(Error::new(Code::Truncated, what).fix("Check for a proxy between this machine and Mixpanel"))
}

fn truncated(what: String) -> Failure {
    Failure::backoff(Error::new(Code::Truncated, what).fix(FIX))
}

const FIX: &str = "Check the network, and HTTPS_PROXY if this machine needs a proxy. Then run it again";

/// The innermost cause: the outer ones say only that there was one.
fn reason(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(Some(error as &(dyn StdError + 'static)), |&error| error.source())
}

/// Whether the cause is a certificate that this machine does not trust: no retry mends that.
fn is_certificate(error: &(dyn StdError + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return matches!(error, rustls::Error::InvalidCertificate(_));
    }
    // `io::Error` shows its content's source as its own, not the content, and the TLS layers wrap it in several.
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => is_certificate(inner),
        None => error.source().is_some_and(is_certificate),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_certificate_is_found_below_its_wrappers() {
        let wrapped = |error: rustls::Error| io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error));
        assert!(is_certificate(&wrapped(rustls::CertificateError::UnknownIssuer.into())));
        assert!(!is_certificate(&wrapped(rustls::Error::DecryptError)));
        assert!(!is_certificate(&io::Error::from(io::ErrorKind::ConnectionRefused)));
    }
}
