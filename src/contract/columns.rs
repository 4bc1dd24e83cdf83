//! Which SQL types can a column have, and as which Arrow types do they travel?

use std::{collections::HashMap, fmt, sync::Arc};

use arrow_schema::{DataType, Field, IntervalUnit, Schema, SchemaRef, TimeUnit};

/// How Arrow marks what is JSON.
const EXTENSION: &str = "ARROW:extension:name";
const JSON: &str = "arrow.json";

/// Whether a field is of type JSON.
pub(super) fn is_json(field: &Field) -> bool {
    field.metadata().get(EXTENSION).is_some_and(|name| name == JSON)
}

/// A SQL type of a parameter or a column.
///
/// Every type travels as exactly one Arrow type ([`SqlType::arrow`]), so that a
/// host has one case for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlType {
    Varchar,
    /// DuckDB's `JSON`: text that its JSON functions accept.
    Json,
    Boolean,
    Integer,
    BigInt,
    Double,
    /// `DECIMAL(width, scale)`, width 1 to 38.
    Decimal(u8, u8),
    Date,
    /// `TIMESTAMP` without time zone, microseconds; UTC by convention.
    Timestamp,
    /// Parameters and settings only.
    Interval,
    List(&'static SqlType),
    /// `MAP(VARCHAR, VARCHAR)`. Columns only: what is given may be any map.
    Map,
    /// Parameters only: a struct or map whose fields the caller chooses.
    Any,
}

impl SqlType {
    /// `VARCHAR[]`.
    pub const VARCHARS: SqlType = SqlType::List(&SqlType::Varchar);

    /// The Arrow type in which values of this type reach a host.
    pub fn arrow(&self) -> DataType {
        match self {
            SqlType::Varchar | SqlType::Json | SqlType::Any => DataType::Utf8View,
            SqlType::Boolean => DataType::Boolean,
            SqlType::Integer => DataType::Int32,
            SqlType::BigInt => DataType::Int64,
            SqlType::Double => DataType::Float64,
            SqlType::Decimal(width, scale) => DataType::Decimal128(*width, *scale as i8),
            SqlType::Date => DataType::Date32,
            SqlType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            SqlType::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            SqlType::List(item) => DataType::List(Arc::new(Field::new("item", item.arrow(), true))),
            SqlType::Map => {
                let text = |name, nullable| Field::new(name, DataType::Utf8View, nullable);
                let entry = DataType::Struct([text("key", false), text("value", true)].into_iter().collect());
                DataType::Map(Arc::new(Field::new("entries", entry, false)), false)
            }
        }
    }
}

impl SqlType {
    /// The field of a column whose maker has checked its bytes to be UTF-8, all at once: texts reach a host as views of
    /// bytes, because Arrow checks views of texts one by one.
    pub fn checked_field(&self, name: &str) -> Field {
        let field = self.field(name);
        match field.data_type() {
            DataType::Utf8View => field.with_data_type(DataType::BinaryView),
            _ => field,
        }
    }

    /// A nullable field of that type. `JSON` is marked as the Arrow community does, and DuckDB understands.
    pub fn field(&self, name: &str) -> Field {
        let field = Field::new(name, self.arrow(), true);
        match self {
            SqlType::Json => field.with_metadata(HashMap::from([(EXTENSION.into(), JSON.into())])),
            _ => field,
        }
    }

    /// A column type as a user writes it; the ones that a property can be read as, under DuckDB's names for them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let upper = text.trim().to_uppercase();
        let compact: String = upper.split_whitespace().collect();
        Ok(match compact.as_str() {
            "VARCHAR" | "TEXT" | "STRING" => SqlType::Varchar,
            "JSON" => SqlType::Json,
            "BOOLEAN" | "BOOL" => SqlType::Boolean,
            "INTEGER" | "INT" | "INT4" => SqlType::Integer,
            "BIGINT" | "LONG" | "INT8" => SqlType::BigInt,
            "DOUBLE" | "FLOAT8" => SqlType::Double,
            "DECIMAL" | "NUMERIC" => SqlType::Decimal(18, 3),
            "DATE" => SqlType::Date,
            "TIMESTAMP" | "DATETIME" => SqlType::Timestamp,
            "VARCHAR[]" | "TEXT[]" | "STRING[]" => SqlType::VARCHARS,
            decimal => Self::parse_decimal(decimal).ok_or_else(|| {
                format!(
                    "type '{text}' is not supported. Use one of VARCHAR, JSON, BOOLEAN, INTEGER, BIGINT, DOUBLE, \
                     DECIMAL(width,scale), DATE, TIMESTAMP, VARCHAR[]"
                )
            })?,
        })
    }

    fn parse_decimal(compact: &str) -> Option<Self> {
        let inner = compact.strip_prefix("DECIMAL").or_else(|| compact.strip_prefix("NUMERIC"))?;
        let inner = inner.strip_prefix('(')?.strip_suffix(')')?;
        let (width, scale) = inner.split_once(',').unwrap_or((inner, "0"));
        let (width, scale) = (width.parse().ok()?, scale.parse().ok()?);
        ((1..=38).contains(&width) && scale <= width).then_some(SqlType::Decimal(width, scale))
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SqlType::Varchar => f.write_str("VARCHAR"),
            SqlType::Json => f.write_str("JSON"),
            SqlType::Boolean => f.write_str("BOOLEAN"),
            SqlType::Integer => f.write_str("INTEGER"),
            SqlType::BigInt => f.write_str("BIGINT"),
            SqlType::Double => f.write_str("DOUBLE"),
            SqlType::Decimal(width, scale) => write!(f, "DECIMAL({width},{scale})"),
            SqlType::Date => f.write_str("DATE"),
            SqlType::Timestamp => f.write_str("TIMESTAMP"),
            SqlType::Interval => f.write_str("INTERVAL"),
            SqlType::List(item) => write!(f, "{item}[]"),
            SqlType::Map => f.write_str("MAP(VARCHAR, VARCHAR)"),
            SqlType::Any => f.write_str("ANY"),
        }
    }
}

/// The result columns of a table function, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<(String, SqlType)>);

impl Columns {
    pub fn new<N: Into<String>>(columns: impl IntoIterator<Item = (N, SqlType)>) -> Self {
        Self(columns.into_iter().map(|(name, sql_type)| (name.into(), sql_type)).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &SqlType)> {
        self.0.iter().map(|(name, sql_type)| (name.as_str(), sql_type))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The Arrow schema of a batch that holds all columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.iter().map(|(name, sql_type)| sql_type.field(name)).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_are_shown() {
        for text in [
            "VARCHAR",
            "JSON",
            "BOOLEAN",
            "INTEGER",
            "BIGINT",
            "DOUBLE",
            "DECIMAL(10,2)",
            "DATE",
            "TIMESTAMP",
            "VARCHAR[]",
        ] {
            assert_eq!(SqlType::parse(text).map(|sql_type| sql_type.to_string()), Ok(text.to_string()));
        }
        assert_eq!(SqlType::parse(" decimal( 10 , 2 ) "), Ok(SqlType::Decimal(10, 2)));
        assert_eq!(SqlType::parse("numeric(5)"), Ok(SqlType::Decimal(5, 0)));
    }

    #[test]
    fn others_are_refused_by_name() {
        for text in ["MONEY", "DECIMAL(39,2)", "DECIMAL(3,4)", "DECIMAL(", "", "INTEGER[]"] {
            assert!(SqlType::parse(text).is_err_and(|error| error.contains(&format!("'{text}'"))), "{text}");
        }
    }
}
