//! `mixpanel_fetches()`: what this process fetched, and how it went.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::{
    contract::{Function, Table},
    fetching::record::{self, DaysAnswered, End, Fetch, Warning},
};

pub const FETCHES: Function = Function {
    name: "mixpanel_fetches",
    description: "Fetches of this process, one row each: arguments, progress, requests, rows and errors.",
    example: "SELECT id, windows_done, windows, rows, error FROM mixpanel_fetches() ORDER BY id DESC;",
    bind: |_, _| {
        let table = Table::new()
            .bigint("id", |row: &Row| row.fetch.id)
            .text_ref("function", |row| Some(row.fetch.function))
            .json_ref("arguments", |row| Some(&row.fetch.arguments))
            .bigint("windows", |row| now(&row.fetch.windows))
            .bigint("windows_done", |row| now(&row.fetch.windows_done))
            .bigint("windows_failed", |row| row.end.failed.len() as i64)
            .json("failed_ranges", |row| failed_ranges(&row.end))
            .bigint("requests", |row| now(&row.fetch.requests))
            .bigint("retries", |row| now(&row.fetch.retries))
            .bigint("rows", |row| now(&row.fetch.rows))
            .bigint("bytes", |row| now(&row.fetch.bytes))
            .timestamp("started", |row| row.fetch.started.as_microsecond())
            .timestamp("finished", |row| row.end.finished.map(|moment| moment.as_microsecond()))
            .text_ref("error", |row| row.end.error.as_deref())
            .json("warnings", |row| warnings(&row.end))
            .bigint("windows_kept", |row| now(&row.fetch.windows_kept))
            .timestamp("oldest_asked", |row| row.end.oldest_asked().map(|moment| moment.as_microsecond()))
            .timestamp("waiting_until", |row| row.end.waiting_until.map(|moment| moment.as_microsecond()))
            .json("asked", |row| asked(&row.end));
        Ok(table.of(|| Ok(record::all().into_iter().map(|fetch| Row { end: fetch.end(), fetch }).collect())))
    },
    ..Function::PLAIN
};

/// A fetch, and what was known of its end at one moment.
struct Row {
    end: End,
    fetch: Arc<Fetch>,
}

fn now(counter: &AtomicU64) -> i64 {
    counter.load(Ordering::Relaxed) as i64
}

fn failed_ranges(end: &End) -> String {
    let ranges = end.failed.iter().map(|(range, error)| json!({"range": range, "error": error}));
    Json::from_iter(ranges).to_string()
}

/// Which days came, when Mixpanel was asked for them, and whether the whole answer was empty.
fn asked(end: &End) -> String {
    let runs = end.answers.iter().enumerate().flat_map(|(answer, DaysAnswered { days, asked_at, is_empty })| {
        // To the millisecond, as copies in the archive say it.
        let asked_at = TimeZone::UTC.to_datetime(*asked_at).strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string();
        let runs = days.chunk_by(|day, next| day.tomorrow().is_ok_and(|after| after == *next));
        runs.filter_map(move |run| {
            let (from, to) = (run.first()?.to_string(), run.last()?.to_string());
            Some(json!({"answer": answer, "from": from, "to": to, "asked_at": asked_at, "empty": is_empty}))
        })
    });
    Json::from_iter(runs).to_string()
}

fn warnings(end: &End) -> String {
    let warnings = end.warnings.iter().map(|Warning { code, message }| json!({"code": code, "message": message}));
    Json::from_iter(warnings).to_string()
}
