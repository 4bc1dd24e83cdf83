//! `mixpanel_cohorts()`: the saved cohorts.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array, TimestampMicrosecondArray};
use serde_json::{Map, Value};

use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, texts,
    },
    functions::{query_parameters, target},
    json::{self, Record},
    mixpanel::{Api, Request},
};

/// `POST /api/query/cohorts/list`, cached.
pub struct Cohorts;

impl TableFunction for Cohorts {
    fn name(&self) -> &'static str {
        "mixpanel_cohorts"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The saved cohorts of a project. count is what Mixpanel last counted and may be old.",
            example: "SELECT cohort_id, name, count, created FROM mixpanel_cohorts();",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        query_parameters()
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let columns = Columns::new([
            ("cohort_id", SqlType::BigInt),
            ("name", SqlType::Varchar),
            ("count", SqlType::BigInt),
            ("description", SqlType::Varchar),
            ("created", SqlType::Timestamp),
            ("is_visible", SqlType::Boolean),
            ("group_id", SqlType::Varchar),
        ]);
        Ok(super::cached(target(&arguments, session)?, Request::post(Api::Query, "cohorts/list"), columns, read))
    }
}

struct Cohort {
    id: i64,
    name: Option<String>,
    count: Option<i64>,
    description: Option<String>,
    created: Option<i64>,
    is_visible: Option<bool>,
    group_id: Option<String>,
}

/// `[{"id": 1000, "name": "Cohort One", "count": 150, "is_visible": 1, "created": "2019-03-19 23:49:51", ...}]`
fn read(text: &str) -> Result<Vec<ArrayRef>> {
    let items: Vec<Map<String, Value>> = json::parse(text, "a list of cohorts")?;
    let cohort = |item| {
        let record = Record::new("a cohort", item);
        Ok(Cohort {
            id: record.id("id")?,
            name: record.text("name"),
            count: record.bigint("count")?,
            description: record.text("description"),
            created: record.timestamp("created")?,
            is_visible: record.boolean("is_visible")?,
            group_id: record.text("data_group_id"),
        })
    };
    let mut cohorts = items.iter().map(cohort).collect::<Result<Vec<_>>>()?;
    cohorts.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let text = |value: fn(&Cohort) -> &Option<String>| texts(cohorts.iter().map(|cohort| value(cohort).as_ref()));
    Ok(vec![
        Arc::new(cohorts.iter().map(|cohort| cohort.id).collect::<Int64Array>()),
        text(|cohort| &cohort.name),
        Arc::new(cohorts.iter().map(|cohort| cohort.count).collect::<Int64Array>()),
        text(|cohort| &cohort.description),
        Arc::new(cohorts.iter().map(|cohort| cohort.created).collect::<TimestampMicrosecondArray>()),
        Arc::new(cohorts.iter().map(|cohort| cohort.is_visible).collect::<BooleanArray>()),
        text(|cohort| &cohort.group_id),
    ])
}
