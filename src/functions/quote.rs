//! `mixpanel_quote(text)`: a text as a literal of Mixpanel's expression language.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray, cast::AsArray};

use crate::contract::{Documentation, Result, ScalarFunction, SqlType};

/// A string literal: backslashes first, then quotes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub struct Quote;

impl ScalarFunction for Quote {
    fn name(&self) -> &'static str {
        "mixpanel_quote"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "A text as a string literal of Mixpanel's expression language, for use in a filter.",
            example: "SELECT 'properties[\"plan\"] == ' || mixpanel_quote('say \"hi\"');",
        }
    }

    fn parameter_names(&self) -> &'static [&'static str] {
        &["text"]
    }

    fn overloads(&self) -> Vec<Vec<SqlType>> {
        vec![vec![SqlType::Varchar]]
    }

    fn returns(&self) -> SqlType {
        SqlType::Varchar
    }

    fn call(&self, arguments: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
        let texts = arguments[0].as_string_view();
        Ok(Arc::new(texts.iter().map(|text| text.map(quoted)).collect::<StringViewArray>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_are_escaped_before_quotes() {
        assert_eq!(quoted(r#"a\"b"#), r#""a\\\"b""#);
        assert_eq!(quoted(""), r#""""#);
    }
}
