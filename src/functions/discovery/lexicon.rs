//! `mixpanel_lexicon_schemas(...)` and `mixpanel_lexicon_schema(...)`: the data dictionary.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::results::results;
use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Error, Parameter, Result, Session, SqlType, TableFunction,
        list_of_texts, texts,
    },
    functions::{account_parameters, target},
    json::{self, Record},
    mixpanel::Quota,
};

/// What can be asked for. Answers have other types too.
const ENTITY_TYPES: [&str; 2] = ["event", "profile"];

/// `GET /api/app/projects/{project_id}/schemas[/{entity_type}]`, cached, five a minute.
pub struct LexiconSchemas;

impl TableFunction for LexiconSchemas {
    fn name(&self) -> &'static str {
        "mixpanel_lexicon_schemas"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "What Lexicon, the project's data dictionary, says of events and profiles that it describes.",
            example: "SELECT entity_type, name, description, tags FROM mixpanel_lexicon_schemas(entity_type := 'event');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = vec![Parameter::named("entity_type", SqlType::Varchar)];
        parameters.extend(account_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let entity_type = arguments.one_of("entity_type", &ENTITY_TYPES)?;
        let target = target(&arguments, session)?;
        let route = entity_type.map_or("schemas".to_owned(), |entity_type| format!("schemas/{entity_type}"));
        let request = super::project_request(&target, &route)?.quota(Some(Quota::Lexicon));
        Ok(super::cached(target, request, columns(), read_list))
    }
}

/// `GET /api/app/projects/{project_id}/schemas/{entity_type}/{name}`, cached, five a minute.
pub struct LexiconSchema;

impl TableFunction for LexiconSchema {
    fn name(&self) -> &'static str {
        "mixpanel_lexicon_schema"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "What Lexicon says of one event, or of profiles.",
            example: "SELECT description, properties FROM mixpanel_lexicon_schema('event', 'Purchase');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = vec![
            Parameter::positional("entity_type", SqlType::Varchar),
            Parameter::positional("name", SqlType::Varchar),
        ];
        parameters.extend(account_parameters());
        parameters
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        const EXAMPLE: &str = "mixpanel_lexicon_schema('event', 'Purchase')";
        super::subject(&arguments, "entity_type", EXAMPLE)?;
        let entity_type = arguments.one_of("entity_type", &ENTITY_TYPES)?.unwrap_or_default();
        let name = super::subject(&arguments, "name", EXAMPLE)?.to_owned();
        if matches!(name.as_str(), "." | "..") {
            let problem = format!("no address can end in '{name}'; look for it in mixpanel_lexicon_schemas()");
            return Err(Error::argument("name", problem));
        }
        let target = target(&arguments, session)?;
        let request =
            super::project_request(&target, "schemas")?.segment(entity_type).segment(&name).quota(Some(Quota::Lexicon));
        Ok(super::cached(target, request, columns(), move |text| read_one(text, entity_type, &name)))
    }
}

fn columns() -> Columns {
    let texts = || SqlType::List(Box::new(SqlType::Varchar));
    Columns::new([
        ("entity_type", SqlType::Varchar),
        ("name", SqlType::Varchar),
        ("description", SqlType::Varchar),
        ("properties", SqlType::Json),
        ("display_name", SqlType::Varchar),
        ("tags", texts()),
        ("hidden", SqlType::Boolean),
        ("dropped", SqlType::Boolean),
        ("contacts", texts()),
        ("schema", SqlType::Json),
    ])
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
fn read_list(text: &str) -> Result<Vec<ArrayRef>> {
    let expected = "a list of schemas";
    let entries: Vec<&RawValue> = results(text, expected)?;
    let entries = entries.into_iter().map(|entry| json::parse_object(entry.get(), expected));
    let mut entries: Vec<Entry<'_>> = entries.collect::<Result<_>>()?;
    entries.sort_by(|a, b| (&a.entity_type, &a.name).cmp(&(&b.entity_type, &b.name)));
    arrays(&entries)
}

fn read_one(text: &str, entity_type: &str, name: &str) -> Result<Vec<ArrayRef>> {
    let expected = "a schema";
    let envelope: Envelope<'_> = json::parse_object(text, expected)?;
    let schema = match envelope {
        Envelope { results: Some(schema), properties: None } => schema,
        _ => json::parse(text, expected)?,
    };
    arrays(&[Entry { entity_type: entity_type.to_owned(), name: name.to_owned(), schema }])
}

fn arrays(entries: &[Entry<'_>]) -> Result<Vec<ArrayRef>> {
    let schemas = entries.iter().map(|entry| json::parse_object(entry.schema.get(), "the schema of an entity"));
    let schemas: Vec<Schema<'_>> = schemas.collect::<Result<_>>()?;
    let nothing = Map::new();
    let metadata = schemas.iter().map(|schema| {
        let members = schema.metadata.as_ref().unwrap_or(&nothing);
        let ours = Record::new("a schema", members).record("com.mixpanel")?;
        Ok(ours.unwrap_or(Record::new("a schema", &nothing)))
    });
    let metadata: Vec<Record<'_>> = metadata.collect::<Result<_>>()?;
    let names = |member: &str| metadata.iter().map(|about| about.names(member)).collect::<Result<Vec<_>>>();
    let flags = |member: &str| metadata.iter().map(|about| about.boolean(member)).collect::<Result<BooleanArray>>();
    let description = |schema: &Schema<'_>| json::said(schema.description.as_ref()?);
    Ok(vec![
        texts(entries.iter().map(|entry| Some(&entry.entity_type))),
        texts(entries.iter().map(|entry| Some(&entry.name))),
        texts(schemas.iter().map(description)),
        texts(schemas.iter().map(|schema| schema.properties.map(RawValue::get))),
        texts(metadata.iter().map(|about| about.text("displayName"))),
        list_of_texts(names("tags")?),
        Arc::new(flags("hidden")?),
        Arc::new(flags("dropped")?),
        list_of_texts(names("contacts")?),
        texts(entries.iter().map(|entry| Some(entry.schema.get()))),
    ])
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, cast::AsArray};

    use super::*;

    fn schema_of(outcome: Result<Vec<ArrayRef>>) -> String {
        outcome.unwrap()[9].as_string_view().value(0).to_owned()
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
        let arrays = read_list(text).unwrap();
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
            assert!(read_list(text).is_err_and(|error| error.to_string().contains("[UNEXPECTED_RESPONSE]")), "{text}");
        }
        for text in ["[]", "1", r#"{"results": []}"#, r#"{"results": 1}"#] {
            let outcome = read_one(text, "event", "A");
            assert!(outcome.is_err_and(|error| error.to_string().contains("[UNEXPECTED_RESPONSE]")), "{text}");
        }
    }
}
