//! `mixpanel_flows(bookmark)`: what users do next, by a saved report of Flows.
//!
//! `GET /api/query/arb_funnels`, which Mixpanel's documentation does not know.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array};

use super::flows_answer::{self, Flow, Node, Place};
use super::{
    argument::{bookmark, parameters},
    link::Kind,
    request::arb_funnels,
};
use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Error, Parameter, Result, Session, SqlType, TableFunction,
        list_of_texts, texts,
    },
    functions::{live, target},
};

pub struct Flows;

impl TableFunction for Flows {
    fn name(&self) -> &'static str {
        "mixpanel_flows"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "A saved report of Flows, by its id or URL: one row for each way from a node to one of the next step.",
            example: "SELECT step, event_name, node_type, count, next_event_name, next_count FROM mixpanel_flows(8301);",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        parameters()
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let target = target(&arguments, session)?;
        let link = bookmark(self.name(), &arguments, &target)?;
        if let Some(kind) = link.kind.filter(|kind| *kind != Kind::Flows) {
            let problem = format!("is a report of {}, not of Flows; use mixpanel_saved_report", kind.name());
            return Err(Error::argument("bookmark", problem));
        }
        if arguments.boolean("raw")?.unwrap_or(false) {
            return Ok(live::raw_answer(target, arb_funnels(&link)));
        }
        let list = || SqlType::List(Box::new(SqlType::Varchar));
        let columns = Columns::new([
            ("step", SqlType::Integer),
            ("event_name", SqlType::Varchar),
            ("node_type", SqlType::Varchar),
            ("segments", list()),
            ("count", SqlType::BigInt),
            ("next_step", SqlType::Integer),
            ("next_event_name", SqlType::Varchar),
            ("next_type", SqlType::Varchar),
            ("next_segments", list()),
            ("next_count", SqlType::BigInt),
            ("conversion_rate_change", SqlType::Double),
            ("overall_conversion_rate", SqlType::Double),
        ]);
        Ok(live::answered(target, arb_funnels(&link), columns, |text| Ok(arrays(&flows_answer::read(text)?))))
    }
}

fn arrays(flow: &Flow) -> Vec<ArrayRef> {
    let rows: Vec<(&Node, Option<&Place>)> = flow.nodes.iter().flat_map(Node::ways).collect();
    let mut arrays = places(rows.iter().map(|(node, _)| Some(&node.place)));
    arrays.extend(places(rows.iter().map(|(_, next)| *next)));
    arrays.push(Arc::new(rows.iter().map(|(node, _)| node.conversion_rate_change).collect::<Float64Array>()));
    arrays.push(Arc::new(rows.iter().map(|_| flow.overall_conversion_rate).collect::<Float64Array>()));
    arrays
}

fn places<'a>(places: impl Iterator<Item = Option<&'a Place>> + Clone) -> Vec<ArrayRef> {
    let segments = |place: &'a Place| place.segments.iter().map(String::as_str).collect();
    vec![
        Arc::new(places.clone().map(|place| place.map(|place| place.step)).collect::<Int32Array>()),
        texts(places.clone().map(|place| place.and_then(|place| place.event_name.as_deref()))),
        texts(places.clone().map(|place| place.and_then(|place| place.kind.as_deref()))),
        list_of_texts(places.clone().map(|place| place.map(segments))),
        Arc::new(places.map(|place| place.map(|place| place.count)).collect::<Int64Array>()),
    ]
}
