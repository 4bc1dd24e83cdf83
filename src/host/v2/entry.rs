//! Which DuckDB 2.x is loading us, and how does the crate that calls it find its functions?
//!
//! `duckdb-neo` reads the table of functions in the order of the DuckDB that it was
//! made for. So it is not given DuckDB's own table, but one that [`super::layouts`] makes of
//! it, for the DuckDB that our file's footer names. DuckDB has compared the footer
//! with itself, unless somebody allowed mismatches; so where it exports its functions
//! by name, they are compared too. What does not fit is refused before anything is
//! called: one function taken for another is a crash.

use std::{
    cell::Cell,
    ffi::{CStr, c_char, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
};

use duckdb_neo::{extension::run_extension_entrypoint, ffi};

use super::layouts::{FunctionTable, Layout, NAMES};
use crate::{
    contract::{Code, Error, Host, Result},
    host::{footer::Footer, library::Library, one_duckdb},
};

/// What DuckDB calls on `LOAD mixpanel` where the footer says `C_STRUCT_UNSTABLE`.
///
/// # Safety
/// Only DuckDB may call this, with its own input.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mixpanel_init_c_api_v2(input: *mut ffi::duckdb_v2_extension_input) {
    // SAFETY: DuckDB's own input, alive during the call.
    let Some(input) = (unsafe { input.as_ref() }) else {
        return;
    };
    let prepared = catch_unwind(AssertUnwindSafe(|| unsafe { prepare(input) }))
        .unwrap_or_else(|_| Err(Error::new(Code::Internal, "loading failed because of a fault in the extension")));
    match prepared {
        Ok(Some((footer, table))) => {
            ARRANGED.set(&*table);
            let host = Host { api: "v2", duckdb: footer.duckdb, platform: Some(footer.platform) };
            let arranged = ffi::duckdb_v2_extension_input { get_api: Some(arranged_api), ..*input };
            // SAFETY: DuckDB's input, but for where the table comes from.
            unsafe { run_extension_entrypoint(&arranged, "v2.0.0", |extension| super::loaded(extension, host)) }
            ARRANGED.set(std::ptr::null());
        }
        // DuckDB gave no table, and knows why.
        Ok(None) => {}
        // SAFETY: DuckDB's own input.
        Err(error) => unsafe { refuse(input, &error) },
    }
}

thread_local! {
    /// The table for the load that is going on in this thread.
    static ARRANGED: Cell<*const FunctionTable> = const { Cell::new(std::ptr::null()) };
}

/// In the place of DuckDB's own `get_api`. `duckdb-neo` asks once, at the beginning, and copies what it gets.
unsafe extern "C" fn arranged_api(_: ffi::duckdb_v2_extension_handle, _version: *const c_char) -> *const c_void {
    ARRANGED.get().cast()
}

/// Arranges DuckDB's functions, for the DuckDB that the footer names. `None` where DuckDB gives none.
unsafe fn prepare(input: &ffi::duckdb_v2_extension_input) -> Result<Option<(Footer, Box<FunctionTable>)>> {
    let get_api = input.get_api.ok_or_else(|| wrong_file("DuckDB did not give access to its functions"))?;
    let duckdb = Library::of(get_api as *const ());
    let exported = |name: &CStr| duckdb.as_ref()?.function(name);
    let footer =
        Footer::own().map_err(|error| wrong_file(format!("its footer cannot be read: {error}")).caused_by(error))?;
    let layout = layout(&footer)?;
    // SAFETY: DuckDB's own function with its own handle. It gives the whole table, whatever version it is told.
    let table: *const *const c_void = unsafe { get_api(input.extension, c"v2.0.0".as_ptr()) }.cast();
    if table.is_null() {
        return Ok(None);
    }
    let named = duckdb.as_ref().filter(|duckdb| duckdb.function(NAMES[0]).is_some());
    let named = named.map(|duckdb| |name: &CStr| duckdb.named(name));
    // SAFETY: the table of this version has these places; of another one, none is read after the first that differs.
    let arranged = layout.table(|place| unsafe { table.add(place).read() }, named).map_err(|name| {
        let name = name.to_string_lossy();
        wrong_file(format!(
            "this file is for DuckDB {}, and {} has {name} elsewhere",
            layout.version,
            loading(exported)
        ))
    })?;
    one_duckdb::claim(get_api as *const ())?;
    Ok(Some((footer, Box::new(arranged))))
}

