//! Which property is meant: one by its name, one that somebody saved, or one that the question makes up?

use serde_json::{Value as Json, json};

use super::{
    said::{GivenValue, Item},
    words::{PropertyType, Resource, Word},
};
use crate::contract::Result;

const LONGEST_FORMULA: usize = 20_000;

#[derive(Debug, Clone, PartialEq)]
pub enum Property {
    Named(String),
    /// One of the project's custom properties, by its id.
    Custom(i64),
    Inline(Inline),
}

/// A custom property that nobody saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Inline {
    formula: String,
    /// What each letter of the formula is.
    inputs: Vec<(String, Input)>,
    /// What the formula makes, where it is said.
    pub property_type: Option<PropertyType>,
    pub resource: Resource,
}

#[derive(Debug, Clone, PartialEq)]
struct Input {
    name: String,
    input_type: PropertyType,
    resource: Resource,
}

impl Property {
    /// `'amount'`, `{'id': 42}` or `{'formula': 'A * B', 'inputs': {'A': 'price', 'B': 'quantity'}}`.
    pub fn read(said: GivenValue) -> Result<Self> {
        let mut fields = match said.clone().item("{'id': 42}")? {
            Item::Name(_) => return Ok(Self::Named(said.text()?)),
            Item::Fields(fields) => fields,
        };
        let property = if fields.has("id") {
            Self::Custom(fields.required("id")?.positive()?)
        } else {
            Self::Inline(Inline {
                formula: {
                    let formula = fields.required("formula")?;
                    let text = formula.text()?;
                    if text.chars().count() > LONGEST_FORMULA {
                        return Err(formula.error(format!("must have at most {LONGEST_FORMULA} characters")));
                    }
                    text
                },
                inputs: inputs(fields.required("inputs")?)?,
                property_type: match fields.said("property_type") {
                    None => None,
                    Some(said) => Some(scalar_type(&said)?),
                },
                resource: resource(fields.said_as(&["resource", "resource_type"])?)?,
            })
        };
        fields.finish()?;
        Ok(property)
    }

    /// As a metric computes something of it.
    pub fn measured(&self) -> Json {
        match self {
            Self::Named(name) => json!({"name": name, "resourceType": "events"}),
            Self::Custom(id) => json!({"customPropertyId": id, "name": "", "resourceType": "events"}),
            Self::Inline(inline) => {
                let mut definition = inline.definition();
                if let Some(property_type) = inline.property_type {
                    definition["propertyType"] = property_type.as_str().into();
                }
                json!({
                    "customProperty": definition,
                    "name": "",
                    "resourceType": inline.resource.plural(),
                    "dataset": "$mixpanel",
                    "dataGroupId": null,
                })
            }
        }
    }
}

impl Inline {
    /// As filters and breakdowns have it.
    pub fn typed(&self, property_type: PropertyType) -> Json {
        let mut definition = self.definition();
        definition["propertyType"] = property_type.as_str().into();
        definition
    }

    fn definition(&self) -> Json {
        let inputs = self.inputs.iter().map(|(letter, input)| {
            let Input { name, input_type, resource } = input;
            (letter.clone(), json!({"value": name, "type": input_type.as_str(), "resourceType": resource.as_str()}))
        });
        json!({
            "displayFormula": self.formula,
            "composedProperties": Json::Object(inputs.collect()),
            "name": "",
            "description": "",
            "resourceType": self.resource.plural(),
        })
    }
}

/// `{'A': 'price', 'B': {'name': 'plan', 'type': 'string', 'resource': 'user'}}`; a name alone is a number of the event's.
fn inputs(said: GivenValue) -> Result<Vec<(String, Input)>> {
    let error = said.error("needs at least one letter, like {'A': 'price'}");
    let inputs = said.fields("{'A': 'price'}")?.rest().into_iter().map(|(letter, said)| {
        if !matches!(letter.as_bytes(), [b'A'..=b'Z']) {
            return Err(said.error("must be named by one letter from A to Z"));
        }
        let mut fields = match said.clone().item("{'name': 'price', 'type': 'number'}")? {
            Item::Name(_) => {
                let input = Input { name: said.text()?, input_type: PropertyType::Number, resource: Resource::Events };
                return Ok((letter, input));
            }
            Item::Fields(fields) => fields,
        };
        let input = Input {
            name: fields.required("name")?.text()?,
            input_type: fields.word("type")?.unwrap_or(PropertyType::String),
            resource: resource(fields.said_as(&["resource", "resource_type"])?)?,
        };
        fields.finish()?;
        Ok((letter, input))
    });
    let inputs = inputs.collect::<Result<Vec<_>>>()?;
    if inputs.is_empty() { Err(error) } else { Ok(inputs) }
}

/// Whose property it is: the event's where nothing is said.
pub fn resource(said: Option<GivenValue>) -> Result<Resource> {
    said.map_or(Ok(Resource::Events), |said| said.word())
}

/// A type that a breakdown or a formula can have.
pub fn scalar_type(said: &GivenValue) -> Result<PropertyType> {
    match said.word()? {
        PropertyType::List | PropertyType::Object => {
            Err(said.error("must be 'string', 'number', 'boolean' or 'datetime'"))
        }
        scalar => Ok(scalar),
    }
}
