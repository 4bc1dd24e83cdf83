//! The same on Windows, by handles of modules.

use std::{
    ffi::{CStr, OsString, c_void},
    os::windows::ffi::OsStringExt,
    path::PathBuf,
};

use windows_sys::Win32::{
    Foundation::HMODULE,
    System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, GetModuleFileNameW,
        GetModuleHandleExW, GetProcAddress,
    },
};

/// The longest path that there is.
const LONGEST: usize = 1 << 15;

/// A library that is loaded, or the program itself.
pub struct Library(HMODULE);

impl Library {
    pub fn of(address: *const ()) -> Option<Self> {
        let mut handle: HMODULE = std::ptr::null_mut();
        let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
        // SAFETY: with these flags the second argument is any address, and the handle need not be given back.
        let found = unsafe { GetModuleHandleExW(flags, address.cast(), &mut handle) };
        (found != 0 && !handle.is_null()).then_some(Self(handle))
    }

    pub fn function(&self, name: &CStr) -> Option<*const c_void> {
        // SAFETY: the library is loaded, the name a C string.
        unsafe { GetProcAddress(self.0, name.as_ptr().cast()) }.map(|function| function as *const c_void)
    }

    /// The same, null for nothing.
    pub fn named(&self, name: &CStr) -> *const c_void {
        self.function(name).unwrap_or(std::ptr::null())
    }
}

/// The file that holds this address.
pub fn file_of(address: *const ()) -> Option<PathBuf> {
    let library = Library::of(address)?;
    let mut path = vec![0u16; LONGEST];
    // SAFETY: the length is the buffer's.
    let length = unsafe { GetModuleFileNameW(library.0, path.as_mut_ptr(), LONGEST as u32) } as usize;
    (0 < length && length < LONGEST).then(|| OsString::from_wide(&path[..length]).into())
}