/// The layout for what the footer names.
fn layout(footer: &Footer) -> Result<&'static Layout> {
    if footer.abi != "C_STRUCT_UNSTABLE" {
        return Err(wrong_file(format!("its footer says {}, which has no stable form in DuckDB 2.x", footer.abi)));
    }
    Layout::of(&footer.duckdb).ok_or_else(|| wrong_file(format!("it does not support DuckDB {}", footer.duckdb)))
}

fn wrong_file(what: impl std::fmt::Display) -> Error {
    Error::new(Code::WrongFile, format!("this file of the extension mixpanel does not fit: {what}")).fix(
        "Load the file for this version of DuckDB, or the file for all versions (v1). docs/install.md says where \
         they are",
    )
}

/// The DuckDB that is loading us, by its own word. This function was the same in all versions.
fn loading(exported: impl Fn(&CStr) -> Option<*const c_void>) -> String {
    let Some(function) = exported(c"duckdb_library_version") else {
        return "this one".to_owned();
    };
    // SAFETY: what bears that name in DuckDB's library takes nothing and gives a text that stays.
    let version = unsafe {
        let library_version = std::mem::transmute::<*const c_void, extern "C" fn() -> *const c_char>(function);
        CStr::from_ptr(library_version())
    };
    format!("DuckDB {}", version.to_string_lossy())
}

type SetCode = unsafe extern "C" fn(ffi::duckdb_v2_error_info_handle, ffi::DUCKDB_V2_ERROR) -> ffi::DUCKDB_V2_ERROR;
type SetText =
    unsafe extern "C" fn(ffi::duckdb_v2_error_info_handle, *const ffi::duckdb_v2_str) -> ffi::DUCKDB_V2_ERROR;

/// Tells DuckDB why we can't be loaded: by the names of its functions, since their places are not known.
unsafe fn refuse(input: &ffi::duckdb_v2_extension_input, error: &Error) {
    let text = error.to_string();
    let duckdb = input.get_api.and_then(|get_api| Library::of(get_api as *const ()));
    let exported = |name: &CStr| duckdb.as_ref()?.function(name);
    let functions = exported(c"duckdb_v2_error_info_set_code").zip(exported(c"duckdb_v2_error_info_set_text"));
    // SAFETY: DuckDB's own slot for an error, and its own functions, which take these.
    unsafe {
        let slot = input.err.as_ref().filter(|slot| !slot.is_null());
        let (Some((set_code, set_text)), Some(slot)) = (functions, slot) else {
            // DuckDB says only that the load failed.
            eprintln!("mixpanel: {text}");
            return;
        };
        let set_code = std::mem::transmute::<*const c_void, SetCode>(set_code);
        let set_text = std::mem::transmute::<*const c_void, SetText>(set_text);
        let text = ffi::duckdb_v2_str { ptr: text.as_ptr().cast(), len: text.len() as u64 };
        set_code(*slot, ffi::DUCKDB_V2_ERROR::DUCKDB_V2_ERROR_INPUT_INVALID);
        set_text(*slot, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footer(abi: &str, duckdb: &str) -> Footer {
        Footer { abi: abi.to_owned(), duckdb: duckdb.to_owned(), platform: "linux_amd64".to_owned() }
    }

    #[test]
    fn a_footer_names_a_duckdb_that_is_known() {
        for version in ["v2.0.0", "v2.0.1"] {
            assert_eq!(layout(&footer("C_STRUCT_UNSTABLE", version)).unwrap().version, version);
        }
        for (abi, version, says) in [
            ("C_STRUCT", "v2.0.0", "its footer says C_STRUCT"),
            ("C_STRUCT_UNSTABLE", "v2.9.0", "it does not support DuckDB v2.9.0"),
            ("C_STRUCT_UNSTABLE", "", "it does not support DuckDB"),
            ("", "v2.0.0", "its footer says"),
        ] {
            let error = layout(&footer(abi, version)).map(|layout| layout.version).unwrap_err().to_string();
            assert!(error.starts_with("[WRONG_FILE]") && error.contains(says), "{error}");
        }
    }
}
