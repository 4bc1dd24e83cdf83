//! What does a report of Flows say, as a Sankey diagram or as a list of top paths?
//!
//! A diagram has `steps`, which are lists of nodes, and each node has its ways to
//! nodes of the next step. A list has `flows`, which are paths of `flowSteps`, the
//! one that most users took first. Counts come as text. Nothing has the number of
//! its step; it is the place in the list, from 0, which is how the ways count too.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    contract::Result,
    json::{Object, bigint, double, parse_object, said, unexpected},
};

const EXPECTED: &str = "a report of Flows";

/// A report of Flows.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// In the order of the answer: by step, or by path and step.
    pub nodes: Vec<Node>,
    /// From 0 to 1; `None` where the report has no conversion, or nobody in it.
    pub overall_conversion_rate: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Which of the top paths it is of, from 0; `None` in a diagram, whose nodes are of many.
    pub path: Option<i32>,
    pub place: FlowPlace,
    pub conversion_rate_change: Option<f64>,
    pub next: Vec<FlowPlace>,
}

/// Where users are: one event at one step, or one of the others there (`DROPOFF`, `PRUNED`).
#[derive(Debug, Clone, PartialEq)]
pub struct FlowPlace {
    pub step: i32,
    /// `None` for what is no event.
    pub event_name: Option<String>,
    /// `ANCHOR`, `FORWARD`, `REVERSE`, `DROPOFF`, `PRUNED`, `EMPTY`, ...
    pub kind: Option<String>,
    pub segments: Vec<String>,
    pub count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    steps: Option<Vec<Object<Item>>>,
    flows: Option<Vec<Object<Path>>>,
    overall_conversion_rate: Option<Value>,
}

/// One of the top paths.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Path {
    flow_steps: Vec<Object<Item>>,
    segments: Option<Vec<Value>>,
}

/// A step, a node or a way: they share their fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    nodes: Option<Vec<Object<Item>>>,
    edges: Option<Vec<Object<Item>>>,
    step: Option<Value>,
    event: Option<Value>,
    r#type: Option<Value>,
    segments: Option<Vec<Value>>,
    total_count: Option<Value>,
    count: Option<Value>,
    conversion_rate_change: Option<Value>,
}

