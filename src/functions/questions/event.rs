//! Which event is meant: one by its name, or a custom event by its id?

use serde_json::{Value as Json, json};

use super::{
    filter::{self, QuestionFilter},
    said::{Fields, GivenValue},
    words::{Combinator, Word},
};
use crate::contract::Result;

#[derive(Debug, Clone, PartialEq)]
pub enum EventRef {
    Named(String),
    /// One of the project's custom events.
    Custom(i64),
}

impl EventRef {
    /// `'event': 'Purchase'` or `'custom_event': 42` among the fields.
    pub fn read(fields: &mut Fields) -> Result<Self> {
        match fields.positive("custom_event")? {
            Some(_) if fields.has("event") => Err(fields.error("has both event and custom_event. Remove one of them")),
            Some(id) => Ok(Self::Custom(id)),
            None => Ok(Self::Named(name(&fields.required("event")?)?)),
        }
    }

    /// The word for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Named(_) => "event",
            Self::Custom(_) => "custom-event",
        }
    }

    pub fn id(&self) -> Option<i64> {
        match self {
            Self::Named(_) => None,
            Self::Custom(id) => Some(*id),
        }
    }

    pub fn name(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Custom(id) => format!("$custom_event:{id}"),
        }
    }

    /// As what a metric is of.
    pub fn behavior(&self, filters: &EventFilters) -> Json {
        let mut behavior = json!({
            "type": self.kind(),
            "name": self.name(),
            "resourceType": "events",
            "filtersDeterminer": filters.combinator.as_str(),
            "filters": filter::section(&filters.filters),
        });
        if let Some(id) = self.id() {
            behavior["id"] = id.into();
        }
        behavior
    }

    /// As one of the events that something is made of: a step of a funnel, one of several that count as one.
    pub fn part(&self, filters: &EventFilters) -> Json {
        json!({
            "type": self.kind(),
            "id": self.id(),
            "name": self.name(),
            "filters": filter::section(&filters.filters),
            "filtersDeterminer": filters.combinator.as_str(),
        })
    }
}

/// What must hold of an event for it to count.
#[derive(Debug, Clone, PartialEq)]
pub struct EventFilters {
    pub filters: Vec<QuestionFilter>,
    pub combinator: Combinator,
}

impl Default for EventFilters {
    fn default() -> Self {
        Self { filters: Vec::new(), combinator: Combinator::All }
    }
}

impl EventFilters {
    /// `'filters': [...], 'filters_combinator': 'any'` among the fields.
    pub fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            filters: match fields.said("filters") {
                Some(said) if !said.is_empty_list() => filter::of_properties(said)?,
                _ => Vec::new(),
            },
            combinator: fields.word("filters_combinator")?.unwrap_or(Combinator::All),
        })
    }
}

/// An event's name. Errors: `InvalidArgument` for one that nobody can see.
pub fn name(said: &GivenValue) -> Result<String> {
    let name = said.text()?;
    if name.chars().any(|char| char.is_ascii_control() && !matches!(char, '\t' | '\n' | '\r')) {
        return Err(said.error("contains a control character. Remove it"));
    }
    let invisible = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{feff}', '\u{ad}', '\u{2060}'];
    if name.chars().all(|char| char.is_whitespace() || invisible.contains(&char)) {
        return Err(said.error("contains only invisible characters"));
    }
    Ok(name)
}
