//! How do SQL types and constants of DuckDB's first C API become ours, and back?

use std::ffi::{CStr, c_char, c_void};

use libduckdb_sys::v1 as ffi;

use super::c_string;
use crate::contract::{Error, Result, SqlType, Value};

/// A logical type that we own.
pub struct LogicalType(pub ffi::duckdb_logical_type);

impl LogicalType {
    pub fn of(sql_type: &SqlType) -> Self {
        // SAFETY: constructors without preconditions; the child type outlives the call that copies it.
        Self(unsafe {
            match sql_type {
                SqlType::Varchar => ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR),
                SqlType::Json => {
                    let varchar = ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR);
                    ffi::duckdb_logical_type_set_alias(varchar, c"JSON".as_ptr());
                    varchar
                }
                SqlType::Boolean => ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_BOOLEAN),
                SqlType::Integer => ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER),
                SqlType::BigInt => ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT),
                SqlType::Double => ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_DOUBLE),
                SqlType::Date => ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_DATE),
                SqlType::Timestamp => ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP),
                SqlType::Interval => ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTERVAL),
                SqlType::Any => ffi::duckdb_create_logical_type(ffi::DUCKDB_TYPE_DUCKDB_TYPE_ANY),
                SqlType::Decimal(width, scale) => ffi::duckdb_create_decimal_type(*width, *scale),
                SqlType::Map => {
                    let varchar = LogicalType::of(&SqlType::Varchar);
                    ffi::duckdb_create_map_type(varchar.0, varchar.0)
                }
                SqlType::List(item) => ffi::duckdb_create_list_type(LogicalType::of(item).0),
            }
        })
    }
}

impl Drop for LogicalType {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once.
        unsafe { ffi::duckdb_destroy_logical_type(&mut self.0) };
    }
}

/// A constant that we own.
pub struct Constant(ffi::duckdb_value);

impl Constant {
    /// # Safety
    /// `value` must be a value that the caller owns.
    pub unsafe fn owned(value: ffi::duckdb_value) -> Self {
        Self(value)
    }

    /// The argument named `name`, where the call has one.
    pub fn named(info: ffi::duckdb_bind_info, name: &str) -> Option<Self> {
        // SAFETY: DuckDB's own bind info, during its callback.
        let value = unsafe { ffi::duckdb_bind_get_named_parameter(info, c_string(name).as_ptr()) };
        (!value.is_null()).then_some(Self(value))
    }

    /// As the core knows it. Types without a counterpart become their text.
    pub fn value(&self) -> Value {
        // SAFETY: the value is ours and alive; each getter is called for the type it is for; types are borrowed.
        unsafe {
            if ffi::duckdb_is_null_value(self.0) {
                return Value::Null;
            }
            let logical_type = ffi::duckdb_get_value_type(self.0);
            match ffi::duckdb_get_type_id(logical_type) {
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_BOOLEAN => Value::Boolean(ffi::duckdb_get_bool(self.0)),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TINYINT
                | ffi::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT
                | ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER
                | ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT
                | ffi::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT
                | ffi::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT
                | ffi::DUCKDB_TYPE_DUCKDB_TYPE_UINTEGER => Value::Integer(ffi::duckdb_get_int64(self.0).into()),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_UBIGINT => Value::Integer(ffi::duckdb_get_uint64(self.0).into()),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_HUGEINT | ffi::DUCKDB_TYPE_DUCKDB_TYPE_UHUGEINT => {
                    let digits = self.text();
                    digits.parse().map_or(Value::Decimal(digits), Value::Integer)
                }
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_DECIMAL => Value::Decimal(self.text()),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_FLOAT | ffi::DUCKDB_TYPE_DUCKDB_TYPE_DOUBLE => {
                    Value::Double(ffi::duckdb_get_double(self.0))
                }
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_DATE => Value::Date(ffi::duckdb_get_date(self.0).days),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP => Value::Timestamp(ffi::duckdb_get_timestamp(self.0).micros),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTERVAL => {
                    let ffi::duckdb_interval { months, days, micros } = ffi::duckdb_get_interval(self.0);
                    Value::Interval { months, days, microseconds: micros }
                }
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_LIST => {
                    let size = ffi::duckdb_get_list_size(self.0);
                    Value::List(
                        (0..size).map(|index| Self(ffi::duckdb_get_list_child(self.0, index)).value()).collect(),
                    )
                }
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_STRUCT => {
                    let size = ffi::duckdb_struct_type_child_count(logical_type);
                    let field = |index| {
                        let name = take_text(ffi::duckdb_struct_type_child_name(logical_type, index));
                        (name, Self(ffi::duckdb_get_struct_child(self.0, index)).value())
                    };
                    Value::Fields((0..size).map(field).collect())
                }
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_MAP => {
                    let size = ffi::duckdb_get_map_size(self.0);
                    let entry = |index| {
                        let key = Self(ffi::duckdb_get_map_key(self.0, index)).text();
                        (key, Self(ffi::duckdb_get_map_value(self.0, index)).value())
                    };
                    Value::Fields((0..size).map(entry).collect())
                }
                _ => Value::Text(self.text()),
            }
        }
    }

    /// Refuses a NUL in a text at any depth, a name or a value: this API hands texts over as C has them, which end there, so
    /// [`Self::value`] would cut them without a word.
    ///
    /// So DuckDB is asked for the text of a list that this value and a mark are in: where the mark is missing at its end,
    /// something before it cut the text. Errors: `InvalidArgument`.
    pub fn check(&self, parameter: &str) -> Result<()> {
        let mark = format!("{:032x}", fastrand::u128(..));
        // SAFETY: DuckDB copies the type and the values, which are ours and alive, as the list is.
        let list = unsafe {
            let mut items = [self.0, ffi::duckdb_create_varchar(c_string(&mark).as_ptr())];
            let list = ffi::duckdb_create_list_value(LogicalType::of(&SqlType::Varchar).0, items.as_mut_ptr(), 2);
            ffi::duckdb_destroy_value(&mut items[1]);
            list
        };
        // Null where a value has no text, and so no NUL.
        match list.is_null() || Self(list).text().contains(&mark) {
            true => Ok(()),
            false => Err(Error::nul(parameter)),
        }
    }

    fn text(&self) -> String {
        // SAFETY: the value is ours and alive; the text is ours to free.
        unsafe { take_text(ffi::duckdb_get_varchar(self.0)) }
    }
}

impl Drop for Constant {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once.
        unsafe { ffi::duckdb_destroy_value(&mut self.0) };
    }
}

/// # Safety
/// `text` must be null or a NUL-terminated string that DuckDB allocated for us.
unsafe fn take_text(text: *mut c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: see above.
    unsafe {
        let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
        ffi::duckdb_free(text.cast::<c_void>());
        copy
    }
}
