//! How is an answer shown without what nobody should see?
//!
//! Everything else stays as it came: digits, order, members of the same name.

use serde_json::value::RawValue;

use super::{Entries, parse};
use crate::contract::Result;

/// Names of members that are credentials, also of others than the caller.
const SECRET: [&str; 5] = ["token", "secret", "api_key", "api_secret", "password"];

/// No answer of Mixpanel's is known to be nested so deep. What is, is not shown.
const DEEPEST: usize = 100;

/// A JSON text without the values of members that are named like credentials: `null` stands in their place.
///
/// Errors: `UnexpectedResponse` for what is no JSON.
pub fn without_secrets(text: &str) -> Result<String> {
    let mut shown = String::with_capacity(text.len());
    show(parse(text, "JSON")?, 0, &mut shown)?;
    Ok(shown)
}

fn show(raw: &RawValue, depth: usize, shown: &mut String) -> Result<()> {
    let text = raw.get();
    match text.bytes().next() {
        Some(b'{' | b'[') if depth == DEEPEST => shown.push_str("null"),
        Some(b'{') => {
            let Entries(members): Entries<&RawValue, &RawValue> = parse(text, "an object")?;
            shown.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                shown.push_str(if at == 0 { "" } else { ", " });
                shown.push_str(name.get());
                shown.push_str(": ");
                match is_secret(name) {
                    true => shown.push_str("null"),
                    false => show(value, depth + 1, shown)?,
                }
            }
            shown.push('}');
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = parse(text, "a list")?;
            shown.push('[');
            for (at, item) in items.into_iter().enumerate() {
                shown.push_str(if at == 0 { "" } else { ", " });
                show(item, depth + 1, shown)?;
            }
            shown.push(']');
        }
        _ => shown.push_str(text),
    }
    Ok(())
}

/// A name as it stands in the text may be written with escapes.
fn is_secret(name: &RawValue) -> bool {
    serde_json::from_str::<String>(name.get()).is_ok_and(|name| SECRET.contains(&name.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_secrets_changes() {
        let text = r#"{"results": [{"id": 1.50, "token": "abc", "a": "token"}, {"api\u005fkey": ["x"], "Secret": {"y": 1}, "id": 1, "id": 2}, null]}"#;
        assert_eq!(
            without_secrets(text).unwrap(),
            r#"{"results": [{"id": 1.50, "token": null, "a": "token"}, {"api\u005fkey": null, "Secret": null, "id": 1, "id": 2}, null]}"#
        );
        assert!(without_secrets("{").is_err());
    }

    #[test]
    fn what_is_too_deep_is_not_shown() {
        let text = format!("{}{}{}", "[".repeat(5000), r#"{"token": "abc"}"#, "]".repeat(5000));
        assert!(!without_secrets(&text).unwrap().contains("abc"));
    }
}
