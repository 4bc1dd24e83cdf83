//! `mixpanel_saved_report(bookmark)`: what a saved report says.
//!
//! `GET /api/query/insights` knows the reports of Insights, funnels and
//! retention, `GET /api/query/arb_funnels` those of Flows. A URL says which it
//! is; for a bare id the first is asked, and the second where the first knows no
//! such report. (A cache of the project's bookmarks could save that request.)

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, TimestampMicrosecondArray};

use super::{
    argument::{bookmark, parameters},
    link::{Kind, Link},
    request::{arb_funnels, insights},
};
use crate::{
    answers::{Moment, saved_report},
    config::Target,
    contract::{
        Arguments, BoundTable, Code, Columns, Documentation, Error, Parameter, Result, Session, SqlType, TableFunction,
        list_of_texts, rows, texts,
    },
    functions::{live, target},
};

pub struct SavedReport;

impl TableFunction for SavedReport {
    fn name(&self) -> &'static str {
        "mixpanel_saved_report"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The numbers of a saved report of Insights, funnels, retention or flows, by its id or URL: one row for each metric, segment and date.",
            example: "SELECT metric, segments, date, value FROM mixpanel_saved_report(8001);",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        parameters()
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let target = target(&arguments, session)?;
        let link = bookmark(&arguments, &target)?;
        if arguments.boolean("raw")?.unwrap_or(false) {
            let columns = Columns::new([("response", SqlType::Json)]);
            return Ok(rows(columns, move || Ok(vec![texts([Some(ask(&target, &link)?)])])));
        }
        let columns = Columns::new([
            ("report_type", SqlType::Varchar),
            ("metric", SqlType::Varchar),
            ("segments", SqlType::List(Box::new(SqlType::Varchar))),
            ("date", SqlType::Timestamp),
            ("value", SqlType::Double),
        ]);
        Ok(rows(columns, move || Ok(arrays(&saved_report::read(&ask(&target, &link)?)?))))
    }
}

/// The answer of the route that knows the report.
fn ask(target: &Target, link: &Link) -> Result<String> {
    match link.kind {
        Some(Kind::Flows) => live::ask(target, &arb_funnels(link)),
        Some(_) => live::ask(target, &insights(link)),
        None => live::ask(target, &insights(link)).or_else(|first| {
            if !is_unknown(&first) {
                return Err(first);
            }
            live::ask(target, &arb_funnels(link)).map_err(|second| match is_unknown(&second) {
                true => first.fix(
                    "There is no report of Insights, funnels, retention or flows with this id: check it, the project \
                     and the region",
                ),
                false => second,
            })
        }),
    }
}

/// Whether a refusal may mean that the route knows no such report. What it says about a report that it does know, such
/// as that its dates are too many, it marks as being for the user's eyes.
fn is_unknown(error: &Error) -> bool {
    match error.code() {
        Code::NotFound => true,
        Code::InvalidRequest => !error.says("UserVisible"),
        _ => false,
    }
}

fn arrays(report: &saved_report::Report) -> Vec<ArrayRef> {
    let rows = &report.rows;
    let dates = rows.iter().map(|row| row.date.and_then(Moment::microseconds));
    vec![
        texts(rows.iter().map(|_| Some(report.report_type))),
        texts(rows.iter().map(|row| row.metric.as_deref())),
        list_of_texts(rows.iter().map(|row| Some(row.segments.iter().map(String::as_str).collect()))),
        Arc::new(dates.collect::<TimestampMicrosecondArray>()),
        Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()),
    ]
}
