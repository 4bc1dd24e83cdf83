//! Bodies that Mixpanel sent to others, through the mapping of errors.
//!
//! They lie outside the project (`MIXPANEL_FIXTURES`, or `/work/shared/fixtures`);
//! where they are absent this test says so and passes.

use std::path::PathBuf;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use super::{Api, Retry, error_in_answer, errors::Refusal, testing::target, words};
use crate::contract::Code;

#[derive(Deserialize)]
struct Fixture {
    status: u16,
    headers: std::collections::BTreeMap<String, String>,
    body_text: String,
}

fn fixtures() -> Option<Vec<(String, Fixture)>> {
    let root =
        std::env::var_os("MIXPANEL_FIXTURES").map_or_else(|| PathBuf::from("/work/shared/fixtures"), PathBuf::from);
    let Ok(folder) = std::fs::read_dir(root.join("errors")) else {
        eprintln!("skipped: there are no fixtures in {}", root.display());
        return None;
    };
    let files = folder.filter_map(|entry| Some(entry.ok()?.path()));
    let read = |path: PathBuf| {
        let fixture = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
        Some((path.file_name()?.to_string_lossy().into_owned(), fixture))
    };
    Some(files.filter_map(read).collect())
}

fn headers(fixture: &Fixture) -> HeaderMap {
    let pair = |(name, value): (&String, &String)| {
        Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(value.as_str()).ok()?))
    };
    fixture.headers.iter().filter_map(pair).collect()
}

/// What the words of a fixture must hold, by its name.
fn expected(name: &str, fixture: &Fixture) -> String {
    let json = serde_json::from_str::<serde_json::Value>(&fixture.body_text).ok();
    match json.as_ref().and_then(|json| json.get("error")?.as_str()) {
        Some(words) => words.trim_end_matches('.').to_owned(),
        None if name.contains("html") => "Error 502 (Server Error)!!1".to_owned(),
        None => fixture.body_text.trim().to_owned(),
    }
}

#[test]
fn every_refusal_keeps_the_servers_words_and_says_what_to_do() {
    for (name, fixture) in fixtures().unwrap_or_default() {
        if fixture.status == 200 {
            continue;
        }
        let headers = headers(&fixture);
        let words = words::find(&super::body::content_type(&headers), fixture.body_text.as_bytes());
        let target = target();
        let place = "GET https://eu.mixpanel.com/api/query/insights";
        let refusal = Refusal {
            target: &target,
            api: Api::Query,
            place,
            status: fixture.status,
            headers: &headers,
            words: &words,
        };
        let failure = refusal.failure();
        let message = failure.error.to_string();
        let expected: String = expected(&name, &fixture).chars().take(200).collect();
        assert!(message.contains(&expected), "{name}: {message}");
        assert!(message.len() < 900 && message.lines().count() == 1, "{name}: {message}");
        // Code, what, words and then the fix.
        let fix = ["Check ", "Correct ", "Run ", "Give ", "Use ", "Choose ", "Request ", "Reports, "];
        assert!(fix.iter().any(|fix| message.contains(fix)), "{name}: {message}");
        let code = match fixture.status {
            400 if name.contains("timeout") => Code::ServerError,
            401 => Code::AuthenticationFailed,
            402 => Code::PaymentRequired,
            403 => Code::PermissionDenied,
            404 => Code::NotFound,
            429 => Code::RateLimited,
            500.. => Code::ServerError,
            _ => Code::InvalidRequest,
        };
        assert_eq!(failure.error.code(), code, "{name}");
        let hopeless =
            name.contains("airbyte") || name.starts_with("501") || (fixture.status < 429 && code != Code::ServerError);
        assert_eq!(failure.retry == Retry::Never, hopeless, "{name}: {:?}", failure.retry);
    }
}

#[test]
fn complaints_with_status_200_are_found_and_rows_are_not_complaints() {
    for (name, fixture) in fixtures().unwrap_or_default() {
        if fixture.status == 200 {
            let found = error_in_answer(fixture.body_text.as_bytes());
            assert_eq!(found.is_some(), name.contains("error-in-200"), "{name}: {found:?}");
        }
    }
}
