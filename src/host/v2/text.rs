//! How is a `VARCHAR` read whose bytes nobody checked?
//!
//! DuckDB hands the texts of registered Arrow tables on as they are, and duckdb-neo's own reader of strings panics where they
//! are no UTF-8.

use duckdb_neo::{
    logical_type::LogicalTypeID,
    vector::{DuckDBBytes, VectorElement, VectorReader},
};

/// A `VARCHAR`; `None` where its bytes are not UTF-8.
pub struct OwnText;

// SAFETY: this is how DuckDB stores strings, and how duckdb-neo reads its `BlobValue`.
unsafe impl VectorElement for OwnText {
    const TYPE_ID: LogicalTypeID = LogicalTypeID::Varchar;
    type Internal<'a> = DuckDBBytes<'a>;
    type Ref<'a> = Option<&'a str>;

    unsafe fn get<'a, U: VectorElement>(reader: &VectorReader<'a, U>, physical: usize, _logical: usize) -> Self::Ref<'a>
    where
        Self: 'a,
    {
        let strings = reader.as_ptr().cast::<DuckDBBytes<'a>>();
        // SAFETY: the caller names a row of the vector that is not NULL; its bytes live as long as the vector.
        let bytes = unsafe { &*strings.add(physical) }.get_data();
        simdutf8::basic::from_utf8(bytes).ok()
    }
}
