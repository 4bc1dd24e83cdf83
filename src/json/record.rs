//! How is an object of an answer read, member by member?

use serde_json::{Map, Value};

use super::{Moment, bigint, double, said, unexpected};
use crate::contract::Result;

/// One thing of a list: what it is, for messages, and its members. A member that is null counts as missing.
#[derive(Debug, Clone)]
pub struct Record {
    what: &'static str,
    members: Map<String, Value>,
}

impl Record {
    /// `what`: "a cohort", "an annotation".
    pub fn new(what: &'static str, members: Map<String, Value>) -> Self {
        Self { what, members }
    }

    /// The things of a list, by their `name`, then by this number.
    pub fn sorted(what: &'static str, items: Vec<Map<String, Value>>, number: &str) -> Vec<Self> {
        let mut records = Self::list(what, items);
        records.sort_by_cached_key(|record| (record.text("name"), record.bigint(number).ok()));
        records
    }

    /// The things of a list, in its order.
    pub fn list(what: &'static str, items: Vec<Map<String, Value>>) -> Vec<Self> {
        items.into_iter().map(|members| Self::new(what, members)).collect()
    }

    /// The same with its members' names in one spelling: `exampleValue` becomes `example_value`. Some routes are known to
    /// answer in either; where an answer has both, the one that is spelled so counts.
    pub fn in_snake_case(mut self) -> Self {
        for name in self.members.keys().cloned().collect::<Vec<_>>() {
            let spelled = snake_case(&name);
            if spelled != name
                && !self.members.contains_key(&spelled)
                && let Some(value) = self.members.remove(&name)
            {
                self.members.insert(spelled, value);
            }
        }
        self
    }

    /// A whole number that can't be missing. Errors: `UnexpectedResponse`.
    pub fn id(&self, name: &str) -> Result<i64> {
        self.bigint(name)?.ok_or_else(|| self.error(name, "a whole number", "it is missing"))
    }

    /// Errors: `UnexpectedResponse` for what is no whole number of 64 bits.
    pub fn bigint(&self, name: &str) -> Result<Option<i64>> {
        self.read(name, "a whole number", bigint)
    }

    /// Errors: `UnexpectedResponse` for what is no number or infinite.
    pub fn double(&self, name: &str) -> Result<Option<f64>> {
        Ok(self.read(name, "a number", double)?.flatten())
    }

    /// `true`, `false`, 1 or 0.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>> {
        self.read(name, "true or false", |value| match value {
            Value::Bool(value) => Some(*value),
            value => match bigint(value)? {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            },
        })
    }

    /// Microseconds since 1970-01-01 of the wall clock that is written there. An empty text counts as missing.
    pub fn timestamp(&self, name: &str) -> Result<Option<i64>> {
        if self.get(name).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        self.read(name, "a date", |value| Moment::read(value.as_str()?)?.microseconds())
    }

    /// Errors: `UnexpectedResponse` where it is missing or empty.
    pub fn required_timestamp(&self, name: &str) -> Result<i64> {
        self.timestamp(name)?.ok_or_else(|| self.error(name, "a date", "it is missing"))
    }

    /// What is no text becomes its JSON text: a number its digits.
    pub fn text(&self, name: &str) -> Option<String> {
        said(self.get(name)?)
    }

    /// The JSON text of whatever it is.
    pub fn json(&self, name: &str) -> Option<String> {
        self.get(name).map(Value::to_string)
    }

    /// The JSON text of all of it.
    pub fn whole(&self) -> String {
        Value::Object(self.members.clone()).to_string()
    }

    /// The members of these names that are there, as the JSON text of an object; `None` where there are none.
    pub fn json_of(&self, names: &[&str]) -> Option<String> {
        let found = names.iter().filter_map(|name| Some(((*name).to_owned(), self.get(name)?.clone())));
        let found: Map<String, Value> = found.collect();
        (!found.is_empty()).then(|| Value::Object(found).to_string())
    }

    /// Errors: `UnexpectedResponse` where it is missing.
    pub fn required_text(&self, name: &str) -> Result<String> {
        self.text(name).ok_or_else(|| self.error(name, "a text", "it is missing"))
    }

    /// A list of texts, or of objects that have a `name`.
    pub fn names(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.read(name, "a list of names", |value| {
            let name = |item: &Value| item.as_str().or_else(|| item.get("name")?.as_str()).map(str::to_owned);
            value.as_array()?.iter().map(name).collect()
        })
    }

    /// The objects of a list inside this one. Errors: `UnexpectedResponse` where it is another kind of list.
    pub fn records(&self, name: &str) -> Result<Option<Vec<Record>>> {
        self.read(name, "a list of objects", |value| {
            let record = |item: &Value| Some(Record::new(self.what, item.as_object()?.clone()));
            value.as_array()?.iter().map(record).collect()
        })
    }

    /// The names of its members, in the answer's order.
    pub fn member_names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// An object inside this one.
    pub fn record(&self, name: &str) -> Result<Option<Record>> {
        let members = self
            .get(name)
            .map(|value| value.as_object().ok_or_else(|| self.error(name, "an object", &format!("it is {value}"))));
        Ok(members.transpose()?.map(|members| Record { what: self.what, members: members.clone() }))
    }

    /// The members of an object inside this one, which may come as its JSON text.
    pub fn members(&self, name: &str) -> Result<Option<Map<String, Value>>> {
        self.read(name, "an object", |value| match value {
            Value::Object(members) => Some(members.clone()),
            Value::String(text) => serde_json::from_str(text).ok(),
            _ => None,
        })
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(&self, name: &str, kind: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        let value =
            self.get(name).map(|value| read(value).ok_or_else(|| self.error(name, kind, &format!("it is {value}"))));
        value.transpose()
    }

    fn error(&self, name: &str, kind: &str, found: &str) -> crate::contract::Error {
        let whole = serde_json::to_string(&self.members).unwrap_or_default();
        unexpected(&format!("{kind} as {name} of {}", self.what), found, &whole)
    }
}

