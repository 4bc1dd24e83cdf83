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

use arrow_array::ArrayRef;

use super::{
    live::{answered, whole},
    query_parameters, target,
};
use crate::{
    contract::{Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction},
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
        let Question { request, columns, read } = (self.question)(&arguments)?;
        let raw = arguments.boolean("raw")?.unwrap_or(false);
        let target = target(&arguments, session)?;
        Ok(if raw { whole(target, request) } else { answered(target, request, columns, read) })
    }
}
