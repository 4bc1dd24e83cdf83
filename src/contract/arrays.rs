//! Arrow arrays from Rust values, in the types that the contract fixes.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, StringViewArray,
    builder::{ListBuilder, StringViewBuilder},
};

/// A `VARCHAR` or `JSON` column.
pub fn texts<T: AsRef<str>>(values: impl IntoIterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringViewArray>())
}

/// A `VARCHAR[]` column.
pub fn list_of_texts<T: AsRef<str>>(rows: impl IntoIterator<Item = Option<Vec<T>>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringViewBuilder::new());
    for row in rows {
        let is_valid = row.is_some();
        for text in row.into_iter().flatten() {
            builder.values().append_value(text);
        }
        builder.append(is_valid);
    }
    Arc::new(builder.finish())
}
