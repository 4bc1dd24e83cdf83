//! Where do requests go when it is not Mixpanel itself?
//!
//! `MP_API_BASE_URL` points every API at one host, below which the paths are
//! Mixpanel's own (`/api/2.0`, `/api/query`, `/api/app`): for tests and proxies.
//! It is an environment variable and never SQL, because SQL that could redirect
//! requests could steal the credentials that go with them.

use url::{Host, Url};

use super::environment::{API_BASE_URL, Environment};
use crate::contract::{Code, Error, Result};

/// `MP_API_BASE_URL`, checked.
///
/// Errors: `InvalidConfig` where it is no URL that credentials may be sent to.
pub(super) fn read(environment: &Environment) -> Result<Option<Url>> {
    let Some(text) = environment.text(API_BASE_URL)? else { return Ok(None) };
    let refuse = |problem: &str| {
        // The value is not repeated: it may hold a password, which is one of the mistakes.
        Error::new(Code::InvalidConfig, format!("{API_BASE_URL} {problem}")).fix(format!(
            "Set it to something like https://proxy.example.com or http://127.0.0.1:8080, or unset {API_BASE_URL}"
        ))
    };
    let url = Url::parse(text).map_err(|error| refuse(&format!("is not a URL ({error})")))?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(refuse("must be https: plain http would show the credentials to the network")),
        _ => return Err(refuse("must start with https://")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("must not hold a user or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("must end with the host or a path"));
    }
    Ok(Some(url))
}

/// Whether a URL's host is this machine whatever the network says: 127.0.0.0/8, ::1 or `localhost`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Result<Option<Url>> {
        read(&Environment::of(&[(API_BASE_URL, text)], None))
    }

    #[test]
    fn https_anywhere_and_http_at_home() {
        let good = [
            "https://proxy.example.com",
            "https://proxy.example.com/mixpanel/",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:1",
            "http://LocalHost:8080",
        ];
        for url in good {
            assert!(matches!(base(url), Ok(Some(_))), "{url}");
        }
        assert_eq!(base(""), Ok(None));
    }

    #[test]
    fn hosts_that_only_look_like_home_are_refused() {
        let bad = [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1@example.com",
            "http://[::ffff:127.0.0.1]",
            "http://0.0.0.0",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "127.0.0.1:8080",
            "https://me:hunter2@proxy.example.com",
            "https://proxy.example.com?x=1",
            "https://proxy.example.com/#x",
            "https://",
        ];
        for url in bad {
            let error = base(url).map(|_| ()).unwrap_err();
            assert_eq!(error.code(), Code::InvalidConfig, "{url}");
            assert!(error.to_string().contains(API_BASE_URL) && !error.to_string().contains("hunter2"), "{error}");
        }
    }
}
