//! What does a refusal mean to the user, and does trying again help?
//!
//! One arm for each status, from what Mixpanel's clients met (`mixpanel-api.md`
//! §2.13) and the fixtures. Nothing here knows where requests come from or how
//! they are sent.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{
    StatusCode,
    header::{CONTENT_RANGE, HeaderMap, LOCATION},
};
use url::Url;

use super::{Api, Failure, Quota, Retry, limits::PATIENCE, limits::moment, throttle, throttle::Throttle};
use crate::{
    config::{Kind, Target},
    contract::{Code, Error},
};

/// Whether these are the head of a whole answer.
pub(super) fn is_answer(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::OK && !headers.contains_key(CONTENT_RANGE)
}

/// An answer that is no success, whatever its status.
#[derive(Debug)]
pub(super) struct Refusal<'a> {
    pub target: &'a Target,
    pub api: Api,
    /// Method and address, without parameters.
    pub place: &'a str,
    pub status: u16,
    pub headers: &'a HeaderMap,
    /// The server's sentence, short and without secrets.
    pub words: &'a str,
}

impl Refusal<'_> {
    pub fn failure(&self) -> Failure {
        let failure = self.of_any_route();
        match self.status {
            403 | 404 | 410 | 501 if self.place.ends_with("/jql") => {
                Failure { error: failure.error.fix(self.without_jql()), ..failure }
            }
            _ => failure,
        }
    }

    fn of_any_route(&self) -> Failure {
        // A complaint that came with success is the 400 that it should have been.
        let status = if self.status == 200 { 400 } else { self.status };
        match status {
            // Taken for an answer, it would be an empty one, or half of one.
            _ if self.headers.contains_key(CONTENT_RANGE) => Failure::backoff(self.no_answer()),
            201..=299 => Failure::backoff(self.no_answer()),
            300..=399 => Failure::never(self.redirect()),
            400 if self.says(&["unable to authenticate", "invalid credentials"]) => {
                Failure::never(self.authentication())
            }
            // An expired deadline comes as a 400 too, and the server's own trouble with a 200.
            400 if self.says(&[
                "timeout error",
                "timed out",
                "time out",
                "internal database error",
                "internal server error",
            ]) =>
            {
                Failure::backoff(self.server_failed())
            }
            401 => Failure::never(self.authentication()),
            402 => Failure::never(self.payment()),
            403 => Failure::never(self.permission()),
            404 => Failure::never(self.not_found()),
            407 => Failure::never(self.proxy()),
            408 => Failure::backoff(self.server_failed()),
            // Whoever counts requests has to know of these; see [`Refusal::throttled`].
            429 => self.throttled(throttle::read(self.headers, self.words), None),
            400..=499 => Failure::never(self.invalid()),
            // Not implemented now, not implemented in a second.
            501 => Failure::never(self.not_offered()),
            _ => Failure::backoff(self.server_failed()),
        }
    }

    /// A 429. `until` is when the governor lets requests start again, where it was told to pause.
    pub fn throttled(&self, throttle: Throttle, until: Option<Timestamp>) -> Failure {
        let now = self.target.now();
        let at = match (until, throttle) {
            (Some(until), _) => moment(until, now),
            (None, Throttle::Pause(wait) | Throttle::Spent(Some(wait))) => {
                moment(now.checked_add(wait).unwrap_or(Timestamp::MAX), now)
            }
            (None, Throttle::Spent(None) | Throttle::Busy) => "a later time".to_owned(),
        };
        let project = self.project();
        let busy = |retry| {
            let what = format!("Mixpanel runs as much for {project} as it allows at this moment");
            let fix =
                "Run it again when the project's other queries and exports are done, or with a smaller max_workers";
            (what, fix.to_owned(), retry)
        };
        let (what, fix, retry) = match throttle {
            Throttle::Busy => busy(Retry::Backoff),
            Throttle::Pause(wait) | Throttle::Spent(Some(wait)) if wait <= PATIENCE => busy(Retry::After(wait)),
            Throttle::Pause(_) | Throttle::Spent(Some(_)) => (
                format!("Mixpanel allows {project} no more requests for a while"),
                format!("Run it again at {at}; mixpanel_quota() shows what this process has used"),
                Retry::Never,
            ),
            Throttle::Spent(None) => (
                format!("the requests that Mixpanel allows {project} in an hour are used up"),
                format!(
                    "Each comes back an hour after it was made, but Mixpanel did not say when; run it again at {at}"
                ),
                Retry::Never,
            ),
        };
        Failure { error: self.error(Code::RateLimited, what).fix(fix), retry }
    }

    fn authentication(&self) -> Error {
        let target = self.target;
        let fields = match target.credentials.kind() {
            Kind::ServiceAccount => "username and secret",
            Kind::ProjectSecret => "the secret",
            Kind::OAuthToken => "the token, which may have expired,",
        };
        let fix = format!("Check {fields} of {}, {}{}", target.owner(), self.project_and_region(), self.hint());
        self.error(Code::AuthenticationFailed, "Mixpanel refused the credentials".into()).fix(fix)
    }

    fn permission(&self) -> Error {
        let fix = if self.says(&["days into the past", "date range"]) {
            "Ask for later dates: the project's plan limits how far back data can be read".to_owned()
        } else {
            format!(
                "Give {} a role in the project that may read this, under Mixpanel's Project Settings, and check {}{}",
                self.target.owner(),
                self.project_and_region(),
                self.hint()
            )
        };
        self.error(Code::PermissionDenied, "Mixpanel does not permit this with these credentials".into()).fix(fix)
    }

    fn payment(&self) -> Error {
        let fix = match self.api {
            Api::Export => "Ask Mixpanel which plan the project needs for exports",
            Api::Query | Api::App => {
                "Reports and discovery need Mixpanel's Growth or Enterprise plan; mixpanel_export and \
                 mixpanel_profiles work on every plan"
            }
        };
        self.error(Code::PaymentRequired, format!("the plan of {} has no access to this", self.project())).fix(fix)
    }

    fn not_found(&self) -> Error {
        let fix = format!("Check the id or name that was asked for, {}", self.project_and_region());
        self.error(Code::NotFound, "Mixpanel found nothing there".into()).fix(fix)
    }

    fn invalid(&self) -> Error {
        let (what, fix) = match self.status {
            412 => ("Mixpanel could not run the JQL script", "Correct the script; note that Mixpanel is retiring JQL"),
            413 | 414 => (
                "the request is too long for Mixpanel",
                "Ask for fewer events, ids or properties, or shorten the filter",
            ),
            // Everything has a default that works but what the caller said.
            _ => (
                "Mixpanel refused the request",
                "Correct what Mixpanel names, in the call or in the saved report, and run it again",
            ),
        };
        self.error(Code::InvalidRequest, what.into()).fix(fix)
    }

    /// What to do where a project has no JQL: Mixpanel is retiring it, and says so in one of several statuses.
    fn without_jql(&self) -> String {
        format!(
            "Mixpanel is retiring JQL, and it may be switched off for this project: ask SQL over mixpanel_export instead. \
             Where it should still be there, check the role of {}, {}{}",
            self.target.owner(),
            self.project_and_region(),
            self.hint()
        )
    }

    fn server_failed(&self) -> Error {
        self.error(Code::ServerError, "Mixpanel failed to answer".into())
            .fix("Run it again later, or with a smaller range of dates; Mixpanel's status page shows known troubles")
    }

    fn not_offered(&self) -> Error {
        let fix = format!("Check the path, and the region: '{}' was asked", self.target.region);
        self.error(Code::ServerError, "Mixpanel does not offer this".into()).fix(fix)
    }

    fn no_answer(&self) -> Error {
        self.error(Code::UnexpectedResponse, "this is not a whole answer, which has status 200 and no range".into())
            .fix("Look for a proxy or cache between this machine and Mixpanel, or run it again later")
    }

    fn redirect(&self) -> Error {
        let location = self.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        // Its host only: what else stands in it is not for a message.
        let to = location.and_then(|location| Url::parse(location).ok());
        let to = to.as_ref().and_then(Url::host_str).map_or_else(|| "another address".to_owned(), str::to_owned);
        let what = format!("a redirect to {to} was not followed, because the credentials would have gone with it");
        self.error(Code::UnexpectedResponse, what).fix(format!(
            "Check the region ({}), MP_API_BASE_URL and any proxy between this machine and Mixpanel",
            self.target.region
        ))
    }

    fn proxy(&self) -> Error {
        self.error(Code::NetworkError, "the proxy wants credentials".into())
            .fix("Set HTTPS_PROXY to http://user:password@host:port")
    }

    fn error(&self, code: Code, what: String) -> Error {
        Error::new(code, format!("{what} (HTTP {}, {})", self.status, self.place)).server(self.words)
    }

    fn project(&self) -> String {
        self.target.project_id.as_ref().map_or_else(|| "the project".to_owned(), |id| format!("project {id}"))
    }

    /// What to check beside the credentials. Mixpanel refuses good ones in a wrong region in the same words.
    fn project_and_region(&self) -> String {
        let id =
            self.target.project_id.as_ref().map_or_else(|| "the project".to_owned(), |id| format!("project_id {id}"));
        let region = self.target.region;
        format!(
            "{id}, and the region: '{region}' was asked, and a project is found in its own region only (us, eu or in)"
        )
    }

    fn hint(&self) -> String {
        self.target.hint.as_ref().map(|hint| format!(". Note that {hint}")).unwrap_or_default()
    }

    fn says(&self, phrases: &[&str]) -> bool {
        let words = self.words.to_ascii_lowercase();
        phrases.iter().any(|phrase| words.contains(phrase))
    }
}

