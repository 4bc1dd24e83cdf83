//! What a JQL script returned: a list of anything.

use serde_json::value::RawValue;

use super::parse;
use crate::contract::Result;

/// The elements of the list, as they came; of an object, which a script may end with too, the object itself.
///
/// Errors: `UnexpectedResponse`.
pub fn jql(text: &str) -> Result<Vec<&str>> {
    let expected = "a list";
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return Ok(vec![parse::<&RawValue>(text, expected)?.get()]);
    }
    Ok(parse::<Vec<&RawValue>>(text, expected)?.into_iter().map(RawValue::get).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stay_as_they_came() {
        let text = "[{\"b\": 1.50,  \"a\":12345678901234567890123}, [ 1 ], null,\"x\\u00e9\" ]\n";
        let elements = ["{\"b\": 1.50,  \"a\":12345678901234567890123}", "[ 1 ]", "null", "\"x\\u00e9\""];
        assert_eq!(jql(text), Ok(elements.to_vec()));
        assert_eq!(jql("[]"), Ok(vec![]));
        assert_eq!(jql(" {\"a\": [1, 2]} "), Ok(vec!["{\"a\": [1, 2]}"]));
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for bad in ["", "3", "null", "\"x\"", "[1, 2", "[1,]", "{\"a\": 1", "[1] [2]", "<p>"] {
            assert!(jql(bad).unwrap_err().to_string().starts_with("[UNEXPECTED_RESPONSE] a list was"), "{bad}");
        }
    }
}
