//! `mixpanel_fetches()`: what this process fetched, and how it went.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arrow_array::{ArrayRef, Int64Array, TimestampMicrosecondArray};
use serde_json::{Value as Json, json};

use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, rows, texts,
    },
    fetching::record::{self, End, Fetch, Warning},
};

pub struct Fetches;

impl TableFunction for Fetches {
    fn name(&self) -> &'static str {
        "mixpanel_fetches"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Every fetch of this process: its arguments, progress, requests, rows and errors.",
            example: "SELECT id, windows_done, windows, rows, error FROM mixpanel_fetches() ORDER BY id DESC;",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![]
    }

    fn bind(&self, _arguments: Arguments, _session: Session) -> Result<Box<dyn BoundTable>> {
        let counter = |name| (name, SqlType::BigInt);
        let columns = Columns::new([
            counter("id"),
            ("function", SqlType::Varchar),
            ("arguments", SqlType::Json),
            counter("windows"),
            counter("windows_done"),
            counter("windows_failed"),
            ("failed_ranges", SqlType::Json),
            counter("requests"),
            counter("retries"),
            counter("rows"),
            counter("bytes"),
            ("started", SqlType::Timestamp),
            ("finished", SqlType::Timestamp),
            ("error", SqlType::Varchar),
            ("warnings", SqlType::Json),
        ]);
        Ok(rows(columns, || Ok(arrays(&record::all()))))
    }
}

fn arrays(all: &[Arc<Fetch>]) -> Vec<ArrayRef> {
    let ends: Vec<End> = all.iter().map(|fetch| fetch.end()).collect();
    let counter = |value: fn(&Fetch) -> &AtomicU64| -> ArrayRef {
        Arc::new(all.iter().map(|fetch| Some(value(fetch).load(Ordering::Relaxed) as i64)).collect::<Int64Array>())
    };
    let text = |value: fn(&Fetch) -> &str| texts(all.iter().map(|fetch| Some(value(fetch))));
    let failed = ends.iter().map(|end| {
        let ranges = end.failed.iter().map(|(range, error)| json!({"range": range, "error": error}));
        Some(Json::from_iter(ranges).to_string())
    });
    let warnings = ends.iter().map(|end| {
        let warnings = end.warnings.iter().map(|Warning { code, message }| json!({"code": code, "message": message}));
        Some(Json::from_iter(warnings).to_string())
    });
    let started = all.iter().map(|fetch| Some(fetch.started.as_microsecond()));
    let finished = ends.iter().map(|end| end.finished.map(|moment| moment.as_microsecond()));
    vec![
        Arc::new(all.iter().map(|fetch| Some(fetch.id)).collect::<Int64Array>()),
        text(|fetch| fetch.function),
        text(|fetch| &fetch.arguments),
        counter(|fetch| &fetch.windows),
        counter(|fetch| &fetch.windows_done),
        Arc::new(ends.iter().map(|end| Some(end.failed.len() as i64)).collect::<Int64Array>()),
        texts(failed),
        counter(|fetch| &fetch.requests),
        counter(|fetch| &fetch.retries),
        counter(|fetch| &fetch.rows),
        counter(|fetch| &fetch.bytes),
        Arc::new(started.collect::<TimestampMicrosecondArray>()),
        Arc::new(finished.collect::<TimestampMicrosecondArray>()),
        texts(ends.iter().map(|end| end.error.as_deref())),
        texts(warnings),
    ]
}
