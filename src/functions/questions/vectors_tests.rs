//! Is what we send what Mixpanel's own client sends, for each of its vectors?

use std::{fs, path::Path};

use serde_json::{Map, Value as Json, json};

use super::{flows::Flows, funnel::Funnel, insights::Insights, retention::Retention};
use crate::contract::{Arguments, Result, Value};

/// Vectors that come out otherwise, by the end of their id, and why ours is better.
const BETTER: &[(&str, &str)] = &[
    (
        "test_histogram_math_without_per_user_ignored_for_cohort_only",
        "The client drops a math that is said of a cohort; ours refuses it, because a cohort's users are counted whatever it says",
    ),
    (
        "test_valid_cp_in_flow_step_passes",
        "The client puts its own object in the place of a property's name, and fails when it sends it; ours refuses it",
    ),
];

/// The parameters that are called otherwise here.
const RENAMED: [(&str, &str); 8] = [
    ("where", "filters"),
    ("group_by", "segment_by"),
    ("math_property", "property"),
    ("last", "last_days"),
    ("percentile_value", "percentile"),
    ("segments", "segment_by"),
    ("order", "step_order"),
    ("retention_cumulative", "cumulative"),
];

#[test]
fn insights_go_out_as_the_official_client_sends_them() {
    compare("insights-builder", |arguments| Insights::of(arguments).map(|insights| insights.definition()));
}

#[test]
fn funnels_go_out_as_the_official_client_sends_them() {
    compare("funnel-builder", |arguments| Funnel::of(arguments).map(|funnel| funnel.definition()));
}

#[test]
fn retention_goes_out_as_the_official_client_sends_it() {
    compare("retention-builder", |arguments| Retention::of(arguments).map(|retention| retention.definition()));
}

#[test]
fn flows_go_out_as_the_official_client_sends_them() {
    compare("flow-builder", |arguments| Flows::of(arguments)?.definition());
}

fn compare(file: &str, build: impl Fn(&Arguments) -> Result<Json>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/inline").join(format!("{file}.jsonl"));
    let Ok(text) = fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let vectors: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut different = Vec::new();
    let mut equal = 0;
    for vector in &vectors {
        let id = vector["id"].as_str().unwrap();
        let built = build(&arguments(&vector["call"]["input"]));
        let is_equal = match (&built, vector["expect"].get("output")) {
            (Ok(built), Some(expected)) => built == expected,
            // The words of a refusal are ours; that there is one, and of what, is the vector's.
            (Err(error), None) => is_of(&error.to_string(), &vector["expect"]["error"]["errors"]),
            _ => false,
        };
        match BETTER.iter().find(|(end, _)| id.ends_with(end)) {
            Some(_) if is_equal => panic!("{id} is equal after all: take it off the list"),
            Some(_) => {}
            None if is_equal => equal += 1,
            None => different.push(format!(
                "{id}\n  said {}\n  expected {}\n  built {}",
                vector["call"]["input"],
                vector["expect"],
                built.map_or_else(|error| error.to_string(), |json| json.to_string())
            )),
        }
    }
    assert!(different.is_empty(), "{} of {}:\n{}", different.len(), vectors.len(), different.join("\n"));
    println!("{file}: {} vectors, {equal} equal, {} otherwise", vectors.len(), vectors.len() - equal);
}

/// Whether the error is of one of these paths: `events[0].filters[0]`. We say more, and no number where there is one thing.
fn is_of(error: &str, errors: &Json) -> bool {
    // Some refusals of flows have a class and a code, and say of nothing where it is.
    let Some(errors) = errors.as_array() else { return true };
    let plain = |path: &str| path.replace(|char: char| char.is_ascii_digit(), "").replace("[]", "");
    let place = plain(error.trim_start_matches("[INVALID_ARGUMENT] "));
    errors.iter().any(|error| {
        let path = plain(error["path"].as_str().unwrap());
        let ours = RENAMED.iter().find(|(theirs, _)| *theirs == path).map_or(path.as_str(), |(_, ours)| ours);
        // What the client calls the steps of a flow is its event here, as in its own call.
        place.starts_with(ours)
            || path.strip_prefix("steps").is_some_and(|rest| place.starts_with(&format!("event{rest}")))
    })
}

/// What the client was told, as our call says it.
fn arguments(input: &Json) -> Arguments {
    let given = input.as_object().unwrap().iter().map(|(name, value)| {
        let ours = RENAMED.iter().find(|(theirs, _)| theirs == name).map_or(name.as_str(), |(_, ours)| ours);
        (ours.to_owned(), value_of(ours, &said(value)))
    });
    Arguments::new(given.collect())
}

fn value_of(name: &str, json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => number
            .as_i64()
            .map_or_else(|| Value::Double(number.as_f64().unwrap()), |whole| Value::Integer(whole.into())),
        Json::String(text) => match name {
            "from_date" | "to_date" => Value::Date(Value::days(text.parse().unwrap())),
            _ => Value::Text(text.clone()),
        },
        Json::Array(_) | Json::Object(_) => Value::Text(json.to_string()),
    }
}

/// A thing of the client's as a STRUCT of ours: its fields without the marks of its class.
fn said(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(said).collect(),
        Json::Object(members) => {
            let class = members.get("$type").and_then(Json::as_str).unwrap_or_default();
            let mut fields: Map<String, Json> = members
                .iter()
                .filter(|(name, _)| *name != "$type")
                .map(|(name, value)| field(class, name, value))
                .collect();
            match class {
                // A filter for a cohort keeps it in its value.
                "Filter" if members["_property"] == "$cohorts" => {
                    let cohort = &members["_value"][0]["cohort"];
                    let which = cohort.get("id").or_else(|| cohort.get("raw_cohort")).cloned();
                    let op = fields["op"].clone();
                    return json!({"cohort": which, "name": none_if_empty(&cohort["name"]), "op": op});
                }
                "CohortDefinition" => return definition(members),
                "CustomEventRef" => return json!({"custom_event": members["id"]}),
                // An event that is a custom one has a field of its own.
                "Metric" if fields["event"].is_object() => {
                    let id = fields["event"]["custom_event"].clone();
                    fields.remove("event");
                    fields.insert("custom_event".into(), id);
                }
                _ => {}
            }
            Json::Object(fields)
        }
        other => other.clone(),
    }
}

fn none_if_empty(name: &Json) -> Json {
    if name == "" { Json::Null } else { name.clone() }
}

fn field(class: &str, name: &str, value: &Json) -> (String, Json) {
    let ours = match (class, name) {
        ("Filter", "_operator") => "op",
        ("Filter", "_list_item_filters") => "item_filters",
        ("Filter", "_list_item_quantifier") => "quantifier",
        ("Formula", "expression") => "formula",
        ("Filter", name) => name.trim_start_matches('_'),
        ("GroupBy", "_list_item_mode") => "sub",
        (_, name) => name,
    };
    (ours.to_owned(), said(value))
}

/// A cohort's definition as Mixpanel has it, which is what ours takes.
fn definition(members: &Map<String, Json>) -> Json {
    let mut behaviors = Map::new();
    let children: Vec<Json> = members["_criteria"]
        .as_array()
        .unwrap()
        .iter()
        .map(|criterion| {
            if let (Some(key), behavior) = (criterion["_behavior_key"].as_str(), &criterion["_behavior"]) {
                behaviors.insert(key.to_owned(), behavior.clone());
            }
            criterion["_selector_node"].clone()
        })
        .collect();
    json!({"selector": {"operator": members["_operator"], "children": children}, "behaviors": behaviors})
}
