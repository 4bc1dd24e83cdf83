//! Reports that are numbers by date and key: what is counted, and the columns that this makes.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use serde_json::Value;

use super::{
    Question,
    parameters::RowLimit,
    series_answer::{Series, series},
    unit::Unit,
};
use crate::{
    contract::{Result, SqlType, Table, texts_at},
    functions::counting::Counting,
    json::{count, measure},
    mixpanel::Request,
};

/// A column of numbers that follow from the key.
pub struct Extra {
    pub name: &'static str,
    pub number: fn(&str) -> Option<f64>,
}

/// A question whose rows are `date`, the key under its name, the `extra` columns and `count`.
pub fn question(
    request: Request,
    (unit, counting): (Unit, Counting),
    key: &'static str,
    extra: &'static [Extra],
    limit: Option<RowLimit>,
) -> Question {
    match counting.is_average() {
        true => Question::new(
            request,
            move |text| read(text, measure, limit),
            table(unit, key, extra).column("count", counting.sql_type(), |Series { cells, .. }| {
                Ok(Arc::new(cells.iter().map(|cell| cell.number).collect::<Float64Array>()))
            }),
        ),
        false => Question::new(
            request,
            move |text| read(text, count, limit),
            table(unit, key, extra).column("count", counting.sql_type(), |Series { cells, .. }| {
                Ok(Arc::new(cells.iter().map(|cell| Some(cell.number)).collect::<Int64Array>()))
            }),
        ),
    }
}

fn read<T>(text: &str, number: fn(&Value, &str) -> Result<T>, limit: Option<RowLimit>) -> Result<Series<T>> {
    let series = series(text, number)?;
    limit.map_or(Ok(()), |limit| limit.check(series.keys.len()))?;
    Ok(series)
}

/// All columns but `count`.
fn table<T: 'static>(unit: Unit, key: &'static str, extra: &'static [Extra]) -> Table<Series<T>> {
    let table = Table::new()
        .column("date", unit.sql_type(), move |Series { cells, .. }: &Series<T>| {
            Ok(unit.array(cells.iter().map(|cell| cell.date)))
        })
        .column(key, SqlType::Varchar, |series| texts_at(series.keys.iter().map(Some), places(series)));
    extra.iter().fold(table, |table, extra| {
        table.column(extra.name, SqlType::Double, |series| {
            let numbers: Vec<Option<f64>> = series.keys.iter().map(|key| (extra.number)(key)).collect();
            let number = |place: usize| numbers.get(place).copied().flatten();
            Ok(Arc::new(places(series).map(number).collect::<Float64Array>()) as ArrayRef)
        })
    })
}

/// Which key each number is of.
fn places<T>(series: &Series<T>) -> impl Iterator<Item = usize> {
    series.cells.iter().map(|cell| cell.key as usize)
}
