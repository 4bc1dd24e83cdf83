//! What did a call say, and how is it read? The arguments, as a host hands them over.
//!
//! Every getter's error names the parameter and what it takes. A NULL argument
//! counts as not given, which macros rely on when they hand parameters on; where
//! "not given" means everything, a NULL that a query came to must not: those
//! parameters ask [`Arguments::refuse_null`].

use std::collections::HashSet;

use jiff::{SignedDuration, civil::Date};

use super::{
    Error, Result,
    value::{Value, date_of, time_of},
};

/// The arguments of one call, by parameter name.
#[derive(Debug, Clone, Default)]
pub struct Arguments(Vec<(String, Value)>);

impl Arguments {
    /// What a call gives.
    ///
    /// Errors: `InvalidArgument` for a text with a NUL in it, which ends names and SQL texts within DuckDB: on the way to
    /// a column or a script it would be cut off there, or worse.
    pub fn given(values: Vec<(String, Value)>) -> Result<Self> {
        match values.iter().find(|(_, value)| value.holds_nul()) {
            Some((name, _)) => Err(Error::nul(name)),
            None => Ok(Self(values)),
        }
    }

    #[cfg(test)]
    pub fn new(values: Vec<(String, Value)>) -> Self {
        Self(values)
    }

    /// What was given and is not NULL.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value).filter(|value| **value != Value::Null)
    }

    /// Refuses a NULL that was written down or is what a variable holds; `instead` says what to write.
    pub fn refuse_null(&self, name: &str, instead: &str) -> Result<()> {
        match self.0.iter().any(|(given, value)| given == name && *value == Value::Null) {
            true => Err(Error::argument(name, format!("is NULL. {instead}"))),
            false => Ok(()),
        }
    }

    /// The same with another value in the place of one parameter's.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.0.retain(|(given, _)| given != name);
        self.0.push((name.to_owned(), value));
        self
    }

    /// The same without some parameters' values.
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(given, _)| !names.contains(&given.as_str()));
        self
    }

    /// The arguments that were given, as a JSON object.
    pub fn to_json(&self) -> String {
        let given = self.0.iter().filter(|(_, value)| *value != Value::Null);
        let fields = given.map(|(name, value)| (name.clone(), value.to_json()));
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
        self.text(name)?.ok_or_else(|| Error::argument(name, format!("is missing. Add {name} := '...'")))
    }

    pub fn boolean(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Boolean(value)) => Ok(Some(*value)),
            Some(_) => Err(Error::argument(name, "must be true or false")),
        }
    }

    /// A length of time, which may be none. A month has thirty days, as DuckDB counts where it has to.
    pub fn interval(&self, name: &str) -> Result<Option<SignedDuration>> {
        let (months, days, microseconds) = match self.get(name) {
            None => return Ok(None),
            Some(Value::Interval { months, days, microseconds }) => (*months, *days, *microseconds),
            Some(_) => {
                return Err(Error::argument(name, format!("must be an INTERVAL, such as {name} := INTERVAL 2 DAYS")));
            }
        };
        let days = SignedDuration::from_hours(24) * (months.saturating_mul(30).saturating_add(days));
        match days.checked_add(SignedDuration::from_micros(microseconds)).filter(|length| !length.is_negative()) {
            Some(length) => Ok(Some(length)),
            None => Err(Error::argument(name, "must not be negative")),
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
        number
            .map(Some)
            .ok_or_else(|| Error::argument(name, "must be a whole number of 64 bits, as a number or as text"))
    }

    pub fn date(&self, name: &str) -> Result<Option<Date>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Date(days)) => date_of(*days).ok_or_else(|| unknown_date(name)).map(Some),
            Some(_) => Err(Error::argument(name, "must be a DATE, like '2025-01-31'")),
        }
    }

    /// A list of dates, none of them NULL; it may be empty. A text or a timestamp stands for the date that it begins with.
    pub fn date_list(&self, name: &str) -> Result<Option<Vec<Date>>> {
        let items = match self.get(name) {
            None => return Ok(None),
            Some(Value::List(items)) => items,
            Some(_) => return Err(Error::argument(name, "must be a list of dates, like [DATE '2025-01-31']")),
        };
        let dates = items.iter().map(|item| match item {
            Value::Date(days) => date_of(*days).ok_or_else(|| unknown_date(name)),
            Value::Timestamp(micros) => time_of(*micros).map(|time| time.date()).ok_or_else(|| unknown_date(name)),
            Value::Text(text) => text.trim().parse().map_err(|error: jiff::Error| {
                let problem = format!("contains {text:?}, which is not a date like '2025-01-31'");
                Error::argument(name, problem).caused_by(error)
            }),
            Value::Null => Err(Error::argument(name, "contains NULL. Remove it")),
            _ => Err(Error::argument(name, "must be a list of dates, like [DATE '2025-01-31']")),
        });
        dates.collect::<Result<Vec<_>>>().map(Some)
    }

    /// Both ends of a range of days, inclusive, in order.
    pub fn dates(&self, from: &str, to: &str) -> Result<(Option<Date>, Option<Date>)> {
        let (first, last) = (self.date(from)?, self.date(to)?);
        if let (Some(first), Some(last)) = (first, last)
            && first > last
        {
            return Err(Error::argument(from, format!("{first} is after {to} {last}. Swap them")));
        }
        Ok((first, last))
    }

    /// The same, where both ends must be given.
    pub fn required_dates(&self, from: &str, to: &str) -> Result<(Date, Date)> {
        let required = |name, date: Option<Date>| {
            date.ok_or_else(|| {
                Error::argument(name, format!("is missing. Add {name}, a DATE such as current_date - 7"))
            })
        };
        let (first, last) = self.dates(from, to)?;
        Ok((required(from, first)?, required(to, last)?))
    }

    /// One of these words, exactly.
    pub fn one_of(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let found = words.iter().find(|word| **word == text).copied();
        found.map(Some).ok_or_else(|| Error::argument(name, format!("must be {}, not '{text}'", one_of(words))))
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
            return Err(Error::argument(name, "is an empty list. Leave it out to request everything"));
        }
        let texts = items.iter().map(|item| match item {
            Value::Text(text) if !text.is_empty() => Ok(text.clone()),
            Value::Text(_) => Err(Error::argument(name, "contains an empty string. Remove it")),
            _ => Err(Error::argument(name, "contains NULL. Remove it")),
        });
        texts.collect::<Result<Vec<_>>>().map(Some)
    }

    /// A list of ids, which people write as numbers or as texts: each once, in the order given. It may be empty.
    pub fn ids(&self, name: &str) -> Result<Option<Vec<String>>> {
        let expected = || {
            Error::argument(
                name,
                format!("must be a list of texts or whole numbers, like {name} := ['user-1', 'user-2']"),
            )
        };
        let items = match self.get(name) {
            None => return Ok(None),
            Some(Value::List(items)) => items,
            Some(_) => return Err(expected()),
        };
        let ids = items.iter().map(|item| match item {
            Value::Text(text) if text.is_empty() => Err(Error::argument(name, "contains an empty string. Remove it")),
            Value::Text(text) => Ok(text.clone()),
            Value::Integer(number) => Ok(number.to_string()),
            // A whole number that is too large for the other kind.
            Value::Decimal(digits) if !digits.contains('.') => Ok(digits.clone()),
            Value::Null => Err(Error::argument(
                name,
                "contains NULL. Use list(distinct_id) FILTER (WHERE distinct_id IS NOT NULL)",
            )),
            _ => Err(expected()),
        });
        let mut ids = ids.collect::<Result<Vec<_>>>()?;
        let mut known = HashSet::with_capacity(ids.len());
        ids.retain(|id| known.insert(id.clone()));
        Ok(Some(ids))
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

/// Words as an error names them: `'a', 'b' or 'c'`.
pub fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    match quoted.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        words => words.concat(),
    }
}

