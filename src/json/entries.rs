//! Which members has a JSON object, in order, also where two have the same name?

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// The members of an object, in the answer's order. A name that occurs twice does so here too: mending an answer can
/// make two names the same (see [`super::text()`]), and a map would drop one of them.
/// With `&RawValue` for `T` or `K` the values or names come as they stand in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries<T, K = String>(pub Vec<(K, T)>);

impl<T> Entries<T> {
    /// The first member of that name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }
}

impl<T, K> IntoIterator for Entries<T, K> {
    type Item = (K, T);
    type IntoIter = std::vec::IntoIter<(K, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Deserialize<'de>, K: Deserialize<'de>> Deserialize<'de> for Entries<T, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T, K>(PhantomData<(T, K)>);

impl<'de, T: Deserialize<'de>, K: Deserialize<'de>> Visitor<'de> for Members<T, K> {
    type Value = Entries<T, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Entries(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn members_keep_their_order_and_equal_names_their_values() {
        let Entries(members): Entries<Value> =
            serde_json::from_str(r#"{"b":1,"a":9007199254740993,"b":1.50}"#).unwrap();
        let shown: Vec<String> = members.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["b=1", "a=9007199254740993", "b=1.50"]);
        assert!(serde_json::from_str::<Entries<Value>>("[]").is_err());
    }
}