/// Reads the body of `GET /api/query/arb_funnels`.
///
/// Errors: `UnexpectedResponse`.
pub fn read(text: &str) -> Result<Flow> {
    let body: Body = parse_object(text, EXPECTED)?;
    let reader = Reader { text };
    let nodes = match (&body.steps, &body.flows) {
        // The official client's mocks of diagrams have an empty list of paths beside the steps.
        (Some(steps), flows) if !steps.is_empty() || flows.as_ref().is_none_or(Vec::is_empty) => {
            reader.diagram(steps)?
        }
        (_, Some(flows)) => reader.paths(flows)?,
        _ => return Err(unexpected(EXPECTED, "there are neither 'steps' nor 'flows'", text)),
    };
    let overall_conversion_rate = reader.rate("overallConversionRate", body.overall_conversion_rate.as_ref())?;
    Ok(Flow { nodes, overall_conversion_rate })
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn diagram(&self, steps: &[Object<Item>]) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        for (index, Object(step)) in steps.iter().enumerate() {
            let step_number = self.step(step, index)?;
            match &step.nodes {
                Some(found) => {
                    for Object(node) in found {
                        nodes.push(self.node(node, step_number)?);
                    }
                }
                // A step that is its only node.
                None => nodes.push(self.node(step, step_number)?),
            }
        }
        Ok(nodes)
    }

    /// Each step of a path is a node with one way on, but for the last.
    fn paths(&self, flows: &[Object<Path>]) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        for (index, Object(flow)) in flows.iter().enumerate() {
            let path = i32::try_from(index).map_err(|_| unexpected(EXPECTED, "there are too many paths", self.text))?;
            let segments: Vec<String> = flow.segments.iter().flatten().flat_map(segment).collect();
            let mut places = Vec::with_capacity(flow.flow_steps.len());
            for (step, Object(item)) in flow.flow_steps.iter().enumerate() {
                let mut place = self.place(item, i32::try_from(step).unwrap_or(i32::MAX))?;
                // What the users of a path have in common is said of the path.
                place.segments.extend(segments.iter().cloned());
                places.push(place);
            }
            let next = places.iter().skip(1).cloned().map(|place| vec![place]).chain([vec![]]).collect::<Vec<_>>();
            let steps = places.into_iter().zip(next);
            nodes.extend(steps.map(|(place, next)| Node {
                path: Some(path),
                place,
                conversion_rate_change: None,
                next,
            }));
        }
        Ok(nodes)
    }

    fn node(&self, node: &Item, step: i32) -> Result<Node> {
        let edges = node.edges.iter().flatten();
        Ok(Node {
            path: None,
            place: self.place(node, step)?,
            conversion_rate_change: self.rate("conversionRateChange", node.conversion_rate_change.as_ref())?,
            next: edges.map(|Object(edge)| self.place(edge, step.saturating_add(1))).collect::<Result<_>>()?,
        })
    }

    fn place(&self, item: &Item, step: i32) -> Result<FlowPlace> {
        let count = item.total_count.as_ref().or(item.count.as_ref());
        Ok(FlowPlace {
            step: self.step(item, usize::try_from(step).unwrap_or_default())?,
            event_name: label(item.event.as_ref()),
            kind: label(item.r#type.as_ref()),
            segments: item.segments.iter().flatten().flat_map(segment).collect(),
            count: count.and_then(bigint).ok_or_else(|| self.refused("a count", count))?,
        })
    }

    /// What the item says itself, or else where it stands.
    fn step(&self, item: &Item, place: usize) -> Result<i32> {
        let number = match &item.step {
            Some(value) => bigint(value),
            None => i64::try_from(place).ok(),
        };
        number.and_then(|number| i32::try_from(number).ok()).ok_or_else(|| self.refused("a step", item.step.as_ref()))
    }

    /// A share of nobody comes as "NaN".
    fn rate(&self, name: &str, value: Option<&Value>) -> Result<Option<f64>> {
        let Some(value) = value else { return Ok(None) };
        double(value).ok_or_else(|| self.refused(name, Some(value)))
    }

    fn refused(&self, what: &str, value: Option<&Value>) -> crate::contract::Error {
        let found = value.map_or_else(|| format!("{what} is missing"), |value| format!("{what} is {value}"));
        unexpected(EXPECTED, &found, self.text)
    }
}

fn label(value: Option<&Value>) -> Option<String> {
    said(value?).filter(|text| !text.is_empty())
}

