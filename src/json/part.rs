//! How are objects and lists read one level at a time?
//!
//! A `serde_json::Value` keeps one of two members with the same name and ends at
//! a depth of its own; here every member comes, as it stands in the text.

use serde_json::value::RawValue;

use super::Entries;

/// A JSON text by what it is.
pub enum Part<'a> {
    /// The members in their order, also those whose name occurs twice.
    Object(Entries<&'a RawValue>),
    List(Vec<&'a RawValue>),
    Text(String),
    /// The digits.
    Number(&'a str),
    Boolean,
    Null,
}

impl<'a> Part<'a> {
    /// Errors: texts that only look like JSON, as half a surrogate pair within a name.
    pub fn of(raw: &'a RawValue) -> serde_json::Result<Self> {
        let text = raw.get();
        Ok(match text.bytes().next() {
            Some(b'{') => Part::Object(serde_json::from_str(text)?),
            Some(b'[') => Part::List(serde_json::from_str(text)?),
            Some(b'"') => Part::Text(serde_json::from_str(text)?),
            Some(b't' | b'f') => Part::Boolean,
            Some(b'n') => Part::Null,
            _ => Part::Number(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_comes_in_its_order() {
        let text = r#"{"b": 1, "a": [1e400, null], "b": {"c": true}, "\u00e9": "x"}"#;
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        let Ok(Part::Object(Entries(members))) = Part::of(raw) else { panic!() };
        let shown: Vec<_> = members.iter().map(|(name, value)| format!("{name}={}", value.get())).collect();
        assert_eq!(shown, ["b=1", "a=[1e400, null]", "b={\"c\": true}", "é=\"x\""]);
    }
}
