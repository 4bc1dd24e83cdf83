//! What each status and each word of a refusal comes to.

use reqwest::header::HeaderValue;

use super::super::testing::target;
use super::*;

fn refusal_of(place: &str, status: u16, words: &str) -> Failure {
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, HeaderValue::from_static("https://evil.example.com/login?next=secret"));
    Refusal { target: &target(), api: Api::Query, place, status, headers: &headers, words }.failure()
}

fn refusal(status: u16, words: &str) -> Failure {
    refusal_of("GET https://data.mixpanel.com/api/2.0/export", status, words)
}

#[test]
fn every_status_has_its_code_and_its_retry() {
    for (status, words, code, retry) in [
        (302, "", Code::UnexpectedResponse, Retry::Never),
        (400, "to_date cannot be later than today", Code::InvalidRequest, Retry::Never),
        (403, "to_date cannot be later than today", Code::InvalidRequest, Retry::Never),
        (200, "Date range exceeds 90 days into the past", Code::PermissionDenied, Retry::Never),
        (400, "Date range exceeds 90 days into the past", Code::PermissionDenied, Retry::Never),
        (400, "Date range must be less than 48 hours for minute charts.", Code::InvalidRequest, Retry::Never),
        (400, "This endpoint has been deprecated", Code::PermissionDenied, Retry::Never),
        (400, "request failed with error: invalid project id for cluster.", Code::NotFound, Retry::Never),
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
        (431, "", Code::InvalidRequest, Retry::Never),
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
    for part in ["username and secret", "project_id 12345", "region 'eu'", "Mixpanel said: Invalid credentials"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn words_give_the_reason_whatever_the_status() {
    let export = "GET https://data.mixpanel.com/api/2.0/export";
    let (insights, jql) = ("GET https://mixpanel.com/api/query/insights", "POST https://mixpanel.com/api/query/jql");
    let long = "x ".repeat(400);
    for (words, place, reason) in [
        ("to_date cannot be later than today", export, Reason::FutureDate),
        ("Date range exceeds 90 days into the past", export, Reason::HistoryLimit(Some(90))),
        ("Date range exceeds what your plan keeps", export, Reason::HistoryLimit(None)),
        ("request for page in uncached query for params", export, Reason::SessionForgotten),
        ("request failed with error: Invalid project ID for cluster.", export, Reason::WrongCluster),
        ("JQL has been deprecated", jql, Reason::NoJql),
    ] {
        for status in [200, 400, 401, 402, 403, 404, 422] {
            assert_eq!(refusal_of(place, status, words).error.reason(), Some(reason), "{status} {words}");
            // Also where a message has no room for them.
            let buried = refusal_of(place, status, &format!("{long}{words}")).error;
            assert!(buried.reason().is_some() && buried.to_string().len() < 900, "{buried}");
        }
        for status in [302, 408, 429, 500, 503] {
            assert_eq!(refusal_of(place, status, words).error.reason(), None, "{status} {words}");
        }
    }
    for (status, words, place, reason) in [
        (404, "", insights, Some(Reason::UnknownReport)),
        (400, "Invalid bookmark_id", insights, Some(Reason::UnknownReport)),
        (400, "Invalid bookmark_id", "GET https://mixpanel.com/api/query/arb_funnels", Some(Reason::UnknownReport)),
        (400, "Invalid bookmark_id", "POST https://mixpanel.com/api/query/insights", None),
        (400, "Invalid bookmark_id", export, None),
        (400, "The data view is unknown", insights, None),
        (403, "Invalid bookmark_id", insights, None),
        (404, "", export, None),
        (400, "SyntaxError", jql, None),
        (412, "SyntaxError", jql, None),
        (400, "Query exceeds 90 days lookback in custom filter", export, None),
    ] {
        assert_eq!(refusal_of(place, status, words).error.reason(), reason, "{status} {words} {place}");
    }
}

#[test]
fn numbers_of_days() {
    for (words, days) in [
        ("Date range exceeds 90 days into the past", Some(90)),
        ("exceeds  1 day", Some(1)),
        ("exceeds 0 days", Some(0)),
        ("exceeds ninety days", None),
        ("exceeds -1 days", None),
        ("exceeds 99999999999999999999 days", None),
        ("exceeds 90", None),
        ("", None),
    ] {
        assert_eq!(exceeded_days(words), days, "{words}");
    }
}

#[test]
fn a_wrong_region_names_what_was_asked_and_how_to_ask_another() {
    let told = |words: &str| refusal(400, words).error.to_string();
    let unknown = told("request failed with error: invalid project id for cluster.");
    for part in [
        "project 12345 is not in region 'eu' (HTTP",
        "Add region := 'us' or region := 'in' to the call",
        "set region = \"...\" for account 'prod' in the accounts file",
        "FROM mixpanel_account_test()",
    ] {
        assert!(unknown.contains(part), "{unknown}");
    }
    for (cluster, region) in [("mixpanel-prod-1", "us"), ("mixpanel-prod-in", "in")] {
        let message = told(&format!("invalid project id for cluster. project_cluster: {cluster}, x"));
        assert!(message.contains(&format!("It is in region '{region}'. Add region := '{region}'")), "{message}");
    }
    // What can't be is not repeated.
    for cluster in ["mixpanel-prod-eu", "mixpanel-prod-", "mixpanel-prod-mars"] {
        let message = told(&format!("invalid project id for cluster. project_cluster: {cluster}"));
        assert!(message.contains("Add region := 'us' or region := 'in'"), "{message}");
    }
    let headers = HeaderMap::new();
    let target = Target { account: None, region_from: RegionFrom::Nothing, ..target() };
    let words = "invalid project id for cluster";
    let refusal = Refusal { target: &target, api: Api::App, place: "GET x", status: 400, headers: &headers, words };
    let message = refusal.failure().error.to_string();
    assert!(message.contains("or set MP_REGION='...'") && message.contains("'eu', which is the default"), "{message}");
}

#[test]
fn a_project_without_jql_is_told_so_and_no_other_route_is() {
    for (status, words, code) in [
        (400, "JQL has been deprecated", Code::PermissionDenied),
        (403, "", Code::PermissionDenied),
        (404, "", Code::NotFound),
        (410, "", Code::InvalidRequest),
        (501, "", Code::ServerError),
    ] {
        let failure = refusal_of("POST https://mixpanel.com/api/query/jql", status, words);
        assert_eq!((failure.error.code(), failure.retry), (code, Retry::Never));
        let message = failure.error.to_string();
        assert!(message.contains("retiring JQL") && message.contains("mixpanel_export"), "{message}");
        assert!(!refusal(status, "").error.to_string().contains("JQL"), "{status}");
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
