//! Live reports: functions whose rows are read out of the answer to one request.

mod bucket;
mod counts;
mod frequency;
mod frequency_answer;
mod funnel;
mod funnel_answer;
mod funnel_steps;
mod jql;
mod numeric;
mod parameters;
mod profile_stats;
mod profile_stats_answer;
mod retention;
mod retention_answer;
mod segmentation;
mod series;
mod series_answer;
mod unit;

pub use counts::{EVENT_COUNTS, PROPERTY_COUNTS};
pub use frequency::FREQUENCY;
pub use funnel::FUNNEL;
pub use jql::JQL;
pub use numeric::{AVERAGE, NUMERIC, SUM};
pub use profile_stats::PROFILE_STATS;
pub use retention::RETENTION;
pub use segmentation::SEGMENTATION;
pub(super) use series_answer::{Series, series};

use arrow_array::{RecordBatch, cast::AsArray};

use super::{
    one_request::{ask, raw_answer},
    parameters::{LIVE, RAW},
    target,
};
use crate::{
    contract::{Arguments, BoundTable, Columns, Param, Result, Session, Table, params, rows_asking},
    known::unknown_event_at_hand,
    mixpanel::Request,
};

/// What every report takes besides its own parameters.
const REPORT: &[Param] = params![&[RAW], LIVE];

/// What is asked, and how the answer is read.
struct Question {
    request: Request,
    columns: Columns,
    read: Box<Read>,
    /// The events that must exist if there are no rows of them.
    events: Vec<String>,
    /// Which column says the event of a row, where there can be several.
    event_column: Option<&'static str>,
}

type Read = dyn Fn(&str) -> Result<RecordBatch> + Send + Sync;

impl Question {
    fn new<A: 'static>(
        request: Request,
        read: impl Fn(&str) -> Result<A> + Send + Sync + 'static,
        table: Table<A>,
    ) -> Self {
        let columns = table.columns();
        let read = move |text: &str| table.batch(&read(text)?);
        Self { request, columns, read: Box::new(read), events: vec![], event_column: None }
    }

    /// The same question, which is about the event of this parameter and no other.
    fn about(self, arguments: &Arguments, name: &str) -> Result<Self> {
        Ok(Self { events: arguments.text(name)?.map(str::to_owned).into_iter().collect(), ..self })
    }

    /// The same question, which is about these events; each row says its own in this column.
    fn about_each(self, events: Vec<String>, column: &'static str) -> Self {
        Self { events, event_column: Some(column), ..self }
    }

    /// The call that asks it.
    fn bound(self, arguments: &Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
        let Self { request, columns, read, events, event_column } = self;
        let raw = arguments.boolean(RAW.name)?.unwrap_or(false);
        let target = target(arguments, session)?;
        request.url(&target)?;
        if raw {
            return Ok(raw_answer(target, request));
        }
        Ok(rows_asking(columns, move || {
            let batch = ask(&target, &request)?.read(&read)?;
            // Mixpanel answers questions about events that it doesn't know as if they had never happened.
            let mut absent = events.iter().filter(|event| is_absent(event, &batch, event_column));
            absent.find_map(|event| unknown_event_at_hand(&target, event)).map_or(Ok(batch), Err)
        }))
    }
}

/// Whether the answer has nothing about an event.
fn is_absent(event: &str, batch: &RecordBatch, column: Option<&str>) -> bool {
    match column.and_then(|column| batch.column_by_name(column)?.as_string_view_opt()) {
        Some(events) => !events.iter().flatten().any(|found| found == event),
        None => batch.num_rows() == 0,
    }
}
