//! `mixpanel_saved_report(bookmark)`: what a saved report says.
//!
//! `GET /api/query/insights` knows the reports of Insights, funnels and
//! retention, `GET /api/query/arb_funnels` those of Flows. A URL says which it
//! is, and so does an answer to `mixpanel_bookmarks` that is kept; for any other id
//! the first is asked, and the second where the first knows no such report. About
//! other days than its own a report is asked for as `other_days` says.

use std::sync::Arc;

use arrow_array::{Date32Array, Float64Array, TimestampMicrosecondArray};

use super::{
    argument::{NAME as BOOKMARK, PARAMETERS, bookmark},
    flow_rows::FlowMode,
    link::{AppKind, Link},
    other_days::{OTHER_DAYS, OtherDays, WantedReport},
    report_answer::{Report, read},
    request::{arb_funnels, insights},
};
use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Error, Function, Reason, Result, Session, SqlType, Table, Value, list_of_texts, params,
        texts_at,
    },
    functions::{discovery::known_type, each::each_of, on_failure::ON_FAILURE, one_request, target},
    json::Moment,
    known::Remembered,
};

pub const SAVED_REPORT: Function = Function {
    name: "mixpanel_saved_report",
    description: "Returns the numbers of a saved Insights, funnels, retention or flows report by its id or URL: one \
                  row per metric, segment and date.",
    example: "SELECT metric, segments, date, value FROM mixpanel_saved_report(8001);",
    parameters: params![PARAMETERS, OTHER_DAYS, &[ON_FAILURE]],
    bind,
    ..Function::PLAIN
};

/// One report, or each of a list, whose rows have `bookmark_id` too.
fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let id_of = |value: &Value| {
        let one = arguments.clone().with(BOOKMARK, value.clone());
        Ok(bookmark(SAVED_REPORT.name, &one, &target)?.bookmark_id)
    };
    match each_of(&SAVED_REPORT, BOOKMARK, &arguments, session, id_of, bind_one)? {
        Some(each) => Ok(each),
        None => bind_one(arguments, session),
    }
}

fn bind_one(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let link = bookmark(SAVED_REPORT.name, &arguments, &target)?;
    let days = OtherDays::of(&arguments, &target)?;
    let answer = move || match days {
        Some(days) => days.ask(&target, &link, None, WantedReport::Any),
        None => ask(&target, &link),
    };
    Ok(match arguments.boolean("raw")?.unwrap_or(false) {
        true => one_request::raw().asking(move || Ok(vec![answer()?.whole()])),
        false => table().asking(move || {
            answer()?.read(|text| {
                let report = read(text)?;
                days.map_or(Ok(()), |days| days.check(text, &report))?;
                Ok(report)
            })
        }),
    })
}

/// The rows of any report but Flows.
pub fn table() -> Table<Report> {
    let table = Table::new().column("report_type", SqlType::Varchar, |Report { report_type, rows, .. }: &Report| {
        texts_at([Some(report_type)], rows.iter().map(|_| 0))
    });
    numbers(table, Dates::Timestamp)
}

/// How a row says its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    Date,
    Timestamp,
}

/// The numbers of a report. There may be millions: each says which series it is of, and names are in memory once.
pub fn numbers(table: Table<Report>, dates: Dates) -> Table<Report> {
    let table = table
        .column("metric", SqlType::Varchar, |Report { series, rows, .. }| {
            texts_at(series.iter().map(|series| series.metric.as_deref()), rows.iter().map(|row| row.series))
        })
        .column("segments", SqlType::VARCHARS, |Report { series, rows, .. }| {
            let segments = rows.iter().map(|row| Some(series.get(row.series)?.segments.iter().collect()));
            Ok(list_of_texts::<&String>(segments))
        });
    let table = match dates {
        Dates::Date => table.column("date", SqlType::Date, |Report { rows, .. }| {
            Ok(Arc::new(rows.iter().map(|row| row.date.map(Moment::days)).collect::<Date32Array>()))
        }),
        Dates::Timestamp => table.column("date", SqlType::Timestamp, |Report { rows, .. }| {
            let dates = rows.iter().map(|row| row.date.and_then(Moment::microseconds));
            Ok(Arc::new(dates.collect::<TimestampMicrosecondArray>()))
        }),
    };
    table.column("value", SqlType::Double, |Report { rows, .. }| {
        Ok(Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()))
    })
}

/// The answer of the route that knows the report.
fn ask(target: &Target, link: &Link) -> Result<Remembered> {
    match link.kind.or_else(|| AppKind::of(&known_type(target, link.bookmark_id)?)) {
        Some(AppKind::Flows) => one_request::ask(target, &arb_funnels(link, FlowMode::Sankey)),
        Some(_) => one_request::ask(target, &insights(link)),
        None => one_request::ask(target, &insights(link)).or_else(|first| {
            if !is_unknown(&first) {
                return Err(first);
            }
            one_request::ask(target, &arb_funnels(link, FlowMode::Sankey)).map_err(|second| match is_unknown(&second) {
                true => first.fix(
                    "Check the id, the project and the region. Mixpanel has no report of Insights, funnels, retention \
                     or flows with this id",
                ),
                false => second,
            })
        }),
    }
}

fn is_unknown(error: &Error) -> bool {
    error.reason() == Some(Reason::UnknownReport)
}