/// `{"label": "", "value": "", "values": ["Converted"]}`, or a plain value.
fn segment(value: &Value) -> Vec<String> {
    let Value::Object(fields) = value else { return label(Some(value)).into_iter().collect() };
    let values = fields.get("values").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<String> = values.filter_map(|value| label(Some(value))).collect();
    match values.is_empty() {
        false => values,
        true => label(fields.get("value")).or_else(|| label(fields.get("label"))).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_their_ways() {
        let flow = read(
            r#"{"overallConversionRate": "NaN", "breakdowns": [], "steps": [
                {"nodes": [{"event": "A", "type": "ANCHOR", "totalCount": "9007199254740993", "conversionRateChange": 0.5,
                    "edges": [{"event": "", "type": "DROPOFF", "step": "1", "totalCount": "3"},
                              {"event": "B", "type": "FORWARD", "step": "1", "totalCount": "7",
                               "segments": [{"label": "", "value": "", "values": ["x", "y"]}, "z", 3]}]}]},
                {"nodes": [{"event": "", "type": "DROPOFF", "totalCount": "3", "edges": []}]},
                {"nodes": []}]}"#,
        )
        .unwrap();
        assert_eq!(flow.overall_conversion_rate, None);
        let [first, last] = flow.nodes.as_slice() else { panic!("{flow:?}") };
        assert_eq!((first.place.step, first.place.count), (0, 9_007_199_254_740_993));
        assert_eq!((first.conversion_rate_change, last.conversion_rate_change), (Some(0.5), None));
        let ways: Vec<_> = first.next.iter().map(|next| (next.step, next.event_name.as_deref(), next.count)).collect();
        assert_eq!(ways, [(1, None, 3), (1, Some("B"), 7)]);
        assert_eq!(first.next[1].segments, ["x", "y", "z", "3"]);
        assert_eq!((last.place.step, last.place.kind.as_deref()), (1, Some("DROPOFF")));
        assert_eq!(last.next, []);
    }

    #[test]
    fn a_step_may_be_its_only_node() {
        let flow =
            read(r#"{"steps": [{"step": 1, "event": "A", "count": 10}], "overallConversionRate": 0.5}"#).unwrap();
        assert_eq!(flow.overall_conversion_rate, Some(0.5));
        let expected = FlowPlace { step: 1, event_name: Some("A".into()), kind: None, segments: vec![], count: 10 };
        assert_eq!(flow.nodes[0].place, expected);
    }

    #[test]
    fn paths_are_nodes_with_one_way_each() {
        let text = r#"{"flows": [
            {"flowSteps": [{"event": "A", "type": "ANCHOR", "totalCount": "5", "segments": []},
                           {"event": "", "type": "EMPTY", "totalCount": "0"}],
             "segments": [{"label": "", "value": "", "values": ["Did Not Convert"]}]},
            {"flowSteps": [{"event": "B", "totalCount": "2"}], "segments": null}, {"flowSteps": []}],
            "foundCount": "735", "returnedCount": "3"}"#;
        let shown = |node: &Node| {
            let next = node.next.iter().map(|next| (next.step, next.count)).collect::<Vec<_>>();
            (node.path, node.place.step, node.place.event_name.clone(), node.place.count, next)
        };
        let flow = read(text).unwrap();
        let found: Vec<_> = flow.nodes.iter().map(shown).collect();
        let expected = [
            (Some(0), 0, Some("A".into()), 5, vec![(1, 0)]),
            (Some(0), 1, None, 0, vec![]),
            (Some(1), 0, Some("B".into()), 2, vec![]),
        ];
        assert_eq!(found, expected);
        assert_eq!(flow.nodes[0].next[0].segments, ["Did Not Convert"]);
        assert_eq!((&flow.nodes[2].place.segments, flow.overall_conversion_rate), (&vec![], None));
    }

    #[test]
    fn an_empty_list_beside_the_other_means_nothing() {
        let steps = r#""steps": [{"step": 1, "event": "A", "count": 10}]"#;
        let flows = r#""flows": [{"flowSteps": [{"event": "B", "totalCount": 2}]}]"#;
        let first = |text: &str| read(text).unwrap().nodes.first().map(|node| (node.path, node.place.count));
        assert_eq!(first(&format!("{{{steps}, \"flows\": []}}")), Some((None, 10)));
        assert_eq!(first(&format!("{{{flows}, \"steps\": []}}")), Some((Some(0), 2)));
        assert_eq!(first(r#"{"flows": []}"#), None);
    }

    #[test]
    fn other_shapes_are_refused() {
        let deep = format!(r#"{{"steps": [{}{}]}}"#, r#"{"nodes": ["#.repeat(5000), "]}".repeat(5000));
        for text in [
            "{}",
            "[]",
            "null",
            r#"{"steps": null}"#,
            r#"{"steps": {}}"#,
            r#"{"flows": {}}"#,
            r#"{"flows": [[1]]}"#,
            r#"{"flows": [{"segments": []}]}"#,
            r#"{"flows": [{"flowSteps": [{"event": "A"}]}]}"#,
            r#"{"steps": [1]}"#,
            r#"[[], 0.5]"#,
            r#"{"steps": [[null, null, 0, "A", null, null, 5]]}"#,
            r#"{"steps": [{"nodes": [[null, null, 0, "A", null, null, 5]]}]}"#,
            r#"{"steps": [{}]}"#,
            r#"{"steps": [{"nodes": [{"event": "A"}]}]}"#,
            r#"{"steps": [{"nodes": [{"totalCount": "many"}]}]}"#,
            r#"{"steps": [{"nodes": [{"totalCount": 1.5}]}]}"#,
            r#"{"steps": [{"nodes": [{"totalCount": 1, "totalCount": 2}]}]}"#,
            r#"{"steps": [{"nodes": [{"totalCount": 1, "edges": [{"step": "x", "totalCount": 1}]}]}]}"#,
            r#"{"steps": [{"nodes": [{"totalCount": 1, "edges": [{"step": 3000000000, "totalCount": 1}]}]}]}"#,
            r#"{"steps": [], "overallConversionRate": 1e400}"#,
            r#"{"steps": [], "overallConversionRate": "half"}"#,
            &deep,
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with("[UNEXPECTED_RESPONSE] a report of Flows was expected"), "{error}");
        }
    }
}
