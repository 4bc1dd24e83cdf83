//! How does an Arrow batch become vectors of DuckDB's first C API?
//!
//! This API has no way to share a buffer, so bytes are copied, once. Its functions throw where there is no memory for them,
//! through us, which ends the process: so much as is large is asked for first.

use std::ops::Range;

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryViewArray, RecordBatch,
    cast::AsArray,
    types::{Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use arrow_schema::DataType;
use libduckdb_sys::v1 as ffi;

use crate::contract::{Code, Error, Result};

/// Writes the rows of `batch` into the chunk that DuckDB waits for.
///
/// # Safety
/// `output` must be a chunk with a vector for each of the batch's columns, of their types, and room for its rows.
pub unsafe fn write(batch: &RecordBatch, output: ffi::duckdb_data_chunk) -> Result<()> {
    for (index, column) in batch.columns().iter().enumerate() {
        // SAFETY: see above.
        unsafe { write_array(column, ffi::duckdb_data_chunk_get_vector(output, index as u64))? };
    }
    // SAFETY: see above.
    unsafe { ffi::duckdb_data_chunk_set_size(output, batch.num_rows() as u64) };
    Ok(())
}

/// # Safety
/// `vector` must be of the array's type and have room for its rows.
pub unsafe fn write_array(array: &ArrayRef, vector: ffi::duckdb_vector) -> Result<()> {
    // SAFETY: see above.
    unsafe {
        write_nulls(array, vector);
        match array.data_type() {
            DataType::Utf8View => write_text(&array.as_string_view().clone().to_binary_view(), vector)?,
            DataType::BinaryView => write_text(array.as_binary_view(), vector)?,
            DataType::Boolean => {
                let target = ffi::duckdb_vector_get_data(vector).cast::<bool>();
                for (row, value) in array.as_boolean().iter().enumerate() {
                    target.add(row).write(value.unwrap_or_default());
                }
            }
            DataType::Int32 => write_numbers::<Int32Type>(array, vector),
            DataType::Int64 => write_numbers::<Int64Type>(array, vector),
            DataType::Float64 => write_numbers::<Float64Type>(array, vector),
            DataType::Date32 => write_numbers::<Date32Type>(array, vector),
            DataType::Timestamp(..) => write_numbers::<TimestampMicrosecondType>(array, vector),
            DataType::Decimal128(width, _) => write_decimals(array, vector, *width),
            DataType::List(_) => write_lists(array, vector)?,
            DataType::Map(..) => write_maps(array, vector)?,
            other => return Err(Error::new(Code::Internal, format!("no column can be of the Arrow type {other}"))),
        }
    }
    Ok(())
}

unsafe fn write_nulls(array: &ArrayRef, vector: ffi::duckdb_vector) {
    if array.null_count() == 0 {
        return;
    }
    // SAFETY: as for `write_array`.
    unsafe {
        ffi::duckdb_vector_ensure_validity_writable(vector);
        let validity = ffi::duckdb_vector_get_validity(vector);
        for row in (0..array.len()).filter(|&row| array.is_null(row)) {
            ffi::duckdb_validity_set_row_invalid(validity, row as u64);
        }
    }
}

/// From so many bytes on there is a question whether there is room for them.
const LARGE: usize = 16 << 20;

unsafe fn write_text(texts: &BinaryViewArray, vector: ffi::duckdb_vector) -> Result<()> {
    let bytes: usize = texts.lengths().map(|length| length as usize).sum();
    if bytes >= LARGE {
        // For as much again, because DuckDB takes more at a time than it needs.
        Vec::<u8>::new().try_reserve_exact(2 * bytes)?;
    }
    for (row, text) in texts.iter().enumerate() {
        if let Some(text) = text {
            // SAFETY: as for `write_array`; DuckDB copies the bytes.
            unsafe {
                ffi::duckdb_vector_assign_string_element_len(
                    vector,
                    row as u64,
                    text.as_ptr().cast(),
                    text.len() as u64,
                );
            }
        }
    }
    Ok(())
}

unsafe fn write_numbers<T: ArrowPrimitiveType>(array: &ArrayRef, vector: ffi::duckdb_vector) {
    let values = array.as_primitive::<T>().values();
    // SAFETY: as for `write_array`; DuckDB stores these types as Arrow does.
    unsafe {
        let target = ffi::duckdb_vector_get_data(vector).cast::<T::Native>();
        std::ptr::copy_nonoverlapping(values.as_ptr(), target, values.len());
    }
}

/// DuckDB stores a decimal in the smallest integer that has room for its width.
unsafe fn write_decimals(array: &ArrayRef, vector: ffi::duckdb_vector, width: u8) {
    // SAFETY: as for `write_array`.
    let data = unsafe { ffi::duckdb_vector_get_data(vector) };
    for (row, &value) in array.as_primitive::<Decimal128Type>().values().iter().enumerate() {
        // SAFETY: as for `write_array`; a value has no more digits than its width.
        unsafe {
            match width {
                ..=4 => data.cast::<i16>().add(row).write(value as i16),
                5..=9 => data.cast::<i32>().add(row).write(value as i32),
                10..=18 => data.cast::<i64>().add(row).write(value as i64),
                _ => data.cast::<i128>().add(row).write_unaligned(value),
            }
        }
    }
}

unsafe fn write_lists(array: &ArrayRef, vector: ffi::duckdb_vector) -> Result<()> {
    let lists = array.as_list::<i32>();
    // SAFETY: as for `write_array`; the child vector is given room before it is written.
    unsafe {
        let items = write_entries(lists.value_offsets(), vector);
        write_array(&lists.values().slice(items.start, items.len()), ffi::duckdb_list_vector_get_child(vector))
    }
}

/// DuckDB has a map as a list of its keys and values.
unsafe fn write_maps(array: &ArrayRef, vector: ffi::duckdb_vector) -> Result<()> {
    let maps = array.as_map();
    // SAFETY: as for `write_array`; the child vector, whose parts are keys and values, is given room before it is written.
    unsafe {
        let entries = write_entries(maps.value_offsets(), vector);
        let child = ffi::duckdb_list_vector_get_child(vector);
        for (index, part) in [maps.keys(), maps.values()].into_iter().enumerate() {
            let part = part.slice(entries.start, entries.len());
            write_array(&part, ffi::duckdb_struct_vector_get_child(child, index as u64))?;
        }
    }
    Ok(())
}

/// Which rows have which items, and room for those. Returns where the items are in the array that holds them.
unsafe fn write_entries(offsets: &[i32], vector: ffi::duckdb_vector) -> Range<usize> {
    let (first, last) = (offsets.first().copied().unwrap_or_default(), offsets.last().copied().unwrap_or_default());
    let count = (last - first) as u64;
    // SAFETY: as for `write_array`.
    unsafe {
        let entries = ffi::duckdb_vector_get_data(vector).cast::<ffi::duckdb_list_entry>();
        for (row, bounds) in offsets.windows(2).enumerate() {
            let (start, end) = ((bounds[0] - first) as u64, (bounds[1] - first) as u64);
            entries.add(row).write(ffi::duckdb_list_entry { offset: start, length: end - start });
        }
        ffi::duckdb_list_vector_reserve(vector, count);
        ffi::duckdb_list_vector_set_size(vector, count);
    }
    first as usize..last as usize
}
