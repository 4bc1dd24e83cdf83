//! Which host answers which API in which region?
//!
//! One table. A wrong region gives no redirect: it gives an authentication
//! error, a 404 or an empty answer.

use crate::config::{BaseUrl, Region};

/// A family of Mixpanel's read APIs: one host for each region, one path prefix, one set of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// Raw events.
    Export,
    /// Live reports, discovery and profiles.
    Query,
    /// Cohorts, bookmarks, lexicon, annotations.
    App,
}

/// Each region's host of the export API, and of the query and app APIs.
///
/// Source: the servers of Mixpanel's OpenAPI files (`export`, `query`, `lexicon-schemas`).
/// `api.mixpanel.com` is for sending events and is never asked.
const HOSTS: [(Region, &str, &str); 3] = [
    (Region::Us, "data.mixpanel.com", "mixpanel.com"),
    (Region::Eu, "data-eu.mixpanel.com", "eu.mixpanel.com"),
    (Region::In, "data-in.mixpanel.com", "in.mixpanel.com"),
];

impl Api {
    /// As `mixpanel_quota()` and messages name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Api::Export => "export",
            Api::Query => "query",
            Api::App => "app",
        }
    }

    /// Scheme, host and path prefix, without a slash at the end. `base_url` takes the place of every host.
    pub fn base(self, region: Region, base_url: Option<&BaseUrl>) -> String {
        let (_, data, site) = HOSTS.into_iter().find(|row| row.0 == region).unwrap_or(HOSTS[0]);
        let (host, prefix) = match self {
            Api::Export => (data, "/api/2.0"),
            Api::Query => (site, "/api/query"),
            Api::App => (site, "/api/app"),
        };
        match base_url {
            Some(base_url) => format!("{}{prefix}", base_url.of(region).as_str().trim_end_matches('/')),
            None => format!("https://{host}{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_api_has_a_host_in_every_region() {
        let bases = [Api::Export, Api::Query, Api::App].map(|api| Region::ALL.map(|region| api.base(region, None)));
        let expected = [
            [
                "https://data.mixpanel.com/api/2.0",
                "https://data-eu.mixpanel.com/api/2.0",
                "https://data-in.mixpanel.com/api/2.0",
            ],
            [
                "https://mixpanel.com/api/query",
                "https://eu.mixpanel.com/api/query",
                "https://in.mixpanel.com/api/query",
            ],
            ["https://mixpanel.com/api/app", "https://eu.mixpanel.com/api/app", "https://in.mixpanel.com/api/app"],
        ];
        assert_eq!(bases, expected);
    }

    #[test]
    fn a_base_url_takes_every_hosts_place() {
        for url in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            let base = BaseUrl::parse(url).ok();
            assert_eq!(Api::Export.base(Region::Eu, base.as_ref()), "http://127.0.0.1:8080/api/2.0");
        }
        let below = BaseUrl::parse("https://proxy.example.com/mixpanel").ok();
        assert_eq!(Api::Query.base(Region::Us, below.as_ref()), "https://proxy.example.com/mixpanel/api/query");
    }
}
