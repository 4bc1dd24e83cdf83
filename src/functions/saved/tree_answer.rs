//! What does a report of Flows say as a tree?
//!
//! `trees` have a `root` each, and a node has its `children`. A root that is no
//! event stands for the ways into the report, and its children are the trees. A
//! report of nobody has no `trees` at all.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    contract::Result,
    json::{Object, bigint, parse_object, said, unexpected},
};

const EXPECTED: &str = "a report of Flows as a tree";

/// Users who came one way to one event.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeNode {
    /// Which of the trees, from 0.
    pub tree: i32,
    pub step: i32,
    /// The events from the root to this one.
    pub path: Vec<String>,
    /// `None` for what is no event.
    pub event_name: Option<String>,
    /// `ANCHOR`, `FORWARD`, `DROPOFF`, ...
    pub kind: Option<String>,
    pub count: i64,
    pub drop_off_count: Option<i64>,
    pub converted_count: Option<i64>,
}

#[derive(Deserialize)]
struct Body {
    trees: Option<Vec<Object<Tree>>>,
    steps: Option<Value>,
    flows: Option<Value>,
}

#[derive(Deserialize)]
struct Tree {
    root: Option<Object<Told>>,
}

/// A node as the API tells it. The official client's tests have names with underscores.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    step: Option<Object<ToldStep>>,
    children: Option<Vec<Object<Told>>>,
    #[serde(alias = "total_count")]
    total_count: Option<Value>,
    #[serde(alias = "drop_off_total_count")]
    drop_off_total_count: Option<Value>,
    #[serde(alias = "converted_total_count")]
    converted_total_count: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldStep {
    event: Option<Value>,
    r#type: Option<Value>,
    #[serde(alias = "step_number")]
    step_number: Option<Value>,
}

/// Reads the nodes, each before its children.
///
/// Errors: `UnexpectedResponse`, also for an answer that has the report in another form.
pub fn read(text: &str) -> Result<Vec<TreeNode>> {
    let body: Body = parse_object(text, EXPECTED)?;
    if body.trees.is_none() && (body.steps.is_some() || body.flows.is_some()) {
        return Err(unexpected(EXPECTED, "the answer has another form", text));
    }
    let mut reader = Reader { text, tree: 0, nodes: Vec::new() };
    for Object(tree) in body.trees.iter().flatten() {
        let Some(Object(root)) = &tree.root else { continue };
        match event(root) {
            Some(_) => reader.tree(root)?,
            None => {
                for Object(child) in root.children.iter().flatten() {
                    reader.tree(child)?;
                }
            }
        }
    }
    Ok(reader.nodes)
}

struct Reader<'a> {
    text: &'a str,
    /// The one that is next.
    tree: i32,
    nodes: Vec<TreeNode>,
}

impl Reader<'_> {
    fn tree(&mut self, root: &Told) -> Result<()> {
        self.node(root, &[])?;
        self.tree = self.tree.saturating_add(1);
        Ok(())
    }

    fn node(&mut self, told: &Told, above: &[String]) -> Result<()> {
        let event_name = event(told);
        let path: Vec<String> = above.iter().cloned().chain([event_name.clone().unwrap_or_default()]).collect();
        let step = told.step.as_ref().map(|Object(step)| step);
        let number = match step.and_then(|step| step.step_number.as_ref()) {
            Some(value) => self.whole("stepNumber", value)?,
            None => above.len() as i64,
        };
        let count = told.total_count.as_ref().unwrap_or(&Value::Null);
        self.nodes.push(TreeNode {
            tree: self.tree,
            step: i32::try_from(number).map_err(|_| self.refused("stepNumber", &number))?,
            event_name,
            kind: step.and_then(|step| said(step.r#type.as_ref()?)),
            count: self.whole("totalCount", count)?,
            drop_off_count: self.perhaps("dropOffTotalCount", told.drop_off_total_count.as_ref())?,
            converted_count: self.perhaps("convertedTotalCount", told.converted_total_count.as_ref())?,
            path: path.clone(),
        });
        for Object(child) in told.children.iter().flatten() {
            self.node(child, &path)?;
        }
        Ok(())
    }

    fn perhaps(&self, name: &str, value: Option<&Value>) -> Result<Option<i64>> {
        value.map(|value| self.whole(name, value)).transpose()
    }

    fn whole(&self, name: &str, value: &Value) -> Result<i64> {
        bigint(value).ok_or_else(|| self.refused(name, value))
    }

    fn refused(&self, name: &str, value: &dyn std::fmt::Display) -> crate::contract::Error {
        unexpected(EXPECTED, &format!("{name} is {value}"), self.text)
    }
}

fn event(told: &Told) -> Option<String> {
    let Object(step) = told.step.as_ref()?;
    said(step.event.as_ref()?).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(i32, i32, String, Option<String>, i64)> {
        let nodes = read(text).unwrap();
        nodes.into_iter().map(|node| (node.tree, node.step, node.path.join(" > "), node.kind, node.count)).collect()
    }

    #[test]
    fn nodes_come_before_their_children_and_a_virtual_root_is_none() {
        let text = r#"{"trees": [{"root": {"step": null, "children": [
            {"step": {"event": "A", "type": "ANCHOR", "stepNumber": 0}, "totalCount": "9", "dropOffTotalCount": "4", "children": [
                {"step": {"event": "B", "type": "NORMAL"}, "totalCount": 5, "convertedTotalCount": 1, "children": []}]},
            {"step": {"event": "C", "type": "ANCHOR"}, "totalCount": 2}]}},
            {"root": {"step": {"event": "D", "step_number": 3}, "total_count": 1, "drop_off_total_count": 1}}, {"root": null}]}"#;
        let anchor = || Some("ANCHOR".to_owned());
        let expected = [
            (0, 0, "A".into(), anchor(), 9),
            (0, 1, "A > B".into(), Some("NORMAL".into()), 5),
            (1, 0, "C".into(), anchor(), 2),
            (2, 3, "D".into(), None, 1),
        ];
        assert_eq!(shown(text), expected);
        let counts: Vec<_> =
            read(text).unwrap().iter().map(|node| (node.drop_off_count, node.converted_count)).collect();
        assert_eq!(counts, [(Some(4), None), (None, Some(1)), (None, None), (Some(1), None)]);
    }

    #[test]
    fn a_report_of_nobody_may_have_no_trees() {
        assert_eq!(shown(r#"{"computed_at": "2025-01-01", "metadata": {}}"#), []);
        assert_eq!(shown(r#"{"trees": []}"#), []);
    }

    #[test]
    fn other_shapes_are_refused() {
        let deep = format!(r#"{{"trees": [{{"root": {}{}}}]}}"#, r#"{"children": ["#.repeat(5000), "]}".repeat(5000));
        for text in [
            "[]",
            r#"{"steps": []}"#,
            r#"{"flows": []}"#,
            r#"{"trees": {}}"#,
            r#"{"trees": [[null]]}"#,
            r#"{"trees": [{"root": {"step": {"event": "A"}}}]}"#,
            r#"{"trees": [{"root": {"step": {"event": "A"}, "totalCount": 1.5}}]}"#,
            r#"{"trees": [{"root": {"step": {"event": "A", "stepNumber": 3000000000}, "totalCount": 1}}]}"#,
            &deep,
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with("[UNEXPECTED_RESPONSE] a report of Flows as a tree was expected"), "{error}");
        }
    }
}
