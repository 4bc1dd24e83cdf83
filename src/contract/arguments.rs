//! The arguments of a call, as a host hands them over, and how to read them.
//!
//! Every getter's error names the parameter and what it takes. A NULL argument
//! counts as not given.

use jiff::civil::Date;

use super::{Error, Result};

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
            Value::Double(_) => return Err("is no finite number"),
            Value::Text(text) | Value::Decimal(text) => text.clone(),
            Value::Date(days) => date_of(*days).ok_or("is outside the years 0001 to 9999")?.to_string(),
            Value::Timestamp(micros) => time_of(*micros).ok_or("is outside the years -9999 to 9999")?.to_string(),
            Value::List(_) | Value::Fields(_) => self.to_json().to_string(),
        }))
    }

    fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Boolean(value) => (*value).into(),
            Value::Integer(value) => number(&value.to_string()),
            Value::Double(value) => (*value).into(),
            Value::Decimal(digits) => number(digits),
            Value::Text(value) => value.clone().into(),
            Value::Date(days) => date_of(*days).map_or((*days).into(), |date| date.to_string().into()),
            Value::Timestamp(micros) => time_of(*micros).map_or((*micros).into(), |time| time.to_string().into()),
            Value::List(items) => items.iter().map(Value::to_json).collect(),
            Value::Fields(fields) => fields.iter().map(|(name, value)| (name.clone(), value.to_json())).collect(),
        }
    }
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The arguments of one call, by parameter name.
#[derive(Debug, Clone, Default)]
pub struct Arguments(Vec<(String, Value)>);

