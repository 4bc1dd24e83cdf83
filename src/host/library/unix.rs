//! The same on Unix, by the loader's `dladdr` and `dlsym`.

use std::{
    ffi::{CStr, OsStr, c_void},
    mem::MaybeUninit,
    os::unix::ffi::OsStrExt,
    path::PathBuf,
};

/// A library that is loaded, or the program itself.
pub struct Library {
    handle: *mut c_void,
    base: *mut c_void,
}

impl Library {
    pub fn of(address: *const ()) -> Option<Self> {
        let info = info(address)?;
        // SAFETY: a C string of the loader's. Nothing new is loaded, so no code runs.
        let mut handle = unsafe { libc::dlopen(info.dli_fname, libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
        if handle.is_null() {
            // The program itself has other names than its file's; together with it come libraries, see `function`.
            // SAFETY: as above.
            handle = unsafe { libc::dlopen(std::ptr::null(), libc::RTLD_LAZY) };
        }
        (!handle.is_null()).then_some(Self { handle, base: info.dli_fbase })
    }

    /// Only what is in this very library: not of those that it needs, nor what another puts in its place.
    pub fn function(&self, name: &CStr) -> Option<*const c_void> {
        let function = self.named(name);
        let place = info(function.cast())?;
        (place.dli_fbase == self.base).then_some(function)
    }

    /// What this library, or one that it needs, has by this name; null for nothing. To compare with: it is a thousand times
    /// as fast as [`Library::function`], because to say whose an address is the loader reads all names of its library.
    pub fn named(&self, name: &CStr) -> *const c_void {
        // SAFETY: the handle is open, the name a C string.
        unsafe { libc::dlsym(self.handle, name.as_ptr()) }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed once; it stays loaded for whoever loaded it.
        unsafe { libc::dlclose(self.handle) };
    }
}

/// The file that holds this address.
pub fn file_of(address: *const ()) -> Option<PathBuf> {
    // SAFETY: a C string of the loader's, alive as long as the library.
    let name = unsafe { CStr::from_ptr(info(address)?.dli_fname) };
    Some(OsStr::from_bytes(name.to_bytes()).into())
}

fn info(address: *const ()) -> Option<libc::Dl_info> {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: any address may be asked about; the structure is valid as zeros, and filled where the answer is not 0.
    let info = unsafe {
        match libc::dladdr(address.cast(), info.as_mut_ptr()) {
            0 => return None,
            _ => info.assume_init(),
        }
    };
    (!info.dli_fname.is_null()).then_some(info)
}
