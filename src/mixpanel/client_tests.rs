//! The client against a server that misbehaves.

use std::{io::Write, net::TcpListener, sync::Arc, time::Duration};

use super::{
    Answer, Api, Body, Client, Encoding, Failure, Quota, Request, Retry, block_on,
    testing::{Act, Server, say, target},
    with_retries,
};
use crate::{
    config::{BaseUrl, Credentials, Region, Secret, Target},
    contract::{Code, Error, Result},
    quota::{Gate, Ledger},
};

fn client(target: &Target) -> Client {
    Client::counting(target, Ledger::for_test()).unwrap()
}

fn export() -> Request {
    Request::get(Api::Export, "export").query("from_date", "2025-01-01")
}

fn query() -> Request {
    Request::get(Api::Query, "events/names")
}

/// One attempt, read to its end.
fn open(client: &Client, request: &Request) -> Result<(Encoding, Vec<u8>), Failure> {
    let read = async |mut body: Body| {
        let mut bytes = Vec::new();
        while let Some(chunk) = body.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok((body.encoding(), bytes))
    };
    block_on(async { read(client.open(request).await?).await }).unwrap()
}

fn json(client: &Client) -> Result<Answer> {
    block_on(client.json(&query())).unwrap()
}

/// How many requests it takes to get a JSON answer.
fn requests_of_json(client: &Client) -> Result<u64> {
    let before = client.requests();
    json(client).map(|_| client.requests() - before)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn failure<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> (Code, Retry, String) {
    let failure = outcome.unwrap_err();
    assert!(!failure.error.to_string().contains("hunter2"), "{}", failure.error);
    (failure.error.code(), failure.retry, failure.error.to_string())
}

const SPENT: &[u8] = b"{\"error\": \"1/5 queries running concurrently and 61/60 queries running in the last hour.\"}";

#[test]
fn an_answer_streams() {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".to_vec();
    let server = Server::new(vec![Act::Say(chunked)]);
    let client = client(&server.target());
    assert_eq!(open(&client, &export()), Ok((Encoding::Identity, b"abcde".to_vec())));
    assert_eq!(client.requests(), 1);
    let request = server.requests().remove(0).to_ascii_lowercase();
    for part in [
        "get /api/2.0/export?project_id=12345&from_date=2025-01-01 http/1.1",
        "authorization: basic c2e6ahvudgvymg==",
        "accept-encoding: gzip\r\n",
        concat!("user-agent: duckdb-mixpanel/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(request.contains(part), "{request}");
    }
}

#[test]
fn compressed_bytes_come_as_they_were_sent() {
    let bytes = gzip(b"{\"event\":\"a\"}\n");
    let server = Server::new(vec![say("200 OK", &["Content-Encoding: gzip"], &bytes)]);
    assert_eq!(open(&client(&server.target()), &export()), Ok((Encoding::Gzip, bytes)));
}

#[test]
fn json_is_decompressed() {
    let bytes = gzip(b"[\"a\"]");
    let server = Server::new(vec![say("200 OK", &["Content-Encoding: gzip"], &bytes)]);
    let expected = Answer { status: 200, body: "[\"a\"]".into(), received: bytes.len() as u64 };
    assert_eq!(json(&client(&server.target())), Ok(expected));
    let odd = Server::new(vec![say("200 OK", &["Content-Encoding: br"], b"x")]);
    assert_eq!(json(&client(&odd.target())).unwrap_err().code(), Code::UnexpectedResponse);
}

#[test]
fn a_form_is_posted() {
    let server = Server::new(vec![say("200 OK", &[], b"{}")]);
    let request = Request::post(Api::Query, "engage").form("where", "a&b=c d");
    assert!(block_on(client(&server.target()).json(&request)).unwrap().is_ok());
    let sent = server.requests().remove(0);
    assert!(sent.starts_with("POST /api/query/engage?project_id=12345 HTTP/1.1"), "{sent}");
    assert!(sent.ends_with("\r\n\r\nwhere=a%26b%3Dc+d"), "{sent}");
}

#[test]
fn a_post_without_a_body_says_so() {
    let server = Server::new(vec![say("200 OK", &[], b"[]")]);
    assert!(block_on(client(&server.target()).json(&Request::post(Api::Query, "cohorts/list"))).unwrap().is_ok());
    let sent = server.requests().remove(0).to_ascii_lowercase();
    assert_eq!(sent.matches("content-length: 0\r\n").count(), 1, "{sent}");
}

#[test]
fn refused_credentials_are_not_tried_again_and_not_shown() {
    let body = br#"{"error": "Invalid credentials hunter2, Basic c2E6aHVudGVyMg=="}"#;
    let server = Server::new(vec![say("401 Unauthorized", &[], body)]);
    let (code, retry, message) = failure(open(&client(&server.target()), &export()));
    assert_eq!((code, retry), (Code::AuthenticationFailed, Retry::Never));
    assert!(message.contains("Invalid credentials ***, Basic ***") && message.contains("region 'eu'"), "{message}");
    assert!(message.contains("account 'prod'"), "{message}");
}

#[test]
fn a_busy_moment_and_a_server_error_pass() {
    let busy = br#"{"error": "too many export requests in progress for this project"}"#;
    let server = Server::new(vec![
        say("429 Too Many Requests", &[], busy),
        say("429 Too Many Requests", &["Retry-After: 0"], busy),
        say("500 Internal Server Error", &[], b""),
        say("502 Bad Gateway", &["Content-Type: text/html"], b"<title>Oh no</title>"),
        say("200 OK", &[], b"[]"),
    ]);
    let client = client(&server.target());
    assert_eq!(requests_of_json(&client), Ok(5));
}

#[test]
fn a_server_that_keeps_failing_is_given_up_in_its_own_words() {
    let page = b"<html><title>Error 502 (Server Error)!!1</title><p>much more";
    let script = (0..6).map(|_| say("502 Bad Gateway", &["Content-Type: text/html"], page)).collect();
    let server = Server::new(script);
    let message = json(&client(&server.target())).unwrap_err().to_string();
    assert!(message.starts_with("[SERVER_ERROR] after 6 attempts: Mixpanel failed to answer (HTTP 502, "), "{message}");
    assert!(message.contains("Mixpanel said: Error 502 (Server Error)!!1. "), "{message}");
}

#[test]
fn a_retry_after_is_kept_where_it_is_short() {
    let server = Server::new(vec![say("429 Too Many Requests", &["Retry-After: 7"], b"busy")]);
    let (code, retry, _) = failure(open(&client(&server.target()), &export()));
    assert_eq!((code, retry), (Code::RateLimited, Retry::After(Duration::from_secs(7))));
}

#[test]
fn a_long_retry_after_fails_at_once_and_stops_further_requests() {
    let server = Server::new(vec![say("429 Too Many Requests", &["Retry-After: 1800"], b"busy")]);
    let client = client(&server.target());
    for _ in 0..2 {
        let (code, retry, message) = failure(open(&client, &export()));
        // Tried again only by who is willing to wait so long.
        assert_eq!(code, Code::RateLimited);
        assert!(matches!(retry, Retry::Later(_) | Retry::Never), "{retry:?}");
        assert!(message.contains("UTC (in 30 minutes)") && message.contains("mixpanel_quota()"), "{message}");
    }
    assert_eq!((client.requests(), server.requests().len()), (1, 1));
}

#[test]
fn a_spent_hour_fails_at_once_and_is_remembered() {
    let ledger = Ledger::for_test();
    let server = Server::new(vec![say("429 Too Many Requests", &[], SPENT), say("200 OK", &[], b"x")]);
    let client = Client::counting(&server.target(), Arc::clone(&ledger)).unwrap();
    let error = json(&client).unwrap_err();
    assert_eq!(error.code(), Code::RateLimited);
    assert!(error.to_string().contains("61/60 queries") && error.to_string().contains("Run it again at"), "{error}");
    let (code, _, message) = failure(open(&client, &query()));
    assert_eq!(code, Code::RateLimited);
    assert!(message.contains("can make no request of the query API now"), "{message}");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(ledger.usage(None, server.target().now()).iter().map(|usage| usage.used).collect::<Vec<_>>(), [60]);
    // The export API counts on its own.
    assert!(open(&client, &export()).is_ok());
}

#[test]
fn our_own_count_stops_before_mixpanel_has_to() {
    let ledger = Ledger::for_test();
    let target = target();
    for _ in 0..60 {
        block_on(Gate::of(&target, Arc::clone(&ledger), Arc::default()).pass(Quota::Query)).unwrap().unwrap().leave();
    }
    let client = Client::counting(&target, ledger).unwrap();
    assert_eq!(json(&client).unwrap_err().code(), Code::RateLimited);
    assert_eq!(client.requests(), 0);
}

#[test]
fn a_redirect_is_an_error_and_the_credentials_stay() {
    let elsewhere = Server::new(vec![say("200 OK", &[], b"stolen")]);
    let base = elsewhere.target().base_url.unwrap().of(Region::Eu).clone();
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let server = Server::new(vec![say(status, &[&format!("Location: {base}")], b"")]);
        let (code, retry, message) = failure(open(&client(&server.target()), &export()));
        assert_eq!((code, retry), (Code::UnexpectedResponse, Retry::Never));
        assert!(message.contains("did not follow a redirect to 127.0.0.1"), "{message}");
    }
    assert_eq!(elsewhere.requests(), Vec::<String>::new());
}

#[test]
fn a_redirect_to_the_other_spelling_is_followed_once() {
    let to = |location: &str| say("301 Moved Permanently", &[&format!("Location: {location}")], b"");
    let names = || Request::get(Api::Query, "events/names").query("type", "general");
    let slashed = "/api/query/events/names/?project_id=12345&type=general";
    let ledger = Ledger::for_test();
    let server = Server::new(vec![to(slashed), say("200 OK", &[], b"[]")]);
    let client = Client::counting(&server.target(), Arc::clone(&ledger)).unwrap();
    assert_eq!(block_on(client.json(&names())).unwrap().map(|answer| answer.status), Ok(200));
    let asked = server.requests();
    assert!(
        asked[0].starts_with("GET /api/query/events/names?project_id")
            && asked[1].starts_with(&format!("GET {slashed} ")),
        "{asked:?}"
    );
    assert!(asked.iter().all(|request| request.contains("authorization: Basic")), "{asked:?}");
    // Mixpanel counts both.
    assert_eq!((client.requests(), ledger.usage(None, server.target().now())[0].used), (2, 2));
    // Back again: where a slash comes and goes, nothing is there.
    let server = Server::new(vec![to(slashed), to("/api/query/events/names?project_id=12345&type=general")]);
    let (code, retry, _) = failure(open(&self::client(&server.target()), &names()));
    assert_eq!((code, retry, server.requests().len()), (Code::UnexpectedResponse, Retry::Never, 2));
    let server = Server::new(vec![to("/api/query/jql/?project_id=12345")]);
    let post = Request::post(Api::Query, "jql").form("script", "x");
    assert_eq!(failure(open(&self::client(&server.target()), &post)).0, Code::UnexpectedResponse);
}

#[test]
fn silence_ends() {
    let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec();
    for act in [Act::Hang(Vec::new()), Act::Hang(begun)] {
        let server = Server::new(vec![act]);
        let (code, retry, message) = failure(open(&client(&server.target()), &export()));
        assert_eq!((code, retry), (Code::NetworkError, Retry::Backoff));
        assert!(message.contains("sent nothing for 1 seconds"), "{message}");
    }
}

#[test]
fn a_body_that_ends_early_is_cut_off_and_no_end() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let server = Server::new(vec![Act::Say(answer.to_vec())]);
        let (code, retry, message) = failure(open(&client(&server.target()), &export()));
        assert_eq!((code, retry), (Code::Truncated, Retry::Backoff));
        assert!(message.contains("cut off after 3 bytes"), "{message}");
    }
    let damaged = gzip(b"[1,2,3]");
    let cut = || say("200 OK", &["Content-Encoding: gzip"], &damaged[..damaged.len() - 4]);
    let server = Server::new(vec![cut(), say("200 OK", &[], b"[]")]);
    assert_eq!(requests_of_json(&client(&server.target())), Ok(2));
}