impl Arguments {
    pub fn new(values: Vec<(String, Value)>) -> Self {
        Self(values.into_iter().filter(|(_, value)| *value != Value::Null).collect())
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value)
    }

    /// The same with another value in the place of one parameter's.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.0.retain(|(given, _)| given != name);
        self.0.push((name.to_owned(), value));
        self
    }

    /// The arguments that were given, as a JSON object.
    pub fn to_json(&self) -> String {
        let fields = self.0.iter().map(|(name, value)| (name.clone(), value.to_json()));
        serde_json::Value::Object(fields.collect()).to_string()
    }

    /// Text; an empty one is refused, because no parameter means anything by it.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) if text.trim().is_empty() => Err(Error::argument(name, "must not be empty")),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(Error::argument(name, "must be a VARCHAR")),
        }
    }

    /// An id, which people write as a number or as text.
    pub fn id(&self, name: &str) -> Result<Option<String>> {
        match self.get(name) {
            Some(Value::Integer(number)) => Ok(Some(number.to_string())),
            // Whoever knows the id says what it must be.
            Some(Value::Decimal(digits)) => Ok(Some(digits.clone())),
            _ => self.text(name).map(|text| text.map(str::to_string)),
        }
    }

    pub fn required_text(&self, name: &str) -> Result<&str> {
        self.text(name)?.ok_or_else(|| Error::argument(name, format!("is missing; add {name} := '...'")))
    }

    pub fn boolean(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Boolean(value)) => Ok(Some(*value)),
            Some(_) => Err(Error::argument(name, "must be true or false")),
        }
    }

    /// A whole number of at least 1.
    pub fn count(&self, name: &str) -> Result<Option<u64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Integer(number)) => match u64::try_from(*number) {
                Ok(number @ 1..) => Ok(Some(number)),
                _ => Err(Error::argument(name, format!("must be at least 1, not {number}"))),
            },
            Some(_) => Err(Error::argument(name, "must be a whole number")),
        }
    }

    /// A whole number of 64 bits, which people write as a number or as text.
    pub fn whole(&self, name: &str) -> Result<Option<i64>> {
        let number = match self.get(name) {
            None => return Ok(None),
            Some(Value::Integer(number)) => i64::try_from(*number).ok(),
            Some(Value::Text(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        number.map(Some).ok_or_else(|| {
            Error::argument(name, "must be a whole number of 64 bits, given as a number or as text with nothing else")
        })
    }

    pub fn date(&self, name: &str) -> Result<Option<Date>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Date(days)) => date_of(*days).ok_or_else(|| unknown_date(name)).map(Some),
            Some(_) => Err(Error::argument(name, "must be a DATE, like '2025-01-31'")),
        }
    }

    /// A list of dates, none of them NULL; it may be empty.
    pub fn date_list(&self, name: &str) -> Result<Option<Vec<Date>>> {
        let items = match self.get(name) {
            None => return Ok(None),
            Some(Value::List(items)) => items,
            Some(_) => return Err(Error::argument(name, "must be a list of dates, like [DATE '2025-01-31']")),
        };
        let dates = items.iter().map(|item| match item {
            Value::Date(days) => date_of(*days).ok_or_else(|| unknown_date(name)),
            _ => Err(Error::argument(name, "holds a NULL; remove it")),
        });
        dates.collect::<Result<Vec<_>>>().map(Some)
    }

    /// Both ends of a range of days, inclusive, in order.
    pub fn dates(&self, from: &str, to: &str) -> Result<(Option<Date>, Option<Date>)> {
        let (first, last) = (self.date(from)?, self.date(to)?);
        if let (Some(first), Some(last)) = (first, last)
            && first > last
        {
            return Err(Error::argument(from, format!("{first} is after {to} {last}; swap them")));
        }
        Ok((first, last))
    }

    /// The same, where both ends must be given.
    pub fn required_dates(&self, from: &str, to: &str) -> Result<(Date, Date)> {
        let required = |name, date: Option<Date>| {
            date.ok_or_else(|| Error::argument(name, format!("is missing; add {name} := '2025-01-31'")))
        };
        let (first, last) = self.dates(from, to)?;
        Ok((required(from, first)?, required(to, last)?))
    }

    /// One of these words, exactly.
    pub fn one_of(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        words.iter().find(|word| **word == text).copied().map(Some).ok_or_else(|| {
            let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
            let (last, others) =
                quoted.split_last().map_or((String::new(), &[][..]), |(last, rest)| (last.clone(), rest));
            let allowed = if others.is_empty() { last } else { format!("{} or {last}", others.join(", ")) };
            Error::argument(name, format!("must be {allowed}, not '{text}'"))
        })
    }

    /// A JSON text: given as one, or as a struct, map or list that becomes one.
    pub fn json(&self, name: &str) -> Result<Option<String>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => match serde_json::from_str::<&serde_json::value::RawValue>(text) {
                Ok(_) => Ok(Some(text.clone())),
                Err(error) => Err(Error::argument(name, format!("is not JSON: {error}"))),
            },
            Some(value @ (Value::Fields(_) | Value::List(_))) => Ok(Some(value.to_json().to_string())),
            Some(_) => Err(Error::argument(name, "must be JSON text, a struct, a map or a list")),
        }
    }

    /// A list of texts, none of them NULL or empty, and at least one.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        let items = match self.get(name) {
            None => return Ok(None),
            Some(Value::List(items)) => items,
            Some(_) => return Err(Error::argument(name, format!("must be a list, like {name} := ['a', 'b']"))),
        };
        if items.is_empty() {
            return Err(Error::argument(name, "is an empty list; leave it out to ask for everything"));
        }
        let texts = items.iter().map(|item| match item {
            Value::Text(text) if !text.is_empty() => Ok(text.clone()),
            Value::Text(_) => Err(Error::argument(name, "holds an empty string; remove it")),
            _ => Err(Error::argument(name, "holds a NULL; remove it")),
        });
        texts.collect::<Result<Vec<_>>>().map(Some)
    }

    /// A struct or map of texts, e.g. `{'amount': 'DOUBLE'}`, at least one.
    pub fn text_fields(&self, name: &str) -> Result<Option<Vec<(String, String)>>> {
        let expected = || {
            Error::argument(name, format!("must be a struct or map of texts, like {name} := {{'amount': 'DOUBLE'}}"))
        };
        let fields = match self.get(name) {
            None => return Ok(None),
            Some(Value::Fields(fields)) if !fields.is_empty() => fields,
            Some(_) => return Err(expected()),
        };
        let texts = fields.iter().map(|(key, value)| match value {
            Value::Text(text) => Ok((key.clone(), text.clone())),
            _ => Err(expected()),
        });
        texts.collect::<Result<Vec<_>>>().map(Some)
    }
}

/// A JSON number with every digit of a text.
fn number(digits: &str) -> serde_json::Value {
    serde_json::from_str(digits).unwrap_or_else(|_| digits.into())
}

