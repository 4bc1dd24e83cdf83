//! Tests of the whole decoder; the parts have their own.

mod casts;
mod datetimes;
mod fixtures;
mod lines;
mod pages;
mod profiles;
mod random;
mod rows;

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use arrow_schema::DataType;
use jiff::civil::date;

use super::{Column, Count, Damage, Days, Decoder};
use crate::contract::SqlType;

const ALL: [Column; 5] =
    [Column::EventName, Column::EventTime, Column::DistinctId, Column::InsertId, Column::Properties];

fn property(name: &str, sql_type: SqlType) -> Column {
    Column::Property { name: name.into(), sql_type }
}

/// Days in which times in seconds are no milliseconds.
fn this_century() -> Days {
    Days::between(date(2001, 1, 1), date(2099, 12, 31))
}

fn verify(block: &[u8]) -> Result<usize, Damage> {
    Decoder::verify(block, this_century()).map(|count: Count| count.rows)
}

/// The rows of a block, each cell as text.
fn rows(columns: &[Column], block: impl AsRef<[u8]>) -> Result<Vec<Vec<Option<String>>>, Damage> {
    let batch = Decoder::new(columns, None).decode(block.as_ref().to_vec(), this_century())?.batch;
    assert_eq!(batch.num_columns(), columns.len());
    Ok((0..batch.num_rows()).map(|row| cells(&batch, row)).collect())
}

/// The only row of a block.
fn row(columns: &[Column], block: impl AsRef<[u8]>) -> Vec<Option<String>> {
    let mut rows = rows(columns, block).unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// The only cell of a block.
fn cell(column: Column, block: impl AsRef<[u8]>) -> Option<String> {
    row(&[column], block).remove(0)
}

fn cells(batch: &RecordBatch, row: usize) -> Vec<Option<String>> {
    batch.columns().iter().map(|column| shown(column, row)).collect()
}

fn shown(array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::BinaryView => str::from_utf8(array.as_binary_view().value(row)).unwrap().to_owned(),
        DataType::Utf8View => array.as_string_view().value(row).to_owned(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Date32 => array.as_primitive::<Date32Type>().value(row).to_string(),
        DataType::Timestamp(..) => {
            let microseconds = array.as_primitive::<TimestampMicrosecondType>().value(row);
            jiff::Timestamp::from_microsecond(microseconds).map_or(microseconds.to_string(), |time| time.to_string())
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            let items = (0..items.len()).map(|item| shown(&items, item).unwrap_or("NULL".into()));
            format!("[{}]", items.collect::<Vec<_>>().join("|"))
        }
        other => panic!("no column has the type {other}"),
    })
}
