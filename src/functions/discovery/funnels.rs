//! `mixpanel_funnels()`: the saved funnels.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};
use serde_json::{Map, Value};

use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, texts,
    },
    functions::{query_parameters, target},
    json::{self, Record},
    mixpanel::{Api, Request},
};

/// `GET /api/query/funnels/list`, cached.
pub struct Funnels;

impl TableFunction for Funnels {
    fn name(&self) -> &'static str {
        "mixpanel_funnels"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The saved funnels of a project, with the ids that mixpanel_funnel takes.",
            example: "SELECT funnel_id, name FROM mixpanel_funnels();",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        query_parameters()
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let columns = Columns::new([("funnel_id", SqlType::BigInt), ("name", SqlType::Varchar)]);
        Ok(super::cached(target(&arguments, session)?, Request::get(Api::Query, "funnels/list"), columns, read))
    }
}

/// `[{"funnel_id": 7509, "name": "Signup funnel"}]`
fn read(text: &str) -> Result<Vec<ArrayRef>> {
    let items: Vec<Map<String, Value>> = json::parse(text, "a list of funnels")?;
    let funnel = |item| {
        let record = Record::new("a funnel", item);
        Ok((record.text("name"), record.id("funnel_id")?))
    };
    let mut funnels = items.iter().map(funnel).collect::<Result<Vec<_>>>()?;
    funnels.sort();
    Ok(vec![
        Arc::new(funnels.iter().map(|(_, id)| *id).collect::<Int64Array>()),
        texts(funnels.iter().map(|(name, _)| name.as_ref())),
    ])
}
