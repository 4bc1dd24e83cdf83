//! `mixpanel_lexicon_schemas(...)` and `mixpanel_lexicon_schema(...)`: the data dictionary.
//! `GET /api/app/projects/{project_id}/schemas[/{entity_type}[/{name}]]`, cached, five a minute.

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::{project_request, results::results, subject};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::{listing::listing, parameters::TARGET, target},
    json::{self, Record},
    mixpanel::Quota,
};

/// What can be asked for. Answers have other types too.
const ENTITY_TYPES: [&str; 2] = ["event", "profile"];

pub const LEXICON_SCHEMAS: Function = Function {
    name: "mixpanel_lexicon_schemas",
    description: "Entries of Lexicon, the project's data dictionary, for events and profiles, one row each.",
    example: "SELECT entity_type, name, description, tags FROM mixpanel_lexicon_schemas(entity_type := 'event');",
    parameters: params![
        &[Param::named("entity_type", SqlType::Varchar, "Only entries of this type: event or profile")],
        TARGET
    ],
    bind: |arguments, session| {
        let entity_type = arguments.one_of("entity_type", &ENTITY_TYPES)?;
        let target = target(&arguments, session)?;
        let route = entity_type.map_or("schemas".to_owned(), |entity_type| format!("schemas/{entity_type}"));
        let request = project_request(&target, &route)?.quota(Some(Quota::Lexicon));
        listing(&arguments, target, request, read_list, table())
    },
    ..Function::PLAIN
};

pub const LEXICON_SCHEMA: Function = Function {
    name: "mixpanel_lexicon_schema",
    description: "Returns the Lexicon entry of one event, or of profiles.",
    example: "SELECT description, properties FROM mixpanel_lexicon_schema('event', 'Purchase');",
    parameters: params![
        &[
            Param::positional("entity_type", SqlType::Varchar, "Type of the entry: event or profile"),
            Param::positional("name", SqlType::Varchar, "Name of the event"),
        ],
        TARGET
    ],
    bind: one,
    ..Function::PLAIN
};

fn one(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    const EXAMPLE: &str = "mixpanel_lexicon_schema('event', 'Purchase')";
    subject(&arguments, "entity_type", EXAMPLE)?;
    let entity_type = arguments.one_of("entity_type", &ENTITY_TYPES)?.unwrap_or_default();
    let name = subject(&arguments, "name", EXAMPLE)?.to_owned();
    if matches!(name.as_str(), "." | "..") {
        let problem = format!("no URL can end in '{name}'. Look for it in mixpanel_lexicon_schemas()");
        return Err(Error::argument("name", problem));
    }
    let target = target(&arguments, session)?;
    let request = project_request(&target, "schemas")?.segment(entity_type).segment(&name).quota(Some(Quota::Lexicon));
    listing(&arguments, target, request, move |text| read_one(text, entity_type, &name), table())
}

fn table() -> Table<Vec<Described>> {
    Table::new()
        .text_ref("entity_type", |entity: &Described| Some(&entity.entity_type))
        .text_ref("name", |entity| Some(&entity.name))
        .text_ref("description", |entity| entity.description.as_deref())
        .json_ref("properties", |entity| entity.properties.as_deref())
        .text("display_name", |entity| entity.metadata.text("displayName"))
        .texts("tags", |entity| entity.metadata.names("tags"))
        .boolean("hidden", |entity| entity.metadata.boolean("hidden"))
        .boolean("dropped", |entity| entity.metadata.boolean("dropped"))
        .texts("contacts", |entity| entity.metadata.names("contacts"))
        .json_ref("schema", |entity| Some(&entity.schema))
}

/// One event or property, and what is said of it.
struct Described {
    entity_type: String,
    name: String,
    description: Option<String>,
    properties: Option<String>,
    metadata: Record,
    /// All of it, as it was sent.
    schema: String,
}

impl Described {
    fn of(entry: &Entry<'_>) -> Result<Self> {
        let schema: Schema<'_> = json::parse_object(entry.schema.get(), "the schema of an entity")?;
        let metadata = Record::new("a schema", schema.metadata.unwrap_or_default());
        Ok(Self {
            entity_type: entry.entity_type.clone(),
            name: entry.name.clone(),
            description: schema.description.as_ref().and_then(json::said),
            properties: schema.properties.map(|properties| properties.get().to_owned()),
            metadata: metadata.record("com.mixpanel")?.unwrap_or_else(|| Record::new("a schema", Map::new())),
            schema: entry.schema.get().to_owned(),
        })
    }
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(rename = "entityType")]
    entity_type: String,
    name: String,
    #[serde(rename = "schemaJson", borrow)]
    schema: &'a RawValue,
}

