//! `mixpanel_flows(bookmark)`: what users do next, by a saved report of Flows.
//!
//! `GET /api/query/arb_funnels`, which Mixpanel's documentation does not know.

use std::sync::Arc;

use super::{
    argument::{PARAMETERS, bookmark},
    flows_answer::{Flow, FlowPlace, Node, read},
    link::AppKind,
    request::arb_funnels,
};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Result, Session, Table},
    functions::{one_request, target},
};

pub const FLOWS: Function = Function {
    name: "mixpanel_flows",
    description: "A saved report of Flows, by its id or URL: one row for each way from a node to one of the next step.",
    example: "SELECT step, event_name, node_type, count, next_event_name, next_count FROM mixpanel_flows(8301);",
    parameters: PARAMETERS,
    bind,
    ..Function::PLAIN
};

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let link = bookmark(FLOWS.name, &arguments, &target)?;
    if let Some(kind) = link.kind.filter(|kind| *kind != AppKind::Flows) {
        let problem = format!("is a report of {}, not of Flows; use mixpanel_saved_report", kind.name());
        return Err(Error::argument("bookmark", problem));
    }
    if arguments.boolean("raw")?.unwrap_or(false) {
        return Ok(one_request::raw_answer(target, arb_funnels(&link)));
    }
    let table = Table::new()
        .integer("step", |way: &Way| way.node.place.step)
        .text_ref("event_name", |way| way.node.place.event_name.as_deref())
        .text_ref("node_type", |way| way.node.place.kind.as_deref())
        .texts("segments", |way| way.node.place.segments.clone())
        .bigint("count", |way| way.node.place.count)
        .integer("next_step", |way| way.next().map(|next| next.step))
        .text_ref("next_event_name", |way| way.next()?.event_name.as_deref())
        .text_ref("next_type", |way| way.next()?.kind.as_deref())
        .texts("next_segments", |way| way.next().map(|next| next.segments.clone()))
        .bigint("next_count", |way| way.next().map(|next| next.count))
        .double("conversion_rate_change", |way| way.node.conversion_rate_change)
        .double("overall_conversion_rate", |way| way.overall_conversion_rate);
    Ok(one_request::answered(target, arb_funnels(&link), |text| Ok(ways(read(text)?)), table))
}

/// A way from a node, or the node alone where there is none.
struct Way {
    node: Arc<Node>,
    /// Which of the node's ways.
    number: usize,
    /// Of the report.
    overall_conversion_rate: Option<f64>,
}

impl Way {
    fn next(&self) -> Option<&FlowPlace> {
        self.node.next.get(self.number)
    }
}

fn ways(Flow { nodes, overall_conversion_rate }: Flow) -> Vec<Way> {
    let ways = nodes.into_iter().map(Arc::new).flat_map(|node| {
        (0..node.next.len().max(1)).map(move |number| Way { node: Arc::clone(&node), number, overall_conversion_rate })
    });
    ways.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_without_ways_is_a_row_too() {
        let text = r#"{"steps": [{"nodes": [{"event": "A", "totalCount": "3", "edges": [
            {"event": "", "type": "DROPOFF", "step": "1", "totalCount": "1"},
            {"event": "B", "type": "FORWARD", "step": "1", "totalCount": "2"}]}]},
            {"nodes": [{"event": "B", "totalCount": "2", "edges": []}]}]}"#;
        let ways = ways(read(text).unwrap());
        let counts: Vec<_> = ways.iter().map(|way| (way.node.place.count, way.next().map(|next| next.count))).collect();
        assert_eq!(counts, [(3, Some(1)), (3, Some(2)), (2, None)]);
    }
}
