//! How do names and values become SQL text? This is the one place that quotes.

use crate::contract::Value;

/// A name, whatever characters it has.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a string literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A constant.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(digits) => digits.clone(),
        Value::Double(number) => format!("{}::DOUBLE", literal(&number.to_string())),
        Value::Text(text) => literal(text),
        Value::Date(days) => format!("(DATE '1970-01-01' + {days})"),
        Value::Timestamp(microseconds) => format!("make_timestamp({microseconds})"),
        Value::Interval { months, days, microseconds } => {
            format!("(to_months({months}) + to_days({days}) + to_microseconds({microseconds}))")
        }
        Value::List(items) => format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(", ")),
        Value::Fields(fields) => {
            let fields = fields.iter().map(|(name, field)| format!("{}: {}", literal(name), self::value(field)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_stay_texts() {
        assert_eq!(identifier(r#"a"; DROP TABLE x; --"#), r#""a""; DROP TABLE x; --""#);
        assert_eq!(literal("it's"), "'it''s'");
        let fields = Value::Fields(vec![("a'b".into(), Value::List(vec![Value::Text("'".into()), Value::Null]))]);
        assert_eq!(value(&fields), "{'a''b': ['''', NULL]}");
    }
}
