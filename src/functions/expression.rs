//! Which property is meant, as people write it, in Mixpanel's expression language.

use super::quote::quoted;
use crate::contract::{Arguments, Error, Result};

/// Where an expression reads properties from.
const SOURCES: [&str; 3] = ["properties", "user", "event"];

/// The expression of `segment_by`: a bare name is that property of the event, and an expression stays as it is.
///
/// Errors: `InvalidArgument`, also for `properties.country`, which Mixpanel takes for a property of that name.
pub fn segment_by(arguments: &Arguments) -> Result<Option<String>> {
    property(arguments, "segment_by")
}

/// The same of another parameter.
pub fn property(arguments: &Arguments, parameter: &str) -> Result<Option<String>> {
    let Some(text) = arguments.text(parameter)? else { return Ok(None) };
    if is_expression(text) {
        return Ok(Some(text.to_owned()));
    }
    if let Some(name) = text.strip_prefix("properties.") {
        let problem = format!(
            "Mixpanel's expressions have no dots. Write '{name}', or 'properties[{}]' if the dot is part of the \
             property's name",
            quoted(text)
        );
        return Err(Error::argument(parameter, problem));
    }
    Ok(Some(format!("properties[{}]", quoted(text))))
}

/// Whether a text reads a property: `user["plan"]`, where the quote tells it from a property that is called `user[plan]`.
fn is_expression(text: &str) -> bool {
    let quote_follows = |rest: &str| {
        let name = rest.trim_start().strip_prefix('[').map(str::trim_start);
        name.is_some_and(|name| name.starts_with(['"', '\'']))
    };
    SOURCES.iter().any(|source| text.split(source).skip(1).any(quote_follows))
}

/// The same where the question is about nothing else.
pub fn required_segment_by(arguments: &Arguments) -> Result<String> {
    segment_by(arguments)?
        .ok_or_else(|| Error::argument("segment_by", "is missing. Add segment_by := 'the name of a numeric property'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Value;

    fn expression(text: &str) -> Result<Option<String>> {
        segment_by(&Arguments::new(vec![("segment_by".into(), Value::Text(text.into()))]))
    }

    #[test]
    fn names_are_quoted_and_expressions_are_not() {
        for (name, expected) in [
            ("country", r#"properties["country"]"#),
            ("$city", r#"properties["$city"]"#),
            ("a.b", r#"properties["a.b"]"#),
            (r#"a\"b"#, r#"properties["a\\\"b"]"#),
            (" ü & 1+1% ", r#"properties[" ü & 1+1% "]"#),
            (r#"properties["country"]"#, r#"properties["country"]"#),
            (r#"number(properties["amount"])"#, r#"number(properties["amount"])"#),
            (r#"user["plan"]"#, r#"user["plan"]"#),
            (r#"event["plan"]"#, r#"event["plan"]"#),
            (r#"user [ "plan" ]"#, r#"user [ "plan" ]"#),
            ("user['plan']", "user['plan']"),
            ("user[email]", r#"properties["user[email]"]"#),
            ("event[]", r#"properties["event[]"]"#),
            ("event[0] of user", r#"properties["event[0] of user"]"#),
            ("properties[", r#"properties["properties["]"#),
            ("user", r#"properties["user"]"#),
            (r#"properties["properties.country"]"#, r#"properties["properties.country"]"#),
        ] {
            assert_eq!(expression(name), Ok(Some(expected.to_owned())), "{name}");
        }
        assert_eq!(segment_by(&Arguments::default()), Ok(None));
    }

    #[test]
    fn dots_are_refused_with_the_fix() {
        let message = expression("properties.country").unwrap_err().to_string();
        assert!(message.contains("segment_by: Mixpanel's expressions have no dots. Write 'country'"), "{message}");
        assert!(message.contains(r#"'properties["properties.country"]'"#), "{message}");
        assert!(expression("").is_err() && required_segment_by(&Arguments::default()).is_err());
    }
}
