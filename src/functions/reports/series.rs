//! Reports that are numbers by date and key: what is counted, and the columns that this makes.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array};

use super::{Question, parameters::Limit, unit::Unit};
use crate::{
    answers::{self, Cell, count, measure},
    contract::{Arguments, Columns, Result, SqlType, texts},
    mixpanel::Request,
};

/// Mixpanel's types of counting.
const TYPES: &[&str] = &["general", "unique", "average"];

/// What is counted: events (general), users (unique), or events for each user (average).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counting(&'static str);

impl Counting {
    /// From `type`; events where it is not given.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        Ok(Self(arguments.one_of("type", TYPES)?.unwrap_or("general")))
    }

    pub fn name(self) -> &'static str {
        self.0
    }

    pub fn is_unique(self) -> bool {
        self.0 == "unique"
    }

    /// Of the column `count`.
    fn sql_type(self) -> SqlType {
        if self.0 == "average" { SqlType::Double } else { SqlType::BigInt }
    }
}

/// Further columns, made of the column of keys.
pub struct Extra {
    pub names: Vec<(&'static str, SqlType)>,
    pub arrays: fn(&[&str]) -> Vec<ArrayRef>,
}

impl Extra {
    pub fn none() -> Self {
        Self { names: vec![], arrays: |_| vec![] }
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
    columns.extend(extra.names);
    columns.push(("count", counting.sql_type()));
    let make = extra.arrays;
    let read = move |text: &str| {
        Ok(match counting.sql_type() {
            SqlType::Double => {
                let cells = cells(text, measure, limit)?;
                let counts = cells.iter().map(|cell| cell.number).collect::<Float64Array>();
                arrays(&cells, unit, make, Arc::new(counts))
            }
            _ => {
                let cells = cells(text, count, limit)?;
                let counts = cells.iter().map(|cell| Some(cell.number)).collect::<Int64Array>();
                arrays(&cells, unit, make, Arc::new(counts))
            }
        })
    };
    Question { request, columns: Columns::new(columns), read: Box::new(read) }
}

fn cells<T>(
    text: &str,
    number: fn(&serde_json::Value, &str) -> Result<T>,
    limit: Option<Limit>,
) -> Result<Vec<Cell<T>>> {
    let (cells, keys) = answers::series(text, number)?;
    limit.map_or(Ok(()), |limit| limit.check(keys))?;
    Ok(cells)
}

fn arrays<T>(cells: &[Cell<T>], unit: Unit, extra: fn(&[&str]) -> Vec<ArrayRef>, counts: ArrayRef) -> Vec<ArrayRef> {
    let keys: Vec<&str> = cells.iter().map(|cell| cell.key.as_str()).collect();
    let mut arrays = vec![unit.column(cells.iter().map(|cell| cell.date)), texts(keys.iter().map(Some))];
    arrays.extend(extra(&keys));
    arrays.push(counts);
    arrays
}