/// What a clock in UTC showed that many microseconds after 1970-01-01, where there is a date for it.
fn time_of(micros: i64) -> Option<jiff::civil::DateTime> {
    let timestamp = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime())
}

fn unknown_date(name: &str) -> Error {
    Error::argument(name, "is outside the dates that Mixpanel knows (years 0001 to 9999)")
}

/// The civil date that many days after 1970-01-01, where there is one.
pub(crate) fn date_of(days: i32) -> Option<Date> {
    EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok().filter(|date| date.year() >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(name: &str, value: Value) -> Arguments {
        Arguments::new(vec![(name.into(), value)])
    }

    fn message<T>(result: Result<T>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn null_is_not_given() {
        assert_eq!(arguments("filter", Value::Null).text("filter"), Ok(None));
    }

    #[test]
    fn counts_start_at_one() {
        assert_eq!(arguments("max_rows", Value::Integer(7)).count("max_rows"), Ok(Some(7)));
        for bad in [0, -1] {
            assert!(
                message(arguments("max_rows", Value::Integer(bad)).count("max_rows"))
                    .contains("max_rows: must be at least 1")
            );
        }
    }

    #[test]
    fn ids_keep_every_digit() {
        let whole = |value| arguments("group_id", value).whole("group_id");
        assert_eq!(whole(Value::Integer(-1_405_123_841_946_871_899)), Ok(Some(-1_405_123_841_946_871_899)));
        assert_eq!(whole(Value::Text(" 9223372036854775807 ".into())), Ok(Some(i64::MAX)));
        for bad in [Value::Integer(1 << 63), Value::Text("company".into()), Value::Text("".into()), Value::Double(1.0)]
        {
            assert!(message(whole(bad)).contains("group_id: must be a whole number of 64 bits"));
        }
    }

    #[test]
    fn dates_are_in_order() {
        let given = Arguments::new(vec![("a".into(), Value::Date(1)), ("b".into(), Value::Date(0))]);
        assert!(message(given.dates("a", "b")).contains("a: 1970-01-02 is after b 1970-01-01"));
    }

    #[test]
    fn dates_beyond_the_calendar_are_refused() {
        for days in [i32::MAX, i32::MIN, 2_932_897] {
            assert!(
                message(arguments("from_date", Value::Date(days)).date("from_date")).contains("from_date"),
                "{days}"
            );
        }
    }

    #[test]
    fn words_are_named() {
        let unit = |text: &str| arguments("unit", Value::Text(text.into()));
        assert_eq!(unit("day").one_of("unit", &["day", "week"]), Ok(Some("day")));
        assert!(
            message(unit("Day").one_of("unit", &["hour", "day", "week"]))
                .contains("'hour', 'day' or 'week', not 'Day'")
        );
        assert!(message(unit("x").one_of("unit", &["day"])).contains("must be 'day', not 'x'"));
    }

    #[test]
    fn json_is_text_or_a_value() {
        assert_eq!(
            arguments("body", Value::Text(r#"{"a": 1.50}"#.into())).json("body"),
            Ok(Some(r#"{"a": 1.50}"#.into()))
        );
        let fields = Value::Fields(vec![("a".into(), Value::List(vec![Value::Integer(1), Value::Null]))]);
        assert_eq!(arguments("body", fields).json("body"), Ok(Some(r#"{"a":[1,null]}"#.into())));
        assert!(message(arguments("body", Value::Text("{a}".into())).json("body")).contains("body: is not JSON"));
        assert!(message(arguments("body", Value::Boolean(true)).json("body")).contains("body: must be JSON"));
    }

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
            (Value::Double(f64::NAN), Err("is no finite number")),
            (Value::Date(20089), Ok(Some("2025-01-01"))),
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

    #[test]
    fn lists_hold_texts() {
        let list = |items| arguments("events", Value::List(items));
        assert_eq!(list(vec![Value::Text("a".into())]).texts("events"), Ok(Some(vec!["a".into()])));
        assert!(message(list(vec![]).texts("events")).contains("empty list"));
        assert!(message(list(vec![Value::Null]).texts("events")).contains("NULL"));
        assert!(message(list(vec![Value::Text(String::new())]).texts("events")).contains("empty string"));
    }
}
