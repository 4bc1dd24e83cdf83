//! What can a constant of SQL be, in an argument or a condition, and how does a request have it?

use jiff::civil::Date;

/// A constant of SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Integer(i128),
    Double(f64),
    /// A `DECIMAL`, as its digits.
    Decimal(String),
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01, UTC by convention.
    Timestamp(i64),
    Interval {
        months: i32,
        days: i32,
        microseconds: i64,
    },
    List(Vec<Value>),
    /// A struct's fields or a map's entries.
    Fields(Vec<(String, Value)>),
}

impl Value {
    /// A date, as days since 1970-01-01.
    pub fn days(date: Date) -> i32 {
        let hours = EPOCH.duration_until(date).as_hours();
        // Dates lie within the years -9999 to 9999, which are fewer days than i32 holds.
        (hours / 24) as i32
    }

    /// As a parameter of a request has it: text as it is, numbers, booleans and dates as text, lists and structs as JSON,
    /// as Mixpanel wants them. `None` for NULL. Errors: what is wrong, to be said after the parameter's name.
    pub fn to_parameter(&self) -> Result<Option<String>, &'static str> {
        Ok(Some(match self {
            Value::Null => return Ok(None),
            Value::Boolean(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Double(value) if value.is_finite() => value.to_string(),
            Value::Double(_) => return Err("is not a finite number"),
            Value::Text(text) | Value::Decimal(text) => text.clone(),
            Value::Date(days) => date_of(*days).ok_or("is outside the years 0001 to 9999")?.to_string(),
            Value::Timestamp(micros) => time_of(*micros).ok_or("is outside the years -9999 to 9999")?.to_string(),
            Value::Interval { months, days, microseconds } => iso(*months, *days, *microseconds),
            Value::List(_) | Value::Fields(_) => self.to_json().to_string(),
        }))
    }

    /// Whether a text in it, a name or a value at any depth, holds a NUL.
    pub fn holds_nul(&self) -> bool {
        match self {
            Value::Text(text) | Value::Decimal(text) => text.contains('\0'),
            Value::List(items) => items.iter().any(Value::holds_nul),
            Value::Fields(fields) => fields.iter().any(|(name, value)| name.contains('\0') || value.holds_nul()),
            Value::Null
            | Value::Boolean(_)
            | Value::Integer(_)
            | Value::Double(_)
            | Value::Date(_)
            | Value::Timestamp(_)
            | Value::Interval { .. } => false,
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Boolean(value) => (*value).into(),
            Value::Integer(value) => number(&value.to_string()),
            Value::Double(value) => (*value).into(),
            Value::Decimal(digits) => number(digits),
            Value::Text(value) => value.clone().into(),
            Value::Date(days) => date_of(*days).map_or((*days).into(), |date| date.to_string().into()),
            Value::Timestamp(micros) => time_of(*micros).map_or((*micros).into(), |time| time.to_string().into()),
            Value::Interval { months, days, microseconds } => iso(*months, *days, *microseconds).into(),
            Value::List(items) => items.iter().map(Value::to_json).collect(),
            Value::Fields(fields) => fields.iter().map(|(name, value)| (name.clone(), value.to_json())).collect(),
        }
    }
}

/// An interval as ISO 8601 writes it.
fn iso(months: i32, days: i32, microseconds: i64) -> String {
    format!("P{months}M{days}DT{}S", microseconds as f64 / 1e6)
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// A JSON number with every digit of a text.
fn number(digits: &str) -> serde_json::Value {
    serde_json::from_str(digits).unwrap_or_else(|_| digits.into())
}

/// What a clock in UTC showed that many microseconds after 1970-01-01, where there is a date for it.
pub(super) fn time_of(micros: i64) -> Option<jiff::civil::DateTime> {
    let timestamp = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime())
}

/// The civil date that many days after 1970-01-01, where there is one.
pub(crate) fn date_of(days: i32) -> Option<Date> {
    EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok().filter(|date| date.year() >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_requests_are_text() {
        let list = Value::List(vec![Value::Text("a\"b".into()), Value::Integer(1), Value::Null]);
        for (value, expected) in [
            (Value::Null, Ok(None)),
            (Value::Text(" ".into()), Ok(Some(" "))),
            (Value::Boolean(true), Ok(Some("true"))),
            (Value::Integer(i128::from(u64::MAX)), Ok(Some("18446744073709551615"))),
            (Value::Double(1.5), Ok(Some("1.5"))),
            (Value::Double(1e6), Ok(Some("1000000"))),
            (Value::Double(f64::NAN), Err("is not a finite number")),
            (Value::Date(20089), Ok(Some("2025-01-01"))),
            (Value::Interval { months: 1, days: 2, microseconds: 3_500_000 }, Ok(Some("P1M2DT3.5S"))),
            (Value::Timestamp(1_735_689_601_500_000), Ok(Some("2025-01-01T00:00:01.5"))),
            (list, Ok(Some(r#"["a\"b",1,null]"#))),
            (Value::Decimal("1.50".into()), Ok(Some("1.50"))),
            (
                Value::Fields(vec![
                    ("id".into(), Value::Integer(i128::MAX)),
                    ("price".into(), Value::Decimal("-1.50".into())),
                    ("at".into(), Value::Timestamp(0)),
                ]),
                Ok(Some(r#"{"id":170141183460469231731687303715884105727,"price":-1.50,"at":"1970-01-01T00:00:00"}"#)),
            ),
        ] {
            assert_eq!(value.to_parameter(), expected.map(|text| text.map(str::to_owned)), "{value:?}");
        }
    }
}
