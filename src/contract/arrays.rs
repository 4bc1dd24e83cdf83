//! How do Rust values become Arrow arrays, in the types that the contract fixes?

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, StringViewArray,
    builder::{ListBuilder, MapBuilder, MapFieldNames, StringViewBuilder},
};

use super::Result;

/// A `VARCHAR` or `JSON` column.
pub fn texts<T: AsRef<str>>(values: impl IntoIterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringViewArray>())
}

/// The same for many rows of few texts, each of which is in memory once: rows say the place of theirs in `values`.
pub fn texts_at<T: AsRef<str>>(
    values: impl IntoIterator<Item = Option<T>>,
    places: impl IntoIterator<Item = usize>,
) -> Result<ArrayRef> {
    let once: StringViewArray = values.into_iter().collect();
    let places: Vec<usize> = places.into_iter().collect();
    let views = places.iter().map(|place| once.views().get(*place).copied().unwrap_or_default());
    let nulls = once.nulls().map(|_| places.iter().map(|place| *place < once.len() && once.is_valid(*place)).collect());
    Ok(Arc::new(StringViewArray::try_new(views.collect(), once.data_buffers().to_vec(), nulls)?))
}

/// A `VARCHAR[]` column. Texts that occur several times are in memory once.
pub fn list_of_texts<T: AsRef<str>>(rows: impl IntoIterator<Item = Option<Vec<T>>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringViewBuilder::new().with_deduplicate_strings());
    for row in rows {
        let is_valid = row.is_some();
        for text in row.into_iter().flatten() {
            builder.values().append_value(text);
        }
        builder.append(is_valid);
    }
    Arc::new(builder.finish())
}

/// A `MAP(VARCHAR, VARCHAR)` column: the entries of each row in their order, no two of the same name.
pub fn maps_of_texts<T: AsRef<str>>(rows: impl IntoIterator<Item = Option<Vec<(T, T)>>>) -> Result<ArrayRef> {
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    let mut builder = MapBuilder::new(Some(names), StringViewBuilder::new(), StringViewBuilder::new());
    for row in rows {
        let is_valid = row.is_some();
        for (key, value) in row.into_iter().flatten() {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
        builder.append(is_valid)?;
    }
    Ok(Arc::new(builder.finish()))
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn maps_are_of_the_type_that_travels() {
        let column = maps_of_texts([Some(vec![("b", "1"), ("a", "2")]), None, Some(vec![])]).unwrap();
        assert_eq!(column.data_type(), &crate::contract::SqlType::Map.arrow());
        let maps = column.as_map();
        let keys: Vec<_> = maps.keys().as_string_view().iter().flatten().collect();
        assert_eq!((keys, maps.null_count(), maps.value_offsets()), (vec!["b", "a"], 1, &[0, 2, 2, 2][..]));
    }

    #[test]
    fn rows_share_their_texts() {
        let long = "a text that is too long to stand within its view";
        let column = texts_at([Some(long), None, Some("b")], [2, 0, 1, 0, 0]).unwrap();
        let column = column.as_string_view();
        let found: Vec<_> = column.iter().collect();
        assert_eq!(found, [Some("b"), Some(long), None, Some(long), Some(long)]);
        assert_eq!(column.data_buffers().iter().map(|buffer| buffer.len()).sum::<usize>(), long.len());
        let column = texts_at([Some("a")], [0, 0]).unwrap();
        assert_eq!((column.len(), column.null_count()), (2, 0));
        assert_eq!(texts_at([Some("a")], []).unwrap().len(), 0);
    }
}
