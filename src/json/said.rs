//! What does a value say as text?

use serde_json::{Value, value::RawValue};

/// A JSON value, taken apart or as it stands in the answer.
pub trait Said {
    /// A text as it is, everything else as its JSON text: a number its digits. `None` for `null`.
    fn said(&self) -> Option<String>;
}

impl Said for Value {
    fn said(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

impl Said for RawValue {
    fn said(&self) -> Option<String> {
        match self.get() {
            "null" => None,
            quoted if quoted.starts_with('"') => serde_json::from_str(quoted).ok().or_else(|| Some(quoted.to_owned())),
            other => Some(other.to_owned()),
        }
    }
}

/// See [`Said::said`].
pub fn said(value: &(impl Said + ?Sized)) -> Option<String> {
    value.said()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        for (json, text) in [
            ("null", None),
            (r#""a\n\u00e9\"""#, Some("a\né\"")),
            (r#""""#, Some("")),
            ("1.50", Some("1.50")),
            ("12345678901234567890123", Some("12345678901234567890123")),
            ("true", Some("true")),
            (r#"{"a":[1]}"#, Some(r#"{"a":[1]}"#)),
        ] {
            assert_eq!(said(serde_json::from_str::<&RawValue>(json).unwrap()).as_deref(), text, "{json}");
            assert_eq!(said(&serde_json::from_str::<Value>(json).unwrap()).as_deref(), text, "{json}");
        }
    }
}
