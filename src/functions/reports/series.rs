//! Reports that are numbers by date and key: what is counted, and the columns that this makes.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use serde_json::Value;

use super::series_answer::{self, Series};
use super::{Question, parameters::Limit, unit::Unit};
use crate::{
    contract::{Columns, Result, SqlType, texts_at},
    functions::counting::Counting,
    json::{count, measure},
    mixpanel::Request,
};

/// Columns of numbers that follow from the key.
pub struct Extra {
    pub names: Vec<&'static str>,
    /// One number for each name.
    pub numbers: fn(&str) -> Vec<Option<f64>>,
}

impl Extra {
    pub fn none() -> Self {
        Self { names: vec![], numbers: |_| vec![] }
    }
}

/// A question whose rows are `date`, the key under its name, the `extra` columns and `count`.
pub fn question(
    request: Request,
    (unit, counting): (Unit, Counting),
    key: &'static str,
    extra: Extra,
    limit: Option<Limit>,
) -> Question {
    let mut columns = vec![("date", unit.sql_type()), (key, SqlType::Varchar)];
    columns.extend(extra.names.iter().map(|name| (*name, SqlType::Double)));
    columns.push(("count", counting.sql_type()));
    let read = move |text: &str| match counting.is_average() {
        true => {
            let series = series(text, measure, limit)?;
            let counts = series.cells.iter().map(|cell| cell.number).collect::<Float64Array>();
            arrays(&series, unit, &extra, Arc::new(counts))
        }
        false => {
            let series = series(text, count, limit)?;
            let counts = series.cells.iter().map(|cell| Some(cell.number)).collect::<Int64Array>();
            arrays(&series, unit, &extra, Arc::new(counts))
        }
    };
    Question::new(request, Columns::new(columns), read)
}

fn series<T>(text: &str, number: fn(&Value, &str) -> Result<T>, limit: Option<Limit>) -> Result<Series<T>> {
    let series = series_answer::series(text, number)?;
    limit.map_or(Ok(()), |limit| limit.check(series.keys.len()))?;
    Ok(series)
}

fn arrays<T>(series: &Series<T>, unit: Unit, extra: &Extra, counts: ArrayRef) -> Result<Vec<ArrayRef>> {
    let Series { keys, cells } = series;
    let places = || cells.iter().map(|cell| cell.key as usize);
    let mut arrays = vec![unit.column(cells.iter().map(|cell| cell.date)), texts_at(keys.iter().map(Some), places())?];
    let numbers: Vec<Vec<Option<f64>>> = keys.iter().map(|key| (extra.numbers)(key)).collect();
    for column in 0..extra.names.len() {
        let number = |place: usize| *numbers.get(place)?.get(column)?;
        arrays.push(Arc::new(places().map(number).collect::<Float64Array>()));
    }
    arrays.push(counts);
    Ok(arrays)
}