fn snake_case(name: &str) -> String {
    let mut spelled = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            spelled.push('_');
        }
        spelled.push(letter.to_ascii_lowercase());
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(json: &str, read: impl Fn(Record) -> T) -> T {
        read(Record::new("a cohort", serde_json::from_str(json).unwrap()))
    }

    #[test]
    fn what_is_missing_is_null_but_for_ids() {
        for json in [r#"{"a": null}"#, "{}"] {
            assert_eq!(with(json, |record| record.bigint("a")), Ok(None));
            assert_eq!(with(json, |record| record.double("a")), Ok(None));
            assert_eq!(with(json, |record| record.boolean("a")), Ok(None));
            assert_eq!(with(json, |record| record.timestamp("a")), Ok(None));
            assert_eq!(with(json, |record| record.names("a")), Ok(None));
            assert_eq!(with(json, |record| record.text("a")), None);
            assert!(with(json, |record| record.record("a").map(|inner| inner.is_none())).unwrap());
            assert!(with(json, |record| record.required_text("a")).is_err());
            assert!(with(json, |record| record.required_timestamp("a")).is_err());
            let error = with(json, |record| record.id("a")).unwrap_err().to_string();
            assert!(error.contains("a whole number as a of a cohort was expected, but it is missing"), "{error}");
        }
        assert_eq!(with(r#"{"a": " "}"#, |record| record.timestamp("a")), Ok(None));
    }

    #[test]
    fn members_of_every_kind() {
        assert_eq!(with(r#"{"a": 9007199254740993}"#, |record| record.id("a")), Ok(9_007_199_254_740_993));
        assert_eq!(with(r#"{"a": -0.356}"#, |record| record.double("a")), Ok(Some(-0.356)));
        assert_eq!(with(r#"{"a": "NaN"}"#, |record| record.double("a")), Ok(None));
        assert!(with(r#"{"a": 1e400}"#, |record| record.double("a")).is_err());
        for (json, value) in [(r#"{"a": 1}"#, true), (r#"{"a": false}"#, false), (r#"{"a": 0}"#, false)] {
            assert_eq!(with(json, |record| record.boolean("a")), Ok(Some(value)));
        }
        for json in [r#"{"a": {"b": 1}}"#, r#"{"a": "{\"b\": 1}"}"#] {
            let members = with(json, |record| record.members("a")).unwrap().unwrap();
            assert_eq!(members.get("b"), Some(&Value::from(1)), "{json}");
        }
        assert_eq!(with(r#"{"a": "1970-01-01 00:00:02"}"#, |record| record.timestamp("a")), Ok(Some(2_000_000)));
        assert_eq!(with(r#"{"a": 1.50}"#, |record| record.text("a")), Some("1.50".into()));
        let names = with(r#"{"a": ["x", {"id": 1, "name": "y"}]}"#, |record| record.names("a"));
        assert_eq!(names, Ok(Some(vec!["x".into(), "y".into()])));
    }

    #[test]
    fn both_spellings_of_a_name_are_one() {
        let spelled = |json| with(json, |record| record.in_snake_case().text("example_value"));
        for json in
            [r#"{"exampleValue": "x"}"#, r#"{"example_value": "x"}"#, r#"{"exampleValue": "y", "example_value": "x"}"#]
        {
            assert_eq!(spelled(json).as_deref(), Some("x"), "{json}");
        }
    }

    #[test]
    fn what_is_inside() {
        assert_eq!(
            with(r#"{"a": [1.50, {"b":"c"}]}"#, |record| record.json("a")).as_deref(),
            Some(r#"[1.50,{"b":"c"}]"#)
        );
        let members = with(r#"{"b": 1, "a": null, "c": {}}"#, |record| record.json_of(&["c", "a", "b", "d"]));
        assert_eq!(members.as_deref(), Some(r#"{"c":{},"b":1}"#));
        assert_eq!(with(r#"{"a": null}"#, |record| record.json_of(&["a"])), None);
        let texts = with(r#"{"a": [{"b": "x"}, {}]}"#, |record| {
            record.records("a").map(|list| list.map(|list| list.iter().map(|one| one.text("b")).collect::<Vec<_>>()))
        });
        assert_eq!(texts, Ok(Some(vec![Some("x".to_owned()), None])));
        assert!(with(r#"{"a": [1]}"#, |record| record.records("a").map(drop)).is_err());
        assert_eq!(with(r#"{"b": 1, "a": 2}"#, |record| record.member_names().collect::<String>()), "ba");
    }

    #[test]
    fn what_is_something_else_is_an_error() {
        for (json, expected) in [(r#"{"a": 1.5}"#, "it is 1.5"), (r#"{"a": [1]}"#, "it is [1]")] {
            let error = with(json, |record| record.bigint("a")).unwrap_err().to_string();
            assert!(error.starts_with("[UNEXPECTED_RESPONSE]") && error.contains(expected), "{error}");
        }
        assert!(with(r#"{"a": 2}"#, |record| record.boolean("a")).is_err());
        assert!(with(r#"{"a": "soon"}"#, |record| record.timestamp("a")).is_err());
        assert!(with(r#"{"a": [1]}"#, |record| record.names("a")).is_err());
        assert!(with(r#"{"a": "x"}"#, |record| record.record("a").map(drop)).is_err());
        assert!(with(r#"{"a": "[1]"}"#, |record| record.members("a").map(drop)).is_err());
    }
}
