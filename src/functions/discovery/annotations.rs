//! `mixpanel_annotations(...)`: the notes that people have pinned to dates.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, TimestampMicrosecondArray};
use serde_json::{Map, Value};

use super::results::results;
use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction,
        list_of_texts, texts,
    },
    functions::{account_parameters, target},
    json::Record,
};

/// `GET /api/app/projects/{project_id}/annotations`, cached.
pub struct Annotations;

impl TableFunction for Annotations {
    fn name(&self) -> &'static str {
        "mixpanel_annotations"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The notes on dates that a project's charts show, all of them unless dates say otherwise.",
            example: "SELECT date, description, tags FROM mixpanel_annotations(from_date := '2025-01-01', to_date := '2025-01-31');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters =
            vec![Parameter::named("from_date", SqlType::Date), Parameter::named("to_date", SqlType::Date)];
        parameters.extend(account_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let (from, to) = arguments.dates("from_date", "to_date")?;
        let target = target(&arguments, session)?;
        let request = super::project_request(&target, "annotations")?
            .query_some("fromDate", from.map(|date| date.to_string()))
            .query_some("toDate", to.map(|date| date.to_string()));
        let columns = Columns::new([
            ("annotation_id", SqlType::BigInt),
            ("date", SqlType::Timestamp),
            ("description", SqlType::Varchar),
            ("user_name", SqlType::Varchar),
            ("tags", SqlType::List(Box::new(SqlType::Varchar))),
        ]);
        Ok(super::cached(target, request, columns, read))
    }
}

struct Annotation {
    id: i64,
    date: i64,
    description: Option<String>,
    user_name: Option<String>,
    tags: Option<Vec<String>>,
}

/// `{"results": [{"id": 902, "date": "2025-01-01 12:00:00", "user": {"first_name": "Ada", ...}, "tags": [{"name": "x"}]}]}`
fn read(text: &str) -> Result<Vec<ArrayRef>> {
    let items: Vec<Map<String, Value>> = results(text, "a list of annotations")?;
    let annotation = |item| {
        let record = Record::new("an annotation", item);
        Ok(Annotation {
            id: record.id("id")?,
            date: record.required_timestamp("date")?,
            description: record.text("description"),
            user_name: record.record("user")?.and_then(|user| full_name(&user)),
            tags: record.names("tags")?,
        })
    };
    let mut annotations = items.iter().map(annotation).collect::<Result<Vec<_>>>()?;
    annotations.sort_by_key(|annotation| (annotation.date, annotation.id));
    Ok(vec![
        Arc::new(annotations.iter().map(|annotation| annotation.id).collect::<Int64Array>()),
        Arc::new(TimestampMicrosecondArray::from_iter_values(annotations.iter().map(|annotation| annotation.date))),
        texts(annotations.iter().map(|annotation| annotation.description.as_ref())),
        texts(annotations.iter().map(|annotation| annotation.user_name.as_ref())),
        list_of_texts(annotations.iter().map(|annotation| annotation.tags.clone())),
    ])
}

fn full_name(user: &Record<'_>) -> Option<String> {
    let parts = ["first_name", "last_name"].into_iter().filter_map(|part| user.text(part));
    let name = parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}
