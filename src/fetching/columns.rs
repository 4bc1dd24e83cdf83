//! Which columns has a fetch?

use crate::{
    contract::{Columns, SqlType},
    decode::Column,
};

/// Those that every call has, and the properties that `columns` asks for.
pub fn columns(fixed: &[Column], typed: Vec<(String, SqlType)>) -> (Vec<Column>, Columns) {
    let typed = typed.into_iter().map(|(name, sql_type)| Column::Property { name, sql_type });
    let outputs: Vec<Column> = fixed.iter().cloned().chain(typed).collect();
    let columns = Columns::new(outputs.iter().map(|column| (column.name().to_owned(), column.sql_type())));
    (outputs, columns)
}
