//! Where do requests go when it is not Mixpanel itself?
//!
//! `MP_API_BASE_URL` points every API at one host, below which the paths are
//! Mixpanel's own (`/api/2.0`, `/api/query`, `/api/app`): for tests and proxies.
//! `{region}` in it stands for the region of the request, so that a proxy can
//! tell Mixpanel's three apart. It is an environment variable and never SQL,
//! because SQL that could redirect requests could steal the credentials that go
//! with them.

use thiserror::Error;
use url::{Host, Url};

use super::{
    Region,
    environment::{API_BASE_URL, Environment},
};
use crate::contract::{self, Code, Result};

/// What stands for the region.
const REGION: &str = "{region}";

/// What takes the place of Mixpanel's hosts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    /// By region, in the order of [`Region::ALL`].
    urls: [Url; 3],
}

/// Why credentials may not be sent to a URL: to be said after its name. The URL itself is not repeated, because it may hold
/// a password, which is one of the mistakes.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum BaseUrlError {
    #[error("is not a URL ({0})")]
    Syntax(#[from] url::ParseError),
    #[error("contains braces, but only {REGION} is a placeholder")]
    Braces,
    #[error("must be https, because plain http exposes the credentials to the network")]
    Plain,
    #[error("must start with https://")]
    Scheme,
    #[error("must not contain a user or password")]
    User,
    #[error("must end with the host or a path")]
    Ending,
}

/// `MP_API_BASE_URL`, checked.
///
/// Errors: `InvalidConfig` where it is no URL that credentials may be sent to.
pub(super) fn read(environment: &Environment) -> Result<Option<BaseUrl>> {
    let Some(text) = environment.text(API_BASE_URL)? else { return Ok(None) };
    BaseUrl::parse(text).map(Some).map_err(|problem| {
        let fix = format!(
            "Set it to something like https://proxy.example.com or http://127.0.0.1:8080, or unset {API_BASE_URL}"
        );
        contract::Error::new(Code::InvalidConfig, format!("{API_BASE_URL} {problem}")).fix(fix).caused_by(problem)
    })
}

impl BaseUrl {
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        if text.replace(REGION, "").contains(['{', '}']) {
            return Err(BaseUrlError::Braces);
        }
        let [us, eu, india] = Region::ALL.map(|region| checked(&text.replace(REGION, region.as_str())));
        Ok(Self { urls: [us?, eu?, india?] })
    }

    pub fn of(&self, region: Region) -> &Url {
        let mut urls = Region::ALL.into_iter().zip(&self.urls);
        urls.find(|(other, _)| *other == region).map_or(&self.urls[0], |(_, url)| url)
    }

    /// Whether each region has its own, as Mixpanel has.
    pub fn is_by_region(&self) -> bool {
        self.urls.iter().any(|url| *url != self.urls[0])
    }

    /// Whether it is this machine, whatever the region.
    pub fn is_loopback(&self) -> bool {
        self.urls.iter().all(is_loopback)
    }

    /// Whether it is spoken to without TLS, which is for this machine only.
    pub fn is_plain(&self) -> bool {
        self.urls.iter().any(|url| url.scheme() == "http")
    }
}

/// A URL that credentials may be sent to.
fn checked(text: &str) -> Result<Url, BaseUrlError> {
    let url = Url::parse(text)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(BaseUrlError::Plain),
        _ => return Err(BaseUrlError::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BaseUrlError::User);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(BaseUrlError::Ending);
    }
    Ok(url)
}

/// Whether a URL's host is this machine whatever the network says: 127.0.0.0/8, ::1 or `localhost`.
fn is_loopback(url: &Url) -> bool {
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

    fn base(text: &str) -> Result<Option<BaseUrl>> {
        read(&Environment::of(&[(API_BASE_URL, text)], None))
    }

    #[test]
    fn https_anywhere_and_http_at_home() {
        let good = [
            "https://proxy.example.com",
            "https://proxy.example.com/mixpanel/",
            "https://{region}.proxy.example.com",
            "http://127.0.0.1:8080/{region}",
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
            "http://{region}.example.com",
            "http://{region}",
            "https://me:{region}@proxy.example.com",
            "https://proxy.example.com/{Region}",
            "https://proxy.example.com/{}",
            "https://proxy.example.com/{region",
            "{region}://127.0.0.1",
        ];
        for url in bad {
            let error = base(url).map(|_| ()).unwrap_err();
            assert_eq!(error.code(), Code::InvalidConfig, "{url}");
            assert!(error.to_string().contains(API_BASE_URL) && !error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn each_region_has_its_own_where_the_url_says_so() {
        let base = BaseUrl::parse("https://{region}.proxy.example.com/{region}/x").unwrap();
        let urls = Region::ALL.map(|region| base.of(region).as_str());
        let expected = ["us", "eu", "in"].map(|region| format!("https://{region}.proxy.example.com/{region}/x"));
        assert_eq!(urls, expected.each_ref().map(String::as_str));
        assert!(base.is_by_region() && !base.is_loopback() && !base.is_plain());
        let one = BaseUrl::parse("http://127.0.0.1:1").unwrap();
        assert!(!one.is_by_region() && one.is_loopback() && one.is_plain());
        assert_eq!(one.of(Region::In), one.of(Region::Us));
    }
}
