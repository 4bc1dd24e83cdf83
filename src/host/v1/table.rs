//! How does DuckDB's first C API call a [`Function`]?

use std::sync::{Arc, Mutex};

use libduckdb_sys::v1 as ffi;

use super::{
    LoadError, batch, c_string,
    callback::{CallbackFailure, borrowed, boxed, contained},
    types::{Constant, LogicalType},
};
use crate::{
    contract::{BoundTable, Function, Host, Journal, Reader, ReaderThread, Scan, Value},
    host::{chunks::Chunks, local_files::LENT, place::Place, read_ahead::ReadAhead, session::Surroundings},
};

/// A function, and the host that it is registered in.
struct Registered {
    function: &'static Function,
    host: Arc<Host>,
}

type Bound = Box<dyn BoundTable>;
/// Made when the scan starts, read by one thread at a time.
struct Running {
    chunks: Mutex<Chunks>,
    /// A scan ends when it is dropped, so it has to stay.
    _scan: Arc<dyn Scan>,
}

/// # Safety
/// `connection` must be open.
pub unsafe fn register(
    connection: ffi::duckdb_connection,
    function: &'static Function,
    host: &Arc<Host>,
) -> Result<(), LoadError> {
    let name = function.name;
    // SAFETY: the function is built and destroyed here; DuckDB copies it, and shares its extra info, on registration.
    unsafe {
        let mut table_function = ffi::duckdb_create_table_function();
        ffi::duckdb_table_function_set_name(table_function, c_string(name).as_ptr());
        for parameter in function.parameters {
            let logical_type = LogicalType::of(&parameter.sql_type);
            if parameter.positional {
                ffi::duckdb_table_function_add_parameter(table_function, logical_type.0);
            } else {
                let name = c_string(parameter.name);
                ffi::duckdb_table_function_add_named_parameter(table_function, name.as_ptr(), logical_type.0);
            }
        }
        let (registered, free) = boxed(Place::DropFunction, Registered { function, host: Arc::clone(host) });
        ffi::duckdb_table_function_set_extra_info(table_function, registered, free);
        ffi::duckdb_table_function_set_bind(table_function, Some(bind));
        ffi::duckdb_table_function_set_init(table_function, Some(init));
        ffi::duckdb_table_function_set_function(table_function, Some(read));
        ffi::duckdb_table_function_supports_projection_pushdown(table_function, true);
        let state = ffi::duckdb_register_table_function(connection, table_function);
        ffi::duckdb_destroy_table_function(&mut table_function);
        match state {
            ffi::DuckDBSuccess => Ok(()),
            _ => Err(LoadError::Function(name)),
        }
    }
}

unsafe extern "C" fn bind(info: ffi::duckdb_bind_info) {
    let body = || {
        // SAFETY: the extra info is what `register` boxed.
        let Registered { function, host } = unsafe { borrowed(ffi::duckdb_bind_get_extra_info(info)) };
        let surroundings = Surroundings {
            // This API has nobody to ask.
            external_access: true,
            pushes_filters: false,
            journal: Journal::default(),
            settings: Vec::new(),
        };
        let bound = function.call(given(info, function)?, &surroundings.session(host))?;
        for (name, sql_type) in bound.columns().iter() {
            // SAFETY: DuckDB's own bind info; it copies name and type.
            unsafe {
                ffi::duckdb_bind_add_result_column(info, c_string(name).as_ptr(), LogicalType::of(sql_type).0);
            }
        }
        let (bound, free) = boxed(Place::DropBound, bound);
        // SAFETY: DuckDB's own bind info; `free` fits what is boxed.
        unsafe { ffi::duckdb_bind_set_bind_data(info, bound, free) };
        Ok(())
    };
    // SAFETY: DuckDB's own bind info.
    contained(Place::Bind, body, |message| unsafe { ffi::duckdb_bind_set_error(info, message.as_ptr()) });
}

fn given(info: ffi::duckdb_bind_info, function: &Function) -> Result<Vec<(String, Value)>, CallbackFailure> {
    let mut position = 0;
    let mut values = Vec::new();
    for parameter in function.parameters {
        let constant = if parameter.positional {
            position += 1;
            // SAFETY: DuckDB's own bind info; a call without its positional arguments does not bind.
            Some(unsafe { Constant::owned(ffi::duckdb_bind_get_parameter(info, position - 1)) })
        } else {
            Constant::named(info, parameter.name)
        };
        if let Some(constant) = constant {
            constant.check(parameter.name)?;
            values.push((parameter.name.to_string(), constant.value()));
        }
    }
    Ok(values)
}

unsafe extern "C" fn init(info: ffi::duckdb_init_info) {
    let body = || {
        // SAFETY: the bind data is what `bind` boxed; the rest is DuckDB's own init info.
        let (bound, projection) = unsafe {
            let bound = borrowed::<Bound>(ffi::duckdb_init_get_bind_data(info));
            let count = ffi::duckdb_init_get_column_count(info);
            let projection = (0..count).map(|index| ffi::duckdb_init_get_column_index(info, index) as usize);
            (bound, projection.collect::<Vec<_>>())
        };
        let scan = bound.scan(&projection, &[])?;
        let (running, free) = boxed(Place::DropScan, running(scan)?);
        // SAFETY: as above; `free` fits what is boxed.
        unsafe { ffi::duckdb_init_set_init_data(info, running, free) };
        Ok(())
    };
    // SAFETY: DuckDB's own init info.
    contained(Place::Scan, body, |message| unsafe { ffi::duckdb_init_set_error(info, message.as_ptr()) });
}

fn running(scan: Arc<dyn Scan>) -> crate::contract::Result<Running> {
    let reader: Box<dyn Reader> = match scan.max_threads() {
        ..=1 => scan.reader(ReaderThread::DuckDb)?,
        _ => Box::new(ReadAhead::new(Arc::clone(&scan))),
    };
    Ok(Running { chunks: Mutex::new(Chunks::new(reader, scan.json_is_sound())), _scan: scan })
}

unsafe extern "C" fn read(info: ffi::duckdb_function_info, output: ffi::duckdb_data_chunk) {
    let body = || {
        // SAFETY: the init data is what `init` boxed.
        let running = unsafe { borrowed::<Running>(ffi::duckdb_function_get_init_data(info)) };
        let rows = running.chunks.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next(&LENT)?;
        // SAFETY: DuckDB's own chunk, with the projected columns.
        unsafe {
            match rows {
                Some(rows) => batch::write(&rows, output)?,
                None => ffi::duckdb_data_chunk_set_size(output, 0),
            }
        }
        Ok(())
    };
    // SAFETY: DuckDB's own function info.
    contained(Place::Rows, body, |message| unsafe { ffi::duckdb_function_set_error(info, message.as_ptr()) });
}
