//! What does a refusal mean to the user, and does trying again help?
//!
//! First the words, which are surer than the status where they give a [`Reason`],
//! then one arm for each status, from what Mixpanel's clients met
//! (`mixpanel-api.md` §2.13) and the fixtures. Nothing here knows where requests
//! come from or how they are sent.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{
    StatusCode,
    header::{CONTENT_RANGE, HeaderMap, LOCATION},
};
use url::Url;

use super::{Api, Failure, Retry, throttle, throttle::Throttle, words};
use crate::{
    config::{Kind, Region, RegionFrom, Target},
    contract::{Code, Error, Reason},
    quota::{PATIENCE, Quota, moment},
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
    /// The server's sentence, whole and without secrets.
    pub words: &'a str,
}

impl Refusal<'_> {
    pub fn failure(&self) -> Failure {
        match self.reason() {
            Some(reason) => Failure::never(self.explained(reason).because(reason)),
            None => self.by_status(),
        }
    }

    /// The status that the answer should have had: a complaint that came with success is a 400.
    fn status(&self) -> u16 {
        if self.status == 200 { 400 } else { self.status }
    }

    /// Taken for an answer, it would be an empty one, or half of one.
    fn is_part(&self) -> bool {
        matches!(self.status, 201..=299) || self.headers.contains_key(CONTENT_RANGE)
    }

    /// The only place where words are searched for what a caller acts on. The same refusal comes with one status or
    /// another: 400 and 403 were both seen, and a complaint may come with 200.
    fn reason(&self) -> Option<Reason> {
        let status = self.status();
        let is_refused = matches!(status, 400..=499) && !matches!(status, 407 | 408 | 429);
        if is_refused {
            if self.says(&["invalid project id for cluster"]) {
                return Some(Reason::WrongCluster);
            }
            if self.says(&["later than today"]) {
                return Some(Reason::FutureDate);
            }
            if self.says(&["date range exceeds", "days into the past"]) {
                return Some(Reason::HistoryLimit(exceeded_days(self.words)));
            }
            if self.says(&["request for page in uncached query"]) {
                return Some(Reason::SessionForgotten);
            }
        }
        if self.asks("/jql") {
            let is_gone = matches!(status, 403 | 404 | 410 | 501) || is_refused && self.says(&["deprecated"]);
            return is_gone.then_some(Reason::NoJql);
        }
        // `Invalid bookmark_id`. Other words are about something else, such as the data view.
        let knows_reports = self.place.starts_with("GET ") && (self.asks("/insights") || self.asks("/arb_funnels"));
        let is_unknown = status == 404 || status == 400 && self.says(&["bookmark"]);
        (knows_reports && is_unknown).then_some(Reason::UnknownReport)
    }

    fn explained(&self, reason: Reason) -> Error {
        match reason {
            Reason::WrongCluster => self.wrong_cluster(),
            Reason::FutureDate => self
                .error(Code::InvalidRequest, REFUSED.into())
                .fix("Request days up to today in the project's time zone. West of UTC the project's day begins later"),
            Reason::HistoryLimit(days) => {
                let limit = match days {
                    Some(days) => format!("the project's plan allows {days} days back"),
                    None => "the project's plan limits how far back data can be read".to_owned(),
                };
                self.error(Code::PermissionDenied, NOT_PERMITTED.into()).fix(format!("Choose later dates: {limit}"))
            }
            Reason::NoJql => {
                let error = match self.status() {
                    404 | 410 | 501 => self.by_status().error,
                    _ => self.error(Code::PermissionDenied, NOT_PERMITTED.into()),
                };
                error.fix(self.without_jql())
            }
            // Whoever asked knows more about these.
            Reason::SessionForgotten | Reason::UnknownReport => self.by_status().error,
        }
    }

    fn by_status(&self) -> Failure {
        match self.status() {
            _ if self.is_part() => Failure::backoff(self.no_answer()),
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
            400 if self.says(&["deprecated"]) => Failure::never(self.retired()),
            400..=499 => Failure::never(self.invalid()),
            // Not implemented now, not implemented in a second.
            501 => Failure::never(self.not_offered()),
            _ => Failure::backoff(self.server_failed()),
        }
    }

    /// A 429. `until` is when the gate lets requests start again, where it was told to pause.
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
            let what = format!("{project} has reached Mixpanel's limit of concurrent requests");
            let fix = "Run it again when the project's other queries and exports have finished, or with a smaller \
                       max_workers";
            (what, fix.to_owned(), retry)
        };
        let (what, fix, retry) = match throttle {
            Throttle::Busy => busy(Retry::Backoff),
            Throttle::Pause(wait) | Throttle::Spent(Some(wait)) if wait <= PATIENCE => busy(Retry::After(wait)),
            Throttle::Pause(_) | Throttle::Spent(Some(_)) => (
                format!("Mixpanel has paused requests for {project}"),
                format!("Run it again at {at}. mixpanel_quota() shows what is used"),
                until.map_or(Retry::Never, Retry::Later),
            ),
            Throttle::Spent(None) => (
                format!("the hourly limit of {project} is used up"),
                format!(
                    "Run it again at {at}. Mixpanel gives each request back an hour after it was made, but did not say \
                     when the next one is due"
                ),
                until.map_or(Retry::Never, Retry::Later),
            ),
        };
        Failure::new(self.error(Code::RateLimited, what).fix(fix), retry)
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
        let fix = format!(
            "Give {} a role that may read this under Mixpanel's Project Settings. Also check {}{}",
            self.target.owner(),
            self.project_and_region(),
            self.hint()
        );
        self.error(Code::PermissionDenied, NOT_PERMITTED.into()).fix(fix)
    }

    fn wrong_cluster(&self) -> Error {
        let asked = self.target.region;
        let why = match self.target.region_from {
            RegionFrom::Nothing => ", which is the default",
            RegionFrom::Call | RegionFrom::Variable | RegionFrom::File => "",
        };
        let what = format!("{} is not in region '{asked}'{why}", self.project());
        let others = Region::ALL.into_iter().filter(|region| *region != asked);
        let fix = match named_region(self.words).filter(|named| *named != asked) {
            Some(region) => {
                format!(
                    "It is in region '{region}'. Add region := '{region}' to the call, or {}",
                    self.target.choose_region(region.as_str())
                )
            }
            None => format!(
                "Add {} to the call, or {}. FROM mixpanel_account_test() tests all regions and shows which one works",
                others.map(|region| format!("region := '{region}'")).collect::<Vec<_>>().join(" or "),
                self.target.choose_region("...")
            ),
        };
        self.error(Code::NotFound, what).fix(fix)
    }

    fn payment(&self) -> Error {
        let fix = match self.api {
            Api::Export => "Ask Mixpanel which plan the project needs for exports",
            Api::Query | Api::App => {
                "Reports, discovery and profiles need Mixpanel's Growth or Enterprise plan. mixpanel_export works on \
                 every plan"
            }
        };
        self.error(Code::PaymentRequired, format!("the plan of {} does not include this", self.project())).fix(fix)
    }

    fn not_found(&self) -> Error {
        let fix = format!("Check the id or name, {}", self.project_and_region());
        self.error(Code::NotFound, "Mixpanel did not find this".into()).fix(fix)
    }

    fn invalid(&self) -> Error {
        let (what, fix) = match self.status {
            412 => ("Mixpanel could not run the JQL script", "Correct the script. Note that Mixpanel is retiring JQL"),
            413 | 414 | 431 => {
                ("the request is too long for Mixpanel", "Name fewer events, ids or properties, or shorten the filter")
            }
            // Everything has a default that works but what the caller said.
            _ => (REFUSED, "Correct the call or the saved report as Mixpanel says, and run it again"),
        };
        self.error(Code::InvalidRequest, what.into()).fix(fix)
    }

    /// What to do where a project has no JQL: Mixpanel is retiring it, and says so in one of several statuses.
    fn without_jql(&self) -> String {
        format!(
            "Use SQL over mixpanel_export instead. Mixpanel is retiring JQL and may have switched it off for this \
             project. If the project should still have JQL, check the role of {}, {}{}",
            self.target.owner(),
            self.project_and_region(),
            self.hint()
        )
    }

    /// A route that Mixpanel has closed.
    fn retired(&self) -> Error {
        self.error(Code::PermissionDenied, "Mixpanel no longer offers this".into()).fix(
            "Use SQL over mixpanel_export instead, or save it as a report and read the report with \
             mixpanel_saved_report",
        )
    }

    fn server_failed(&self) -> Error {
        self.error(Code::ServerError, "Mixpanel failed to answer".into())
            .fix("Run it again later, or with fewer days. Mixpanel's status page lists known problems")
    }

    fn not_offered(&self) -> Error {
        let fix = format!("Check the path and the region, which is '{}'", self.target.region);
        self.error(Code::ServerError, "Mixpanel does not offer this".into()).fix(fix)
    }

    fn no_answer(&self) -> Error {
        self.error(
            Code::UnexpectedResponse,
            "the answer is incomplete: a complete one has status 200 and no Content-Range".into(),
        )
        .fix("Check for a proxy or cache between this machine and Mixpanel, or run it again later")
    }

    fn redirect(&self) -> Error {
        let location = self.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        // Its host only: what else stands in it is not for a message.
        let to = location.and_then(|location| Url::parse(location).ok());
        let to = to.as_ref().and_then(Url::host_str).map_or_else(|| "another address".to_owned(), str::to_owned);
        let what =
            format!("the extension did not follow a redirect to {to}, which would have received the credentials");
        self.error(Code::UnexpectedResponse, what).fix(format!(
            "Check the region ({}), MP_API_BASE_URL and any proxy between this machine and Mixpanel",
            self.target.region
        ))
    }

    fn proxy(&self) -> Error {
        self.error(Code::NetworkError, "the proxy requires credentials".into())
            .fix("Set HTTPS_PROXY to http://user:password@host:port")
    }

    fn error(&self, code: Code, what: String) -> Error {
        Error::new(code, format!("{what} (HTTP {}, {})", self.status, self.place)).server(words::clip(self.words))
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
            "{id} and region '{region}'. Mixpanel finds a project only in its own region (us, eu or in). FROM \
             mixpanel_account_test() tests all three"
        )
    }

    fn hint(&self) -> String {
        self.target.hint.as_ref().map(|hint| format!(". Note that {hint}")).unwrap_or_default()
    }

    /// Whether it is the answer of this route.
    fn asks(&self, route: &str) -> bool {
        self.place.trim_end_matches('/').ends_with(route)
    }

    fn says(&self, phrases: &[&str]) -> bool {
        let words = self.words.to_ascii_lowercase();
        phrases.iter().any(|phrase| words.contains(phrase))
    }
}

const REFUSED: &str = "Mixpanel refused the request";
const NOT_PERMITTED: &str = "Mixpanel does not permit this with these credentials";

/// The number in `Date range exceeds 90 days into the past`.
fn exceeded_days(words: &str) -> Option<i64> {
    let words: Vec<&str> = words.split_whitespace().collect();
    words.windows(3).find_map(|words| match words {
        [exceeds, days, unit] if exceeds.eq_ignore_ascii_case("exceeds") && unit.starts_with("day") => {
            days.parse().ok().filter(|days| (0..=100_000).contains(days))
        }
        _ => None,
    })
}

/// The region in `project_cluster: mixpanel-prod-eu`: the one in the USA is called `mixpanel-prod-1`.
fn named_region(words: &str) -> Option<Region> {
    let (_, cluster) = words.split_once("mixpanel-prod-")?;
    let cluster = cluster.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    if cluster == "1" { Some(Region::Us) } else { cluster.parse().ok() }
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
#[path = "errors_tests.rs"]
mod tests;
