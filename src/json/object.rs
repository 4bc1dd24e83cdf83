//! How is a struct read from a JSON object, and from nothing else?

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A struct within an answer. Serde by itself takes a list for a struct too, member by member.
#[derive(Debug, Clone, PartialEq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, value::RawValue};

    use super::*;

    #[derive(Deserialize)]
    struct Pair<'a> {
        #[serde(borrow)]
        raw: &'a RawValue,
        value: Value,
    }

    #[test]
    fn lists_are_no_structs_and_digits_survive() {
        let text = r#"{"raw": [ 1.10 ], "value": 12345678901234567890123.10}"#;
        let Object(Pair { raw, value }) = serde_json::from_str(text).unwrap();
        assert_eq!((raw.get(), value.to_string().as_str()), ("[ 1.10 ]", "12345678901234567890123.10"));
        assert!(serde_json::from_str::<Pair>("[1, 2]").is_ok());
        assert!(serde_json::from_str::<Object<Pair>>("[1, 2]").is_err());
        assert!(serde_json::from_str::<Vec<Object<Pair>>>("[[1, 2]]").is_err());
    }
}
