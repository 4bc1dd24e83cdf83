//! `mixpanel_events(...)`: the names of a project's events.

use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, rows, texts,
    },
    functions::{query_parameters, target},
    known::{Days, event_names},
};

/// `GET /api/query/events/names`, cached. Dates that are left out are as wide as they get.
pub struct Events;

impl TableFunction for Events {
    fn name(&self) -> &'static str {
        "mixpanel_events"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The names of a project's events, of all time unless dates say otherwise.",
            example: "SELECT event_name FROM mixpanel_events();",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = vec![
            Parameter::named("from_date", SqlType::Date),
            Parameter::named("to_date", SqlType::Date),
            Parameter::named("max_rows", SqlType::BigInt),
        ];
        parameters.extend(query_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let (from, to) = arguments.dates("from_date", "to_date")?;
        let max_rows = arguments.count("max_rows")?;
        let target = target(&arguments, session)?;
        Ok(rows(Columns::new([("event_name", SqlType::Varchar)]), move || {
            let names = event_names(&target, Days { from, to }, super::limit(max_rows))?;
            let mut names = super::uncut(names, max_rows, "Narrow it with from_date and to_date; ")?;
            names.sort();
            Ok(vec![texts(names.into_iter().map(Some))])
        }))
    }
}
