//! How does DuckDB's first C API call a [`Scalar`]?

use std::{slice, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringViewArray, TimestampMicrosecondArray};
use libduckdb_sys::v1 as ffi;

use super::{
    LoadError, batch, c_string,
    callback::{borrowed, boxed, contained},
    types::LogicalType,
};
use crate::{
    contract::{Code, Error, Result, Scalar, SqlType},
    host::place::Place,
};

/// One overload of a function.
struct Overload {
    function: &'static Scalar,
    parameters: &'static [SqlType],
}

/// # Safety
/// `connection` must be open.
pub unsafe fn register(connection: ffi::duckdb_connection, function: &'static Scalar) -> Result<(), LoadError> {
    let name = function.name;
    // SAFETY: set and overloads are built and destroyed here; DuckDB copies them, and shares their extra info.
    unsafe {
        let mut set = ffi::duckdb_create_scalar_function_set(c_string(name).as_ptr());
        for &parameters in function.overloads {
            let mut overload = ffi::duckdb_create_scalar_function();
            ffi::duckdb_scalar_function_set_name(overload, c_string(name).as_ptr());
            for sql_type in parameters {
                ffi::duckdb_scalar_function_add_parameter(overload, LogicalType::of(sql_type).0);
            }
            ffi::duckdb_scalar_function_set_return_type(overload, LogicalType::of(&function.returns).0);
            ffi::duckdb_scalar_function_set_special_handling(overload);
            let extra = Overload { function, parameters };
            let (extra, free) = boxed(Place::DropFunction, extra);
            ffi::duckdb_scalar_function_set_extra_info(overload, extra, free);
            ffi::duckdb_scalar_function_set_function(overload, Some(call));
            ffi::duckdb_add_scalar_function_to_set(set, overload);
            ffi::duckdb_destroy_scalar_function(&mut overload);
        }
        let state = ffi::duckdb_register_scalar_function_set(connection, set);
        ffi::duckdb_destroy_scalar_function_set(&mut set);
        match state {
            ffi::DuckDBSuccess => Ok(()),
            _ => Err(LoadError::Function(name)),
        }
    }
}

unsafe extern "C" fn call(info: ffi::duckdb_function_info, input: ffi::duckdb_data_chunk, output: ffi::duckdb_vector) {
    let body = || {
        // SAFETY: the extra info is what `register` boxed; input and output are DuckDB's own, of the declared types.
        unsafe {
            let overload = borrowed::<Overload>(ffi::duckdb_scalar_function_get_extra_info(info));
            let rows = ffi::duckdb_data_chunk_get_size(input) as usize;
            let columns = overload.parameters.iter().enumerate();
            let arguments = columns
                .map(|(index, sql_type)| array(ffi::duckdb_data_chunk_get_vector(input, index as u64), sql_type, rows))
                .collect::<Result<Vec<_>>>()?;
            batch::write_array(&(overload.function.call)(&arguments, rows)?, output)?;
        }
        Ok(())
    };
    // SAFETY: DuckDB's own function info.
    contained(Place::Scalar, body, |message| unsafe { ffi::duckdb_scalar_function_set_error(info, message.as_ptr()) });
}

/// # Safety
/// `vector` must be flat, of the type, with that many rows.
unsafe fn array(vector: ffi::duckdb_vector, sql_type: &SqlType, rows: usize) -> Result<ArrayRef> {
    // SAFETY: see above.
    let (data, validity) = unsafe { (ffi::duckdb_vector_get_data(vector), ffi::duckdb_vector_get_validity(vector)) };
    // SAFETY: a null mask means that every row is valid.
    let valid = |row: usize| validity.is_null() || unsafe { ffi::duckdb_validity_row_is_valid(validity, row as u64) };
    // SAFETY: valid rows are initialised; see above for the type.
    unsafe {
        Ok(match sql_type {
            SqlType::Varchar | SqlType::Json => {
                let texts = data.cast::<ffi::duckdb_string_t>();
                let text = |row: usize| valid(row).then(|| text(&*texts.add(row))).flatten();
                Arc::new((0..rows).map(text).collect::<StringViewArray>())
            }
            SqlType::BigInt => {
                let numbers = data.cast::<i64>();
                Arc::new((0..rows).map(|row| valid(row).then(|| *numbers.add(row))).collect::<Int64Array>())
            }
            SqlType::Double => {
                let numbers = data.cast::<f64>();
                Arc::new((0..rows).map(|row| valid(row).then(|| *numbers.add(row))).collect::<Float64Array>())
            }
            SqlType::Timestamp => {
                let moments = data.cast::<i64>();
                let values = (0..rows).map(|row| valid(row).then(|| *moments.add(row)));
                Arc::new(values.collect::<TimestampMicrosecondArray>())
            }
            other => return Err(Error::new(Code::Internal, format!("no scalar function takes {other}"))),
        })
    }
}

/// `None` where the bytes are not UTF-8: those of registered Arrow tables were checked by nobody.
///
/// # Safety
/// `string` must be an initialised string of DuckDB's.
unsafe fn text(string: &ffi::duckdb_string_t) -> Option<&str> {
    // SAFETY: both variants start with the length, which says which of them it is.
    unsafe {
        let length = string.value.inlined.length as usize;
        let start = match length {
            ..=12 => string.value.inlined.inlined.as_ptr(),
            _ => string.value.pointer.ptr.cast_const(),
        };
        simdutf8::basic::from_utf8(slice::from_raw_parts(start.cast::<u8>(), length)).ok()
    }
}