/// The members of a `schemaJson` that have columns.
#[derive(Deserialize)]
struct Schema<'a> {
    description: Option<Value>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
    metadata: Option<Map<String, Value>>,
}

/// The answer for one name: the schema itself, as documented, or in an envelope, as seen.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    properties: Option<Value>,
}

/// `{"results": [{"entityType": "event", "name": "Purchase", "schemaJson": {...}}]}`
fn read_list(text: &str) -> Result<Vec<Described>> {
    let expected = "a list of schemas";
    let entries: Vec<&RawValue> = results(text, expected)?;
    let entries = entries.into_iter().map(|entry| json::parse_object(entry.get(), expected));
    let mut entries: Vec<Entry<'_>> = entries.collect::<Result<_>>()?;
    entries.sort_by(|a, b| (&a.entity_type, &a.name).cmp(&(&b.entity_type, &b.name)));
    entries.iter().map(Described::of).collect()
}

fn read_one(text: &str, entity_type: &str, name: &str) -> Result<Vec<Described>> {
    let expected = "a schema";
    let envelope: Envelope<'_> = json::parse_object(text, expected)?;
    let schema = match envelope {
        Envelope { results: Some(schema), properties: None } => schema,
        _ => json::parse(text, expected)?,
    };
    Ok(vec![Described::of(&Entry { entity_type: entity_type.to_owned(), name: name.to_owned(), schema })?])
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, RecordBatch, cast::AsArray};

    use super::*;

    fn schema_of(outcome: Result<Vec<Described>>) -> String {
        outcome.unwrap()[0].schema.clone()
    }

    fn rows(outcome: Result<Vec<Described>>) -> Result<RecordBatch> {
        table().batch(&outcome?)
    }

    #[test]
    fn one_schema_alone_or_in_an_envelope() {
        let schema = r#"{"properties": {"n": {"type":  "number"}}, "x": 1.10}"#;
        assert_eq!(schema_of(read_one(schema, "event", "A")), schema);
        assert_eq!(schema_of(read_one(&format!(r#"{{"status": "ok", "results": {schema}}}"#), "event", "A")), schema);
        // An event may have properties called so.
        let named = r#"{"results": {}, "properties": {"results": {"type": "string"}}}"#;
        assert_eq!(schema_of(read_one(named, "event", "A")), named);
        assert_eq!(schema_of(read_one("{}", "event", "A")), "{}");
    }

    #[test]
    fn what_is_missing_is_null() {
        let text = r#"{"results": [{"entityType": "group", "name": "b", "schemaJson": {}},
            {"entityType": "event", "name": "c", "schemaJson": {"metadata": {"com.mixpanel": null}}},
            {"entityType": "event", "name": "a", "schemaJson": {"metadata": null, "description": null}}]}"#;
        let rows = rows(read_list(text)).unwrap();
        let arrays = rows.columns();
        assert_eq!(arrays[1].as_string_view().iter().flatten().collect::<Vec<_>>(), ["a", "c", "b"]);
        assert!(arrays[2..9].iter().all(|array| array.null_count() == 3));
        assert_eq!(arrays[9].null_count(), 0);
    }

    #[test]
    fn other_shapes_are_errors() {
        for text in [
            r#"{"results": [{}]}"#,
            r#"{"results": [{"entityType": "event", "name": "a", "status": "ok"}]}"#,
            r#"{"results": [{"entityType": "event", "name": "a", "schemaJson": null}]}"#,
            r#"{"results": [{"entityType": "event", "name": "a", "schemaJson": []}]}"#,
            r#"{"results": [{"entityType": "event", "name": "a", "schemaJson": {"metadata": {"com.mixpanel": 1}}}]}"#,
            r#"{"results": [["event", "a", {}]]}"#,
            r#"{"results": {"added": 3}}"#,
        ] {
            assert!(
                rows(read_list(text)).is_err_and(|error| error.to_string().contains("[UNEXPECTED_RESPONSE]")),
                "{text}"
            );
        }
        for text in ["[]", "1", r#"{"results": []}"#, r#"{"results": 1}"#] {
            let outcome = rows(read_one(text, "event", "A"));
            assert!(outcome.is_err_and(|error| error.to_string().contains("[UNEXPECTED_RESPONSE]")), "{text}");
        }
    }
}