fn unknown_date(name: &str) -> Error {
    Error::argument(name, "is outside the years 0001 to 9999, which Mixpanel accepts")
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
        assert_eq!(arguments("filter", Value::Null).to_json(), "{}");
    }

    #[test]
    fn null_is_refused_where_nothing_would_mean_everything() {
        let refused = |arguments: Arguments| message(arguments.refuse_null("days", "Leave it out"));
        assert!(refused(arguments("days", Value::Null)).contains("days: is NULL. Leave it out"));
        assert_eq!(refused(Arguments::default()) + &refused(arguments("days", Value::List(vec![]))), "");
    }

    #[test]
    fn days_of_every_kind() {
        let days = |items| arguments("days", Value::List(items)).date_list("days");
        let day = jiff::civil::date(2025, 1, 1);
        let same = [Value::Date(20089), Value::Timestamp(1_735_689_601_500_000), Value::Text("2025-01-01".into())];
        assert_eq!(days(same.to_vec()), Ok(Some(vec![day; 3])));
        assert_eq!(days(vec![]), Ok(Some(vec![])));
        for (bad, problem) in
            [(Value::Null, "NULL"), (Value::Text("x".into()), "not a date"), (Value::Integer(1), "list of dates")]
        {
            assert!(message(days(vec![bad])).contains(problem), "{problem}");
        }
    }

    #[test]
    fn ids_come_once_as_text() {
        let ids = |items| arguments("ids", Value::List(items)).ids("ids");
        let text = |text: &str| Value::Text(text.into());
        let given = vec![text("b"), Value::Integer(42), text("b"), text("42"), Value::Decimal("1".repeat(39))];
        assert_eq!(ids(given), Ok(Some(vec!["b".into(), "42".into(), "1".repeat(39)])));
        assert_eq!(ids(vec![]), Ok(Some(vec![])));
        for (bad, problem) in [
            (Value::Null, "FILTER (WHERE distinct_id IS NOT NULL)"),
            (text(""), "empty string"),
            (Value::Double(1.0), "texts or whole numbers"),
            (Value::Decimal("1.0".into()), "texts or whole numbers"),
        ] {
            assert!(message(ids(vec![bad])).contains(problem), "{problem}");
        }
        assert!(message(arguments("ids", text("a")).ids("ids")).contains("must be a list"));
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
    fn lists_hold_texts() {
        let list = |items| arguments("events", Value::List(items));
        assert_eq!(list(vec![Value::Text("a".into())]).texts("events"), Ok(Some(vec!["a".into()])));
        assert!(message(list(vec![]).texts("events")).contains("empty list"));
        assert!(message(list(vec![Value::Null]).texts("events")).contains("NULL"));
        assert!(message(list(vec![Value::Text(String::new())]).texts("events")).contains("empty string"));
    }
}
