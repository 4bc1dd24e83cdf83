//! Which cohort is meant: a saved one by its id, or one that the question defines?

use serde_json::{Map, Value as Json};

use super::said::Fields;
use crate::contract::Result;

#[derive(Debug, Clone, PartialEq)]
pub struct CohortRef {
    pub cohort: Cohort,
    /// What the answer calls it.
    pub name: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Cohort {
    Saved(i64),
    /// Mixpanel's own definition: `selector` and `behaviors`.
    Inline(Json),
}

impl CohortRef {
    /// `'cohort': 123, 'name': 'Power Users'`.
    pub fn read(fields: &mut Fields) -> Result<Self> {
        let said = fields.required("cohort")?;
        let cohort = match said.positive() {
            Ok(id) => Cohort::Saved(id),
            Err(error) => {
                let definition = said.object().map_err(|_| error)?;
                if definition.get("selector").is_none() {
                    return Err(fields.error(
                        "cohort has no 'selector'. Use the id of a cohort, or a definition as Mixpanel has it",
                    ));
                }
                Cohort::Inline(definition)
            }
        };
        Ok(Self { cohort, name: fields.text("name")?.unwrap_or_default() })
    }

    /// `id` or `raw_cohort`, beside what the place has to say.
    pub fn onto(&self, members: Json) -> Json {
        let mut members: Map<String, Json> = match members {
            Json::Object(members) => members,
            _ => Map::new(),
        };
        match &self.cohort {
            Cohort::Saved(id) => members.insert("id".into(), (*id).into()),
            Cohort::Inline(definition) => members.insert("raw_cohort".into(), definition.clone()),
        };
        members.insert("name".into(), self.name.clone().into());
        Json::Object(members)
    }
}
