//! How do SQL types and constants of DuckDB's second C API become ours, and back?

use duckdb_neo::{
    DuckDBType, Result, ToValue,
    connection::FFILink,
    logical_type::{LogicalType, LogicalTypeID},
    types::{DateValue, IntervalValue, TimestampValue},
    value::Value as DuckDBValue,
};

use crate::contract::{Param, SqlType, Value};

/// The logical type of a parameter or column.
pub fn logical_type<C: FFILink + ?Sized>(link: &C, sql_type: &SqlType) -> Result<LogicalType> {
    match sql_type {
        SqlType::Varchar => String::logical_type(link),
        SqlType::Json => String::logical_type(link)?.with_alias(link, "JSON"),
        SqlType::Boolean => bool::logical_type(link),
        SqlType::Integer => i32::logical_type(link),
        SqlType::BigInt => i64::logical_type(link),
        SqlType::Double => f64::logical_type(link),
        SqlType::Date => DateValue::logical_type(link),
        SqlType::Timestamp => TimestampValue::logical_type(link),
        SqlType::Interval => IntervalValue::logical_type(link),
        SqlType::Any => link.logical_type_create_from_id(LogicalTypeID::Any, duckdb_neo::Parameters::None),
        SqlType::Decimal(..) | SqlType::List(_) | SqlType::Map => LogicalType::from_text(link, &sql_type.to_string()),
    }
}

/// The default of a named parameter: a NULL of its type or, where that is any, of one that no call has.
pub struct NotGiven(pub SqlType);

/// The type of [`NotGiven`] where a parameter takes any: it tells the default from a NULL that the call gives.
const NOBODYS: LogicalTypeID = LogicalTypeID::Bit;

/// Whether a parameter's value is its default. Other than for a parameter that takes any type, a NULL of the call can't be
/// told from it.
pub fn is_not_given(parameter: &Param, value: &DuckDBValue) -> Result<bool> {
    Ok(!parameter.positional
        && value.is_null()?
        && (parameter.sql_type != SqlType::Any || value.logical_type()?.id()? == NOBODYS))
}

impl ToValue for NotGiven {
    fn value<C: FFILink + ?Sized>(&self, link: &C) -> Result<DuckDBValue> {
        match &self.0 {
            SqlType::Any => {
                DuckDBValue::null(link, &link.logical_type_create_from_id(NOBODYS, duckdb_neo::Parameters::None)?)
            }
            sql_type => DuckDBValue::null(link, &logical_type(link, sql_type)?),
        }
    }
}

/// A constant as the core knows it. Types without a counterpart become their text.
pub fn constant(value: &DuckDBValue) -> Result<Value> {
    if value.is_null()? {
        return Ok(Value::Null);
    }
    let integer = |number: Option<i128>| number.map_or(Value::Null, Value::Integer);
    Ok(match value.logical_type()?.id()? {
        LogicalTypeID::Boolean => value.get::<bool>()?.map_or(Value::Null, Value::Boolean),
        LogicalTypeID::TinyInt => integer(value.get::<i8>()?.map(i128::from)),
        LogicalTypeID::SmallInt => integer(value.get::<i16>()?.map(i128::from)),
        LogicalTypeID::Integer => integer(value.get::<i32>()?.map(i128::from)),
        LogicalTypeID::BigInt => integer(value.get::<i64>()?.map(i128::from)),
        LogicalTypeID::UTinyInt => integer(value.get::<u8>()?.map(i128::from)),
        LogicalTypeID::USmallInt => integer(value.get::<u16>()?.map(i128::from)),
        LogicalTypeID::UInteger => integer(value.get::<u32>()?.map(i128::from)),
        LogicalTypeID::UBigInt => integer(value.get::<u64>()?.map(i128::from)),
        LogicalTypeID::HugeInt | LogicalTypeID::UHugeInt => {
            let digits = text(value)?;
            digits.parse().map_or(Value::Decimal(digits), Value::Integer)
        }
        LogicalTypeID::Decimal => Value::Decimal(text(value)?),
        LogicalTypeID::Float => value.get::<f32>()?.map_or(Value::Null, |number| Value::Double(number.into())),
        LogicalTypeID::Double => value.get::<f64>()?.map_or(Value::Null, Value::Double),
        LogicalTypeID::Date => value.get::<DateValue>()?.map_or(Value::Null, |date| Value::Date(date.0)),
        LogicalTypeID::Timestamp => {
            value.get::<TimestampValue>()?.map_or(Value::Null, |timestamp| Value::Timestamp(timestamp.0))
        }
        LogicalTypeID::Interval => {
            let interval =
                |IntervalValue { months, days, micros }| Value::Interval { months, days, microseconds: micros };
            value.get::<IntervalValue>()?.map_or(Value::Null, interval)
        }
        // A tuple is a list of unlike things, which SQL can't write otherwise.
        LogicalTypeID::List | LogicalTypeID::Array | LogicalTypeID::Tuple => {
            Value::List(value.children()?.iter().map(constant).collect::<Result<_>>()?)
        }
        LogicalTypeID::Struct => {
            let names = value.logical_type()?.get_params()?.into_iter().map(|(name, _)| name);
            let fields = value.children()?;
            Value::Fields(names.zip(&fields).map(|(name, field)| Ok((name, constant(field)?))).collect::<Result<_>>()?)
        }
        LogicalTypeID::Map => {
            let entries = value.children()?;
            let pairs = entries.chunks_exact(2).map(|entry| Ok((text(&entry[0])?, constant(&entry[1])?)));
            Value::Fields(pairs.collect::<Result<_>>()?)
        }
        _ => Value::Text(text(value)?),
    })
}

fn text(value: &DuckDBValue) -> Result<String> {
    match value.logical_type()?.id()? {
        LogicalTypeID::Varchar => Ok(value.get::<String>()?.unwrap_or_default()),
        _ => value.dbg_string(),
    }
}
