//! How does a report of Flows become rows?
//!
//! Saved or not, it is asked for in one of three forms, and each has its own answer.

use std::sync::Arc;

use super::{
    flows_answer::{Flow, FlowPlace, Node, read},
    tree_answer::{self, TreeNode},
};
use crate::{
    contract::{Arguments, BoundTable, Param, Result, SqlType, Table},
    functions::one_request,
    known::Remembered,
};

pub const MODE: Param =
    Param::named("mode", SqlType::Varchar, "Form of the answer: sankey, paths or tree").default("'sankey'");

/// The forms of a report of Flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowMode {
    /// Nodes of all users together, and the ways between them.
    Sankey,
    /// The ways of the most users, each from its beginning to its end.
    Paths,
    /// Nodes that tell how users came there.
    Tree,
}

impl FlowMode {
    /// The form that a call asks for, if it does.
    pub fn of(arguments: &Arguments) -> Result<Option<Self>> {
        Ok(arguments.one_of(MODE.name, &["sankey", "paths", "tree"])?.map(|word| match word {
            "paths" => Self::Paths,
            "tree" => Self::Tree,
            _ => Self::Sankey,
        }))
    }

    /// The form that a definition was saved in.
    pub fn of_definition(definition: &serde_json::Value) -> Self {
        let says = |name: &str, word: &str| definition.get(name).and_then(serde_json::Value::as_str) == Some(word);
        if says("chartType", Self::Paths.chart_type()) || says("flows_merge_type", Self::Paths.merge_type()) {
            Self::Paths
        } else if says("flows_merge_type", Self::Tree.merge_type()) {
            Self::Tree
        } else {
            Self::Sankey
        }
    }

    /// What the API calls it.
    pub fn query_type(self) -> &'static str {
        match self {
            Self::Sankey => "flows_sankey",
            Self::Paths => "flows_top_paths",
            Self::Tree => "flows",
        }
    }

    /// How a definition says it, in two places.
    pub fn chart_type(self) -> &'static str {
        match self {
            Self::Paths => "top-paths",
            Self::Sankey | Self::Tree => "sankey",
        }
    }

    pub fn merge_type(self) -> &'static str {
        match self {
            Self::Sankey => "graph",
            Self::Paths => "list",
            Self::Tree => "tree",
        }
    }

    /// A call whose rows are read out of this answer, or are it with `raw`.
    pub fn bound(self, raw: bool, ask: impl Fn() -> Result<Remembered> + Send + Sync + 'static) -> Box<dyn BoundTable> {
        match (raw, self) {
            (true, _) => one_request::raw().asking(move || Ok(vec![ask()?.whole()])),
            (false, Self::Tree) => tree().asking(move || ask()?.read(tree_answer::read)),
            (false, _) => diagram().asking(move || Ok(ways(ask()?.read(read)?))),
        }
    }
}

/// One row for each way. A report that was saved as top paths comes as such, whatever it was asked for as: these rows
/// hold both.
fn diagram() -> Table<Vec<Way>> {
    Table::new()
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
        .double("overall_conversion_rate", |way| way.overall_conversion_rate)
        .integer("path", |way| way.node.path)
}

fn tree() -> Table<Vec<TreeNode>> {
    Table::new()
        .integer("tree", |node: &TreeNode| node.tree)
        .integer("step", |node| node.step)
        .texts("path", |node| node.path.clone())
        .text_ref("event_name", |node| node.event_name.as_deref())
        .text_ref("node_type", |node| node.kind.as_deref())
        .bigint("count", |node| node.count)
        .bigint("drop_off_count", |node| node.drop_off_count)
        .bigint("converted_count", |node| node.converted_count)
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
