//! What did the call say, and where: a name, fields, or a list of either?
//!
//! SQL has no list of unlike things, so there are three ways to write one: STRUCTs that lack fields (DuckDB makes them one
//! type, with NULL for what a STRUCT lacks: NULL is as good as absent), a tuple, and JSON text. A field of a STRUCT list has
//! one type for all of them, so a number may come as its text.

use serde_json::{Map, Number, Value as Json};

use super::words::Word;
use crate::contract::{Arguments, Error, Result, Value};

/// Something that was said, and where: `events[1].filters[0].op`, to be named in an error.
#[derive(Debug, Clone)]
pub struct GivenValue {
    place: String,
    value: Json,
}

/// A name alone, or something with fields.
#[derive(Debug)]
pub enum Item {
    Name(String),
    Fields(Fields),
}

/// The fields of a STRUCT, each taken by who reads it.
#[derive(Debug)]
pub struct Fields {
    place: String,
    members: Map<String, Json>,
    /// What was asked for, to be named where there is something else.
    known: Vec<&'static str>,
}

impl GivenValue {
    /// The argument of this name, where it was given.
    ///
    /// Errors: `InvalidArgument` for what no JSON can say.
    pub fn argument(arguments: &Arguments, name: &str) -> Result<Option<Self>> {
        let Some(value) = arguments.get(name) else { return Ok(None) };
        let value = shape(value).map_err(|problem| Error::argument(name, problem))?;
        Ok(Some(Self { place: name.to_owned(), value }))
    }

    /// A text that stands there.
    pub fn at(place: &str, text: String) -> Self {
        Self { place: place.to_owned(), value: Json::String(text) }
    }

    pub fn error(&self, problem: impl std::fmt::Display) -> Error {
        Error::argument(&self.place, problem)
    }

    pub fn place(&self) -> &str {
        &self.place
    }

    /// One thing or several, at least one.
    pub fn items(self) -> Result<Vec<Self>> {
        let Self { place, value } = self.into_parsed()?;
        let items = match value {
            Json::Array(items) => items,
            value => return Ok(vec![Self { place, value }]),
        };
        if items.is_empty() {
            return Err(Error::argument(&place, "is an empty list. Leave it out"));
        }
        let item = |(index, value)| Self { place: format!("{place}[{index}]"), value }.into_parsed();
        items.into_iter().enumerate().map(item).collect()
    }

    /// A name alone, or fields. `example` is what a call could have said.
    pub fn item(self, example: &str) -> Result<Item> {
        let Self { place, value } = self.into_parsed()?;
        match value {
            Json::String(name) => Ok(Item::Name(name)),
            Json::Object(members) => Ok(Item::Fields(Fields { place, members, known: Vec::new() })),
            Json::Null => Err(Error::argument(&place, "is NULL. Remove it")),
            _ => Err(Error::argument(&place, format!("must be a name, a STRUCT or JSON, like {example}"))),
        }
    }

    /// Fields: a name alone is not enough.
    pub fn fields(self, example: &str) -> Result<Fields> {
        let place = self.place.clone();
        match self.item(example)? {
            Item::Fields(fields) => Ok(fields),
            Item::Name(_) => Err(Error::argument(&place, format!("must be a STRUCT or JSON, like {example}"))),
        }
    }

    pub fn text(&self) -> Result<String> {
        match &self.value {
            Json::String(text) if text.trim().is_empty() => Err(self.error("must not be empty")),
            Json::String(text) => Ok(text.clone()),
            // A list of STRUCTs with another type in this field could not be written; a number here is its digits.
            Json::Number(number) => Ok(number.to_string()),
            _ => Err(self.error("must be text")),
        }
    }

    /// One text or several.
    pub fn texts(&self) -> Result<Vec<String>> {
        match &self.value {
            Json::Array(items) => {
                if items.is_empty() {
                    return Err(self.error("is an empty list"));
                }
                let item = |(index, value): (usize, &Json)| {
                    Self { place: format!("{}[{index}]", self.place), value: value.clone() }.text()
                };
                items.iter().enumerate().map(item).collect()
            }
            _ => self.text().map(|text| vec![text]),
        }
    }

    pub fn word<W: Word>(&self) -> Result<W> {
        let text = self.text()?;
        W::read(&text).ok_or_else(|| self.error(format!("must be {}, not '{text}'", W::allowed())))
    }

