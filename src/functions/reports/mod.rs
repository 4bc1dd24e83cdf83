//! Live reports: functions whose rows are read out of the answer to one request.

mod bucket;
mod counts;
mod frequency;
mod frequency_answer;
mod funnel;
mod funnel_answer;
mod jql;
mod numeric;
mod parameters;
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
pub use retention::RETENTION;
pub use segmentation::SEGMENTATION;

use arrow_array::{Array, ArrayRef, cast::AsArray};

use super::{
    live::{answered, raw_answer},
    query_parameters, target,
};
use crate::{
    contract::{Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction},
    known::unknown_event_at_hand,
    mixpanel::Request,
};

/// A report: what sets it apart from the others. They all take `raw` and what says whom to ask besides.
pub struct Report {
    name: &'static str,
    documentation: Documentation,
    /// Its own.
    parameters: fn() -> Vec<Parameter>,
    /// Validates the arguments.
    question: fn(&Arguments) -> Result<Question>,
}

/// What is asked, and how the answer is read: one array for each column.
struct Question {
    request: Request,
    columns: Columns,
    read: Box<Read>,
    /// The events that must exist if there are no rows of them.
    events: Vec<String>,
    /// Which column says the event of a row, where there can be several.
    event_column: Option<usize>,
}

impl Question {
    fn new(
        request: Request,
        columns: Columns,
        read: impl Fn(&str) -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
    ) -> Self {
        Self { request, columns, read: Box::new(read), events: vec![], event_column: None }
    }

    /// The same question, which is about the event of this parameter and no other.
    fn about(self, arguments: &Arguments, name: &str) -> Result<Self> {
        Ok(Self { events: arguments.text(name)?.map(str::to_owned).into_iter().collect(), ..self })
    }

    /// The same question, which is about these events; each row says its own in the column of this number.
    fn about_each(self, events: Vec<String>, column: usize) -> Self {
        Self { events, event_column: Some(column), ..self }
    }
}

/// Whether the answer has nothing about an event.
fn is_absent(event: &str, arrays: &[ArrayRef], column: Option<usize>) -> bool {
    match column.and_then(|column| arrays.get(column)?.as_string_view_opt()) {
        Some(events) => !events.iter().flatten().any(|found| found == event),
        None => arrays.iter().all(|array| array.is_empty()),
    }
}

type Read = dyn Fn(&str) -> Result<Vec<ArrayRef>> + Send + Sync;

impl TableFunction for Report {
    fn name(&self) -> &'static str {
        self.name
    }

    fn documentation(&self) -> Documentation {
        self.documentation
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = (self.parameters)();
        parameters.push(Parameter::named("raw", SqlType::Boolean));
        parameters.extend(query_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let Question { request, columns, read, events, event_column } = (self.question)(&arguments)?;
        let raw = arguments.boolean("raw")?.unwrap_or(false);
        let target = target(&arguments, session)?;
        request.url(&target)?;
        if raw {
            return Ok(raw_answer(target, request));
        }
        let asked = target.clone();
        Ok(answered(target, request, columns, move |text| {
            let arrays = read(text)?;
            // Mixpanel answers questions about events that it doesn't know as if they had never happened.
            let mut absent = events.iter().filter(|event| is_absent(event, &arrays, event_column));
            absent.find_map(|event| unknown_event_at_hand(&asked, event)).map_or(Ok(arrays), Err)
        }))
    }
}