#[test]
fn a_connection_that_closes_without_an_answer_is_retried() {
    let server = Server::new(vec![Act::Say(Vec::new()), say("200 OK", &[], b"[]")]);
    assert_eq!(requests_of_json(&client(&server.target())), Ok(2));
}

#[test]
fn a_refused_connection_is_retried_and_counts_for_nothing() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ledger = Ledger::for_test();
    let target = Target { base_url: BaseUrl::parse(&format!("http://127.0.0.1:{port}")).ok(), ..target() };
    let client = Client::counting(&target, Arc::clone(&ledger)).unwrap();
    let error = json(&client).unwrap_err();
    assert_eq!(error.code(), Code::NetworkError);
    let message = error.to_string();
    assert!(message.contains("after 3 attempts: no connection: Connection refused"), "{message}");
    // What it came from is kept, down to the system's own error; without the address, whose parameters say what was asked.
    let mut causes = std::iter::successors(std::error::Error::source(&error), |&error| error.source());
    let refused = causes.find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    assert_eq!(refused, Some(std::io::ErrorKind::ConnectionRefused));
    assert!(!format!("{error:?}").contains("project_id="), "{error:?}");
    assert_eq!((client.requests(), ledger.usage(None, target.now())[0].used), (0, 0));
}

#[test]
fn complaints_and_pages_with_status_200_are_errors() {
    let server = Server::new(vec![
        say("200 OK", &[], br#"{"error": "invalid segmentation", "request": "/x"}"#),
        say("200 OK", &[], br#"{"error": "Timeout Error."}"#),
        say("200 OK", &[], br#"{"error": "Internal database error"}"#),
        say("200 OK", &[], br#"{"error": {"count": 3}"#),
        say("200 OK", &["Content-Type: text/html"], b"<title>Log in</title>"),
        say("200 OK", &[], br#"{"error": {"count": 3}}"#),
    ]);
    let client = client(&server.target());
    let error = json(&client).unwrap_err();
    assert_eq!(error.code(), Code::InvalidRequest);
    assert!(error.to_string().contains("Mixpanel said: invalid segmentation"), "{error}");
    assert!(error.to_string().contains("(HTTP 200, "), "{error}");
    assert_eq!(requests_of_json(&client), Ok(5));
}

#[test]
fn json_that_breaks_off_is_cut_and_an_empty_answer_is_not() {
    let server = Server::new((0..6).map(|_| say("200 OK", &[], b"{\"a\": [1, 2")).collect());
    let error = json(&client(&server.target())).unwrap_err();
    assert_eq!(error.code(), Code::Truncated);
    assert!(error.to_string().contains("after 6 attempts: the answer breaks off after 11 bytes"), "{error}");
    for body in ["", " \n", "no JSON", "[1] 2", "[\"\\ud83d\"]"] {
        let server = Server::new(vec![say("200 OK", &[], body.as_bytes())]);
        assert_eq!(json(&client(&server.target())).map(|answer| answer.body), Ok(body.into()), "{body}");
    }
}

#[test]
fn a_projects_secret_does_not_reach_the_app_api() {
    let target = Target { credentials: Credentials::ProjectSecret(Secret::new("hunter2")), ..target() };
    let client = client(&target);
    let (code, retry, _) = failure(open(&client, &Request::get(Api::App, "me")));
    assert_eq!((code, retry, client.requests()), (Code::InvalidConfig, Retry::Never, 0));
}

#[test]
fn retries_around_a_stream_are_the_callers() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec();
    let server = Server::new(vec![Act::Say(cut), say("200 OK", &[], b"abcdef")]);
    let client = client(&server.target());
    let request = export();
    let (client, request) = (&client, &request);
    let mut retries = 0;
    let mut tries = client.tries();
    let download = with_retries(
        &mut tries,
        || async move {
            let mut body = client.open(request).await?;
            let mut length = 0;
            while let Some(chunk) = body.chunk().await? {
                length += chunk.len();
            }
            Ok(length)
        },
        || retries += 1,
    );
    assert_eq!(block_on(download).unwrap(), Ok(6));
    assert_eq!(retries, 1);
}

#[test]
fn everything_can_move_between_threads() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let (client, request) = (client(&target()), export());
    drop(is_send(client.open(&request)));
    drop(is_send(client.json(&request)));
    drop(is_send(with_retries(&mut client.tries(), || async { client.open(&request).await.map(drop) }, || ())));
}

#[test]
fn debug_of_a_client_has_no_secret() {
    let text = format!("{:?}", client(&target()));
    assert!(!text.contains("hunter2") && !text.contains("c2E6aHVudGVyMg"), "{text}");
    assert_eq!(Error::new(Code::Internal, "x").what(), "x");
}

fn whatever(client: &Client) -> Result<(u16, String, u64)> {
    let before = client.requests();
    let answer = block_on(client.answer(&query())).unwrap()?;
    Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned(), client.requests() - before))
}

#[test]
fn a_refusal_can_be_the_answer() {
    for (status, body) in [
        ("200 OK", &b"{\"error\": \"x\"}"[..]),
        ("204 No Content", b""),
        ("302 Found", b"<p>moved"),
        ("400 Bad Request", b"{\"error\": \"bad\"}"),
        ("404 Not Found", b"\xffno\n"),
        ("501 Not Implemented", b"{}"),
    ] {
        let server = Server::new(vec![say(status, &["Location: https://evil.example.com/"], body)]);
        let number = status[..3].parse().unwrap();
        let expected = (number, String::from_utf8_lossy(body).into_owned(), 1);
        assert_eq!(whatever(&client(&server.target())), Ok(expected));
    }
}

#[test]
fn the_last_refusal_of_many_is_the_answer() {
    let failing = |status: &str, count: usize| (0..count).map(|_| say(status, &[], b"no")).collect::<Vec<_>>();
    let server = Server::new(failing("503 Service Unavailable", 6));
    assert_eq!(whatever(&client(&server.target())), Ok((503, "no".into(), 6)));
    let mut script = failing("500 Internal Server Error", 2);
    script.push(say("200 OK", &["Content-Encoding: gzip"], &gzip(b"[1]")));
    assert_eq!(whatever(&client(&Server::new(script).target())), Ok((200, "[1]".into(), 3)));
}

#[test]
fn a_whole_refusal_arrives_however_long_and_half_of_one_is_none() {
    let long = vec![b'x'; 200_000];
    let server = Server::new(vec![say("400 Bad Request", &["Content-Encoding: gzip"], &gzip(&long))]);
    assert_eq!(whatever(&client(&server.target())).map(|answer| answer.1.len()), Ok(200_000));
    let cut = || Act::Say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\nhalf".to_vec());
    let server = Server::new((0..6).map(|_| cut()).collect());
    assert_eq!(whatever(&client(&server.target())).unwrap_err().code(), Code::Truncated);
}

#[test]
fn half_of_what_a_400_says_is_no_verdict() {
    let of_99 = |status: &str, body: &[u8]| {
        Act::Say([format!("HTTP/1.1 {status}\r\nContent-Length: 99\r\n\r\n").as_bytes(), body].concat())
    };
    let half = |status| of_99(status, b"{\"error\": \"request for");
    let damaged = &gzip(b"{\"error\": \"no\"}")[..20];
    for first in [
        half("400 Bad Request"),
        say("400 Bad Request", &["Content-Encoding: gzip"], damaged),
        say("400 Bad Request", &[], b"{\"error\": \"request for"),
    ] {
        let server = Server::new(vec![first, say("400 Bad Request", &[], b"{\"error\": \"forgotten\"}")]);
        let error = json(&client(&server.target())).unwrap_err();
        assert!(error.words() == Some("forgotten") && error.to_string().contains("after 2 attempts"), "{error}");
    }
    // The status says enough, or the sentence is whole although the body isn't, or longer than anybody reads.
    let whole = of_99("400 Bad Request", b"{\"error\": \"no\"}");
    let long = format!("[\"{}\"]", "x".repeat(100_000));
    let [long, empty] = [long.as_bytes(), b""].map(|body| say("400 Bad Request", &[], body));
    for first in [half("404 Not Found"), half("401 Unauthorized"), whole, long, empty] {
        let server = Server::new(vec![first]);
        assert!(json(&client(&server.target())).is_err());
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn no_answer_is_an_error_also_after_a_refusal() {
    let mut script = vec![say("500 Internal Server Error", &[], b"no")];
    script.extend((0..5).map(|_| Act::Say(Vec::new())));
    let error = whatever(&client(&Server::new(script).target())).unwrap_err();
    assert_eq!(error.code(), Code::NetworkError);
    assert!(error.to_string().contains("after 6 attempts"), "{error}");
}

#[test]
fn a_spent_hour_is_an_answer_once_and_then_known() {
    let server = Server::new(vec![say("429 Too Many Requests", &[], SPENT)]);
    let client = client(&server.target());
    assert_eq!(whatever(&client).map(|answer| (answer.0, answer.2)), Ok((429, 1)));
    assert_eq!(whatever(&client).unwrap_err().code(), Code::RateLimited);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn only_a_whole_200_is_an_answer() {
    for (status, headers) in [
        ("202 Accepted", &[][..]),
        ("203 Non-Authoritative Information", &[]),
        ("204 No Content", &[]),
        ("205 Reset Content", &[]),
        ("206 Partial Content", &["Content-Range: bytes 0-1/10"]),
        ("200 OK", &["Content-Range: bytes 0-1/10"]),
    ] {
        let server = Server::new(vec![say(status, headers, b"[]"), say("200 OK", &[], b"[1]")]);
        let (code, retry, message) = failure(open(&client(&server.target()), &export()));
        assert_eq!((code, retry), (Code::UnexpectedResponse, Retry::Backoff), "{status}");
        assert!(message.contains(&format!("HTTP {}", &status[..3])), "{message}");
        // Asked again it may be one.
        let server = Server::new(vec![say(status, headers, b"[]"), say("200 OK", &[], b"[1]")]);
        let client = client(&server.target());
        let answer = json(&client).unwrap();
        assert_eq!((client.requests(), &answer.body[..]), (2, &b"[1]"[..]), "{status}");
    }
}

#[test]
fn an_answer_that_ends_with_its_connection_is_not_whole() {
    let whole = gzip(b"[\"a\"]");
    for (headers, body) in [
        ("", b"[]".to_vec()),
        ("Content-Encoding: gzip\r\n", whole),
        ("Transfer-Encoding: identity\r\n", b"[]".to_vec()),
    ] {
        let bytes = [format!("HTTP/1.1 200 OK\r\n{headers}\r\n").as_bytes(), &body].concat();
        let server = Server::new(vec![Act::Say(bytes), say("200 OK", &[], b"[1]")]);
        assert_eq!(requests_of_json(&client(&server.target())), Ok(2), "{headers}");
        let bytes = [format!("HTTP/1.1 200 OK\r\n{headers}\r\n").as_bytes(), &body].concat();
        let server = Server::new(vec![Act::Say(bytes)]);
        let (code, retry, message) = failure(open(&client(&server.target()), &export()));
        assert_eq!((code, retry), (Code::Truncated, Retry::Backoff), "{headers}");
        assert!(message.contains("neither a Content-Length nor chunked encoding"), "{message}");
    }
}

/// Two requests, on one connection if the client likes. The server answers the first one twice: at once, or the second time
/// when it is told to.
fn answered_twice(wait: Option<std::sync::mpsc::Receiver<()>>) -> (BaseUrl, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let reply = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
    let serve = move || {
        let (mut first, _) = listener.accept().unwrap();
        assert!(super::testing::read_request(&mut first).contains("first"));
        match wait {
            None => first.write_all(&[reply("[1]"), reply("[0]")].concat()).unwrap(),
            Some(told) => {
                first.write_all(&reply("[1]")).unwrap();
                told.recv().unwrap();
                first.write_all(&reply("[0]")).unwrap();
            }
        }
        let (mut second, _) = listener.accept().unwrap();
        assert!(super::testing::read_request(&mut second).contains("second"));
        second.write_all(&reply("[2]")).unwrap();
    };
    (BaseUrl::parse(&url).unwrap(), std::thread::spawn(serve))
}

#[test]
fn an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one() {
    for is_late in [false, true] {
        let (tell, told) = std::sync::mpsc::channel();
        let (url, server) = answered_twice(is_late.then_some(told));
        let client = client(&Target { base_url: Some(url), ..target() });
        let ask = async |name: &str| client.json(&Request::get(Api::Query, name)).await.unwrap().body;
        let bodies = async {
            let first = ask("first").await;
            if is_late {
                tell.send(()).unwrap();
                // The runtime is busy with something else when it arrives.
                std::thread::sleep(Duration::from_millis(50));
            }
            [first, ask("second").await]
        };
        assert_eq!(block_on(bodies).unwrap(), ["[1]", "[2]"], "late: {is_late}");
        server.join().unwrap();
    }
}
