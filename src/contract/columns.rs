//! SQL types and result columns, and the Arrow types they travel as.

use std::{fmt, sync::Arc};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// A SQL type of a parameter or a column.
///
/// Every type travels as exactly one Arrow type ([`SqlType::arrow`]), so that a
/// host has one case for each.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    List(Box<SqlType>),
    /// Parameters only: a struct or map whose fields the caller chooses.
    Any,
}

impl SqlType {
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
            SqlType::List(item) => DataType::List(Arc::new(Field::new("item", item.arrow(), true))),
        }
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
            SqlType::List(item) => write!(f, "{item}[]"),
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

    /// The Arrow schema of a batch that holds the columns at these positions.
    pub fn project(&self, projection: &[usize]) -> SchemaRef {
        let fields = projection.iter().filter_map(|&index| self.0.get(index));
        Arc::new(Schema::new(fields.map(|(name, sql_type)| Field::new(name, sql_type.arrow(), true)).collect::<Vec<_>>()))
    }
}
