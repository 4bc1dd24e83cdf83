//! `mixpanel_saved_report(bookmark)`: what a saved report says.
//!
//! `GET /api/query/insights` knows the reports of Insights, funnels and
//! retention, `GET /api/query/arb_funnels` those of Flows. A URL says which it
//! is, and so does an answer to `mixpanel_bookmarks` that is kept; for any other id
//! the first is asked, and the second where the first knows no such report.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, TimestampMicrosecondArray};

use super::report_answer;
use super::{
    argument::{bookmark, parameters},
    link::{Kind, Link},
    request::{arb_funnels, insights},
};
use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Columns, Documentation, Error, Parameter, Reason, Result, Session, SqlType,
        TableFunction, list_of_texts, rows, texts, texts_at,
    },
    functions::{discovery::known_type, live, target},
    json::Moment,
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
        let link = bookmark(self.name(), &arguments, &target)?;
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
        Ok(rows(columns, move || arrays(&report_answer::read(&ask(&target, &link)?)?)))
    }
}

/// The answer of the route that knows the report.
fn ask(target: &Target, link: &Link) -> Result<String> {
    match link.kind.or_else(|| Kind::of(&known_type(target, link.bookmark_id)?)) {
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

fn is_unknown(error: &Error) -> bool {
    error.reason() == Some(Reason::UnknownReport)
}

fn arrays(report: &report_answer::Report) -> Result<Vec<ArrayRef>> {
    let (series, rows) = (&report.series, &report.rows);
    let segments = |row: &report_answer::Row| series.get(row.series).map(|series| series.segments.iter().collect());
    let dates = rows.iter().map(|row| row.date.and_then(Moment::microseconds));
    Ok(vec![
        texts_at([Some(report.report_type)], rows.iter().map(|_| 0))?,
        texts_at(series.iter().map(|series| series.metric.as_deref()), rows.iter().map(|row| row.series))?,
        list_of_texts(rows.iter().map(segments)),
        Arc::new(dates.collect::<TimestampMicrosecondArray>()),
        Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()),
    ])
}
