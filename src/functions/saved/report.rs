//! `mixpanel_saved_report(bookmark)`: what a saved report says.
//!
//! `GET /api/query/insights` knows the reports of Insights, funnels and
//! retention, `GET /api/query/arb_funnels` those of Flows. A URL says which it
//! is, and so does an answer to `mixpanel_bookmarks` that is kept; for any other id
//! the first is asked, and the second where the first knows no such report.

use std::sync::Arc;

use arrow_array::{Float64Array, TimestampMicrosecondArray};

use super::{
    argument::{PARAMETERS, bookmark},
    link::{AppKind, Link},
    report_answer::{Report, read},
    request::{arb_funnels, insights},
};
use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Error, Function, Reason, Result, Session, SqlType, Table, list_of_texts, texts_at,
    },
    functions::{discovery::known_type, one_request, target},
    json::Moment,
    known,
};

pub const SAVED_REPORT: Function = Function {
    name: "mixpanel_saved_report",
    description: "The numbers of a saved report of Insights, funnels, retention or flows, by its id or URL: one row for each metric, segment and date.",
    example: "SELECT metric, segments, date, value FROM mixpanel_saved_report(8001);",
    parameters: PARAMETERS,
    bind,
    ..Function::PLAIN
};

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let link = bookmark(SAVED_REPORT.name, &arguments, &target)?;
    Ok(match arguments.boolean("raw")?.unwrap_or(false) {
        true => one_request::raw().of(move || Ok(vec![ask(&target, &link)?])),
        false => table().of(move || read(&ask(&target, &link)?).inspect_err(|_| forget(&target, &link))),
    })
}

/// There may be millions of numbers: each says which series it is of, and names are in memory once.
fn table() -> Table<Report> {
    Table::new()
        .column("report_type", SqlType::Varchar, |Report { report_type, rows, .. }: &Report| {
            texts_at([Some(report_type)], rows.iter().map(|_| 0))
        })
        .column("metric", SqlType::Varchar, |Report { series, rows, .. }| {
            texts_at(series.iter().map(|series| series.metric.as_deref()), rows.iter().map(|row| row.series))
        })
        .column("segments", SqlType::VARCHARS, |Report { series, rows, .. }| {
            let segments = rows.iter().map(|row| Some(series.get(row.series)?.segments.iter().collect()));
            Ok(list_of_texts::<&String>(segments))
        })
        .column("date", SqlType::Timestamp, |Report { rows, .. }| {
            let dates = rows.iter().map(|row| row.date.and_then(Moment::microseconds));
            Ok(Arc::new(dates.collect::<TimestampMicrosecondArray>()))
        })
        .column("value", SqlType::Double, |Report { rows, .. }| {
            Ok(Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()))
        })
}

/// The answer of the route that knows the report.
fn ask(target: &Target, link: &Link) -> Result<String> {
    match link.kind.or_else(|| AppKind::of(&known_type(target, link.bookmark_id)?)) {
        Some(AppKind::Flows) => one_request::ask(target, &arb_funnels(link)),
        Some(_) => one_request::ask(target, &insights(link)),
        None => one_request::ask(target, &insights(link)).or_else(|first| {
            if !is_unknown(&first) {
                return Err(first);
            }
            one_request::ask(target, &arb_funnels(link)).map_err(|second| match is_unknown(&second) {
                true => first.fix(
                    "There is no report of Insights, funnels, retention or flows with this id: check it, the project \
                     and the region",
                ),
                false => second,
            })
        }),
    }
}

/// What can't be read is not remembered.
fn forget(target: &Target, link: &Link) {
    [insights(link), arb_funnels(link)].iter().for_each(|request| known::forget(target, request));
}

fn is_unknown(error: &Error) -> bool {
    error.reason() == Some(Reason::UnknownReport)
}