    pub fn number(&self) -> Result<Number> {
        let number = match &self.value {
            Json::Number(number) => Some(number.clone()),
            Json::String(text) => serde_json::from_str(text.trim()).ok(),
            _ => None,
        };
        number.ok_or_else(|| self.error("must be a number"))
    }

    /// Two numbers, the smaller one first.
    pub fn range(&self) -> Result<[Number; 2]> {
        let (from, to) = self.pair("two numbers")?;
        let (from, to) = (from.number()?, to.number()?);
        if from.as_f64() > to.as_f64() {
            return Err(self.error(format!("{from} is more than {to}. Swap them")));
        }
        Ok([from, to])
    }

    /// Two days, the earlier one first.
    pub fn days(&self) -> Result<[jiff::civil::Date; 2]> {
        let (from, to) = self.pair("two dates")?;
        let (from, to) = (from.date()?, to.date()?);
        if from > to {
            return Err(self.error(format!("{from} is after {to}. Swap them")));
        }
        Ok([from, to])
    }

    fn pair(&self, what: &str) -> Result<(Self, Self)> {
        match &self.value {
            Json::Array(items) => match items.as_slice() {
                [from, to] => {
                    let at =
                        |index, value: &Json| Self { place: format!("{}[{index}]", self.place), value: value.clone() };
                    Ok((at(0, from), at(1, to)))
                }
                _ => Err(self.error(format!("must be a list of {what}"))),
            },
            _ => Err(self.error(format!("must be a list of {what}"))),
        }
    }

    pub fn date(&self) -> Result<jiff::civil::Date> {
        let text = self.text()?;
        text.parse().map_err(|_| self.error(format!("'{text}' is not a date. Write it like '2025-01-31'")))
    }

    /// A whole number of at least 1: an id, or a number of days.
    pub fn positive(&self) -> Result<i64> {
        let number = self.number()?;
        match number.as_i64() {
            Some(whole @ 1..) => Ok(whole),
            _ => Err(self.error(format!("must be a whole number of at least 1, not {number}"))),
        }
    }

    pub fn boolean(&self) -> Result<bool> {
        self.as_boolean().ok_or_else(|| self.error("must be true or false"))
    }

