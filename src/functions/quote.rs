//! `mixpanel_quote(text)`: a text as a literal of Mixpanel's expression language.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray, cast::AsArray};

use crate::contract::{Result, Scalar, SqlType};

/// A string literal: backslashes first, then quotes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub const QUOTE: Scalar = Scalar {
    name: "mixpanel_quote",
    description: "Returns a text as a string literal of Mixpanel's expression language, for use in a filter.",
    example: "SELECT 'properties[\"plan\"] == ' || mixpanel_quote('say \"hi\"');",
    parameters: &["text"],
    overloads: &[&[SqlType::Varchar]],
    returns: SqlType::Varchar,
    call,
};

fn call(arguments: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
    let texts = arguments[0].as_string_view();
    Ok(Arc::new(texts.iter().map(|text| text.map(quoted)).collect::<StringViewArray>()))
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
