//! Which number is this? Some come as text.

use serde_json::Value;

use super::unexpected;
use crate::contract::Result;

/// A number of things, found in `text`. Errors: `UnexpectedResponse` for what is no whole number.
pub fn count(value: &Value, text: &str) -> Result<i64> {
    bigint(value).ok_or_else(|| unexpected("a whole number", &format!("{value} was found"), text))
}

/// A measure, found in `text`, by the rule of [`double`]. Errors: `UnexpectedResponse` for what is no number.
pub fn measure(value: &Value, text: &str) -> Result<Option<f64>> {
    double(value).ok_or_else(|| unexpected("a number", &format!("{value} was found"), text))
}

/// A `BIGINT`: a whole number, also one that is written `3.0`, or `"3"`. `None` for everything else, so that nothing is
/// rounded in silence.
pub fn bigint(value: &Value) -> Option<i64> {
    let digits = digits(value)?;
    digits.parse().ok().or_else(|| {
        let number: f64 = digits.parse().ok()?;
        // From 2^53 on a double no longer tells one whole number from the next.
        (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
    })
}

/// A `DOUBLE`, which may be written as text. `null` and `"NaN"`, what a share of nobody is, are NULL: `Some(None)`. `None`
/// for everything else, also for what is infinite or too large for a double.
pub fn double(value: &Value) -> Option<Option<f64>> {
    match value {
        Value::Null => Some(None),
        _ => finite(digits(value)?),
    }
}

/// The number that digits say, by the rule of [`double`].
pub fn finite(digits: &str) -> Option<Option<f64>> {
    let number: f64 = digits.parse().ok()?;
    match number.is_nan() {
        true => Some(None),
        false => number.is_finite().then_some(Some(number)),
    }
}

fn digits(value: &Value) -> Option<&str> {
    match value {
        Value::Number(number) => Some(number.as_str()),
        Value::String(text) => Some(text.trim()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn whole_numbers_keep_their_digits() {
        for (json, number) in [
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("-1", Some(-1)),
            ("3.0", Some(3)),
            ("1e3", Some(1000)),
            ("\"10254\"", Some(10254)),
            ("3.5", None),
            ("9007199254740993.0", None),
            ("18446744073709551615", None),
            ("\"x\"", None),
            ("null", None),
            ("true", None),
        ] {
            assert_eq!(bigint(&value(json)), number, "{json}");
        }
    }

    #[test]
    fn what_is_no_number_is_named() {
        let message = count(&value("1.5"), "{}").unwrap_err().to_string();
        assert!(message.contains("a whole number was expected, but 1.5 was found"), "{message}");
        assert!(message.contains("raw := true"), "{message}");
        assert!(count(&value("null"), "{}").is_err() && measure(&value("\"x\""), "{}").is_err());
        assert_eq!((measure(&value("null"), "{}"), measure(&value("2"), "{}")), (Ok(None), Ok(Some(2.0))));
    }

    #[test]
    fn doubles_are_finite_or_null() {
        for (json, number) in [
            ("8.64705882352939", Some(Some(8.64705882352939))),
            ("\" -2.5 \"", Some(Some(-2.5))),
            ("\"NaN\"", Some(None)),
            ("null", Some(None)),
            ("1e400", None),
            ("-1e400", None),
            ("\"Infinity\"", None),
            ("\"-inf\"", None),
            ("\"1e400\"", None),
            ("\"x\"", None),
            ("\"\"", None),
            ("true", None),
            ("[]", None),
        ] {
            assert_eq!(double(&value(json)), number, "{json}");
        }
    }
}