    pub fn as_boolean(&self) -> Option<bool> {
        match &self.value {
            Json::Bool(value) => Some(*value),
            Json::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn is_boolean(&self) -> bool {
        self.value.is_boolean()
    }

    /// Whether it is a number, or a list of numbers.
    pub fn is_number(&self) -> bool {
        match &self.value {
            Json::Array(items) => !items.is_empty() && items.iter().all(Json::is_number),
            value => value.is_number(),
        }
    }

    /// Whether it is a list, or JSON text of one.
    pub fn is_list(&self) -> bool {
        self.clone().into_parsed().is_ok_and(|said| said.value.is_array())
    }

    /// Whether it is a list of nothing: where STRUCTs of one list have different fields, that is how one says none.
    pub fn is_empty_list(&self) -> bool {
        self.value.as_array().is_some_and(Vec::is_empty)
    }

    /// What it is as JSON, where a text may be JSON itself: an object, or a list of things.
    pub fn object(self) -> Result<Json> {
        let Self { place, value } = self.into_parsed()?;
        match value {
            Json::Object(_) => Ok(value),
            _ => Err(Error::argument(&place, "must be a STRUCT or a JSON object")),
        }
    }

    /// The same, where a text that is JSON counts as what it says. Names may begin with a bracket too: `[Auto] Click`.
    fn into_parsed(self) -> Result<Self> {
        let Self { place, value } = self;
        let Json::String(text) = value else { return Ok(Self { place, value }) };
        let begun = text.trim_start();
        if !begun.starts_with(['{', '[', '"']) {
            return Ok(Self { place, value: Json::String(text) });
        }
        match serde_json::from_str(&text) {
            Ok(json) => Ok(Self { place, value: without_nulls(json) }),
            Err(error) if begun.starts_with('{') || begun.starts_with("[{") || begun.starts_with("[\"") => {
                Err(Error::argument(&place, format!("is not JSON: {error}")))
            }
            Err(_) => Ok(Self { place, value: Json::String(text) }),
        }
    }
}

impl Fields {
    /// These arguments of a call, as if they were the fields of one thing.
    pub fn arguments(arguments: &Arguments, names: &[&str]) -> Result<Self> {
        let mut members = Map::new();
        for name in names {
            members.extend(GivenValue::argument(arguments, name)?.map(|said| ((*name).to_owned(), said.value)));
        }
        Ok(Self { place: String::new(), members, known: Vec::new() })
    }

    fn place_of(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    /// What is said of one of these names, which mean the same; the first is ours.
    pub fn said_as(&mut self, names: &[&'static str]) -> Result<Option<GivenValue>> {
        self.known.extend(names.first());
        let mut found = None;
        for name in names {
            let Some(value) = self.members.remove(*name) else { continue };
            let said = GivenValue { place: self.place_of(name), value };
            if found.replace(said).is_some() {
                return Err(
                    self.error(format!("has both {}, which mean the same. Remove one of them", names.join(" and ")))
                );
            }
        }
        Ok(found)
    }

    pub fn said(&mut self, name: &'static str) -> Option<GivenValue> {
        self.known.push(name);
        let value = self.members.remove(name)?;
        Some(GivenValue { place: self.place_of(name), value })
    }

    /// The same for what must be there.
    pub fn required(&mut self, name: &'static str) -> Result<GivenValue> {
        self.said(name).ok_or_else(|| self.error(format!("has no '{name}'. Add it")))
    }

    pub fn text(&mut self, name: &'static str) -> Result<Option<String>> {
        self.said(name).map(|said| said.text()).transpose()
    }

    pub fn word<W: Word>(&mut self, name: &'static str) -> Result<Option<W>> {
        self.said(name).map(|said| said.word()).transpose()
    }

    pub fn positive(&mut self, name: &'static str) -> Result<Option<i64>> {
        self.said(name).map(|said| said.positive()).transpose()
    }

    pub fn number(&mut self, name: &'static str) -> Result<Option<Number>> {
        self.said(name).map(|said| said.number()).transpose()
    }

    pub fn boolean(&mut self, name: &'static str) -> Result<Option<bool>> {
        self.said(name).map(|said| said.boolean()).transpose()
    }

    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub fn error(&self, problem: impl std::fmt::Display) -> Error {
        Error::argument(&self.place, problem)
    }

    /// The same of one field, whether it is there or not.
    pub fn error_of(&self, name: &str, problem: impl std::fmt::Display) -> Error {
        Error::argument(&self.place_of(name), problem)
    }

    pub fn place(&self) -> &str {
        &self.place
    }

    /// The fields that are left, by name.
    pub fn rest(self) -> Vec<(String, GivenValue)> {
        let place = self.place;
        let said = |(name, value): (String, Json)| {
            let said = GivenValue { place: format!("{place}.{name}"), value };
            (name, said)
        };
        self.members.into_iter().map(said).collect()
    }

    /// Refuses fields that nobody asked for.
    pub fn finish(self) -> Result<()> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(name) => Err(self
                .error(format!("has an unknown field '{name}'"))
                .fix(format!("Use one of {}", self.known.join(", ")))),
        }
    }
}

/// The word that an argument is, where it was given.
///
/// Errors: `InvalidArgument`, with the words that there are.
pub fn word<W: Word>(arguments: &Arguments, name: &str) -> Result<Option<W>> {
    GivenValue::argument(arguments, name)?.map(|said| said.word()).transpose()
}

/// A value of SQL as JSON. A tuple is a list, which the first C API hands over as a STRUCT without names.
fn shape(value: &Value) -> Result<Json, String> {
    Ok(match value {
        Value::Double(number) if !number.is_finite() => return Err(format!("{number} is not a finite number")),
        // A parameter's type makes 95 a 95.0; Mixpanel writes whole numbers without a point.
        Value::Double(number) if number.fract() == 0.0 && number.abs() < 1e15 => (*number as i64).into(),
        Value::List(items) => items.iter().map(shape).collect::<Result<_, _>>()?,
        Value::Fields(fields) if !fields.is_empty() && fields.iter().all(|(name, _)| name.is_empty()) => {
            fields.iter().map(|(_, value)| shape(value)).collect::<Result<_, _>>()?
        }
        Value::Fields(fields) => {
            let given = fields.iter().filter(|(_, value)| *value != Value::Null);
            Json::Object(given.map(|(name, value)| Ok((name.clone(), shape(value)?))).collect::<Result<_, String>>()?)
        }
        value => value.to_json(),
    })
}

/// Without members that are null, at any depth.
fn without_nulls(json: Json) -> Json {
    match json {
        Json::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Json::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