/// The limit whose pause a 429 should cause, and its length, if any.
pub(super) fn pause(throttle: Throttle, quota: Option<Quota>) -> Option<(Quota, Option<Duration>)> {
    match throttle {
        Throttle::Spent(length) => Some((quota?, length)),
        // Short ones are this request's own affair.
        Throttle::Pause(length) if length > PATIENCE => Some((quota?, Some(length))),
        Throttle::Pause(_) | Throttle::Busy => None,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::super::testing::target;
    use super::*;

    fn refusal(status: u16, words: &str) -> Failure {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("https://evil.example.com/login?next=secret"));
        let place = "GET https://data.mixpanel.com/api/2.0/export";
        Refusal { target: &target(), api: Api::Query, place, status, headers: &headers, words }.failure()
    }

    #[test]
    fn every_status_has_its_code_and_its_retry() {
        for (status, words, code, retry) in [
            (302, "", Code::UnexpectedResponse, Retry::Never),
            (400, "to_date cannot be later than today", Code::InvalidRequest, Retry::Never),
            (400, "Unable to authenticate request", Code::AuthenticationFailed, Retry::Never),
            (400, "Timeout Error.", Code::ServerError, Retry::Backoff),
            (200, "Internal database error", Code::ServerError, Retry::Backoff),
            (200, "unknown event", Code::InvalidRequest, Retry::Never),
            (401, "", Code::AuthenticationFailed, Retry::Never),
            (402, "", Code::PaymentRequired, Retry::Never),
            (403, "", Code::PermissionDenied, Retry::Never),
            (404, "", Code::NotFound, Retry::Never),
            (407, "", Code::NetworkError, Retry::Never),
            (408, "", Code::ServerError, Retry::Backoff),
            (412, "SyntaxError", Code::InvalidRequest, Retry::Never),
            (414, "", Code::InvalidRequest, Retry::Never),
            (418, "", Code::InvalidRequest, Retry::Never),
            (429, "", Code::RateLimited, Retry::Backoff),
            (500, "", Code::ServerError, Retry::Backoff),
            (501, "", Code::ServerError, Retry::Never),
            (503, "", Code::ServerError, Retry::Backoff),
            (599, "", Code::ServerError, Retry::Backoff),
            (999, "", Code::ServerError, Retry::Backoff),
        ] {
            let failure = refusal(status, words);
            assert_eq!((failure.error.code(), failure.retry), (code, retry), "{status} {words}");
            assert!(failure.error.to_string().contains(&format!("HTTP {status}")), "{}", failure.error);
        }
    }

    #[test]
    fn authentication_says_what_to_check_and_where_it_was_asked() {
        let message = refusal(401, "Invalid credentials").error.to_string();
        for part in ["username and secret", "project_id 12345", "'eu' was asked", "Mixpanel said: Invalid credentials"]
        {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_project_without_jql_is_told_so_and_no_other_route_is() {
        for (status, code) in [
            (403, Code::PermissionDenied),
            (404, Code::NotFound),
            (410, Code::InvalidRequest),
            (501, Code::ServerError),
        ] {
            let headers = HeaderMap::new();
            let place = "POST https://mixpanel.com/api/query/jql";
            let refusal = Refusal { target: &target(), api: Api::Query, place, status, headers: &headers, words: "" };
            let failure = refusal.failure();
            assert_eq!((failure.error.code(), failure.retry), (code, Retry::Never));
            let message = failure.error.to_string();
            assert!(message.contains("retiring JQL") && message.contains("mixpanel_export"), "{message}");
            assert!(!self::refusal(status, "").error.to_string().contains("JQL"), "{status}");
        }
    }

    #[test]
    fn a_redirect_names_the_host_only() {
        let message = refusal(302, "").error.to_string();
        assert!(message.contains("evil.example.com") && !message.contains("next=secret"), "{message}");
    }

    #[test]
    fn words_about_dates_are_not_a_matter_of_roles() {
        let message = refusal(403, "Date range exceeds 90 days into the past").error.to_string();
        assert!(message.contains("later dates"), "{message}");
    }
}
