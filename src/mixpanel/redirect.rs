//! Which redirect is followed?
//!
//! The credentials would go with it, so next to none: only one of a GET to the
//! same scheme, host and port, where the address differs by a slash at its end.
//! Some routes of Mixpanel's app API are served with one, some without, and the
//! server may insist on its own spelling.

use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

use super::Method;

/// The other spelling of `asked`, where an answer redirects to it.
pub(super) fn other_spelling(method: Method, asked: &Url, status: u16, headers: &HeaderMap) -> Option<Url> {
    if method != Method::Get || !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let there = asked.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    let differs_by_slash = |long: &Url, short: &Url| long.path().strip_suffix('/') == Some(short.path());
    let mut same = there.clone();
    same.set_path(asked.path());
    // All else alike: also user and password, query, and no fragment.
    (same == *asked && (differs_by_slash(&there, asked) || differs_by_slash(asked, &there))).then_some(there)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn follows(method: Method, asked: &str, status: u16, location: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_str(location).unwrap())]);
        other_spelling(method, &Url::parse(asked).unwrap(), status, &headers).map(String::from)
    }

    #[test]
    fn a_slash_at_the_end_comes_or_goes() {
        let asked = "https://mixpanel.com/api/app/projects/1/annotations?fromDate=2025-01-01";
        let slashed = asked.replace('?', "/?");
        for status in [301, 302, 303, 307, 308] {
            assert_eq!(follows(Method::Get, asked, status, &slashed).as_ref(), Some(&slashed));
            assert_eq!(follows(Method::Get, &slashed, status, asked).as_deref(), Some(asked));
        }
        for location in ["/api/app/projects/1/annotations/?fromDate=2025-01-01", "annotations/?fromDate=2025-01-01"] {
            assert_eq!(follows(Method::Get, asked, 301, location).as_ref(), Some(&slashed));
        }
        assert_eq!(
            follows(
                Method::Get,
                asked,
                301,
                "https://mixpanel.com:443/api/app/projects/1/annotations/?fromDate=2025-01-01"
            ),
            Some(slashed)
        );
    }

    #[test]
    fn nothing_else_is_followed() {
        let asked = "https://mixpanel.com/api/app/x?a=1";
        assert_eq!(follows(Method::Post, asked, 308, "/api/app/x/?a=1"), None);
        for status in [200, 300, 304, 305, 306, 400] {
            assert_eq!(follows(Method::Get, asked, status, "/api/app/x/?a=1"), None);
        }
        for location in [
            "https://evil.example.com/api/app/x/?a=1",
            "https://eu.mixpanel.com/api/app/x/?a=1",
            "https://mixpanel.com.evil.example/api/app/x/?a=1",
            "//evil.example.com/api/app/x/?a=1",
            "http://mixpanel.com/api/app/x/?a=1",
            "https://mixpanel.com:444/api/app/x/?a=1",
            "https://me:you@mixpanel.com/api/app/x/?a=1",
            "/api/app/x/",
            "/api/app/x/?a=2",
            "/api/app/x/?a=1&b=2",
            "/api/app/x/?a=1#here",
            "/api/app/x//?a=1",
            "/api/app/x?a=1",
            "/api/app/y/?a=1",
            "/api/app/../x/?a=1",
            "/api/app/x/login/?a=1",
            "?a=1",
            "",
        ] {
            assert_eq!(follows(Method::Get, asked, 301, location), None, "{location}");
        }
    }
}
