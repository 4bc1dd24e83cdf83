//! Live reports: functions whose rows are read out of the answer to one request.

mod counts;
mod frequency;
mod funnel;
mod jql;
mod numeric;
mod parameters;
mod retention;
mod segmentation;
mod series;
mod unit;

pub use counts::{EVENT_COUNTS, PROPERTY_COUNTS};
pub use frequency::FREQUENCY;
pub use funnel::FUNNEL;
pub use jql::JQL;
pub use numeric::{AVERAGE, NUMERIC, SUM};
pub use retention::RETENTION;
pub use segmentation::SEGMENTATION;

use arrow_array::{Array, ArrayRef};

use super::{
    live::{answered, raw_answer},
    query_parameters, target,
};
use crate::{
    contract::{Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction},
    discovery::unknown_event_at_hand,
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
    /// The event that must exist if there are no rows.
    event: Option<String>,
}

impl Question {
    fn new(
        request: Request,
        columns: Columns,
        read: impl Fn(&str) -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
    ) -> Self {
        Self { request, columns, read: Box::new(read), event: None }
    }

    /// The same question, which is about the event of this parameter and no other.
    fn about(self, arguments: &Arguments, name: &str) -> Result<Self> {
        Ok(Self { event: arguments.text(name)?.map(str::to_owned), ..self })
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
        let Question { request, columns, read, event } = (self.question)(&arguments)?;
        let raw = arguments.boolean("raw")?.unwrap_or(false);
        let target = target(&arguments, session)?;
        if raw {
            return Ok(raw_answer(target, request));
        }
        let asked = target.clone();
        Ok(answered(target, request, columns, move |text| {
            let arrays = read(text)?;
            let is_empty = arrays.iter().all(|array| array.is_empty());
            // Mixpanel answers questions about events that it doesn't know as if they had never happened.
            let unknown = event.as_ref().filter(|_| is_empty).and_then(|event| unknown_event_at_hand(&asked, event));
            unknown.map_or(Ok(arrays), Err)
        }))
    }
}
