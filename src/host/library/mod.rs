//! Which library does an address belong to, and what does that export by name?

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{Library, file_of};
#[cfg(windows)]
pub use windows::{Library, file_of};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ours_is_in_the_file_that_runs() {
        let file = file_of(file_of as *const ()).unwrap();
        assert_eq!(file.canonicalize().unwrap(), std::env::current_exe().unwrap().canonicalize().unwrap());
        assert_eq!(file_of(std::ptr::null()), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_library_has_its_own_names_and_no_others() {
        let system = Library::of(libc::malloc as *const ()).unwrap();
        assert_eq!(system.function(c"malloc"), Some(libc::malloc as *const _));
        assert_eq!(system.function(c"duckdb_v2_arena_allocate"), None);
        // The program that runs sees that too, but does not have it.
        let program = Library::of(file_of as *const ()).unwrap();
        assert_eq!(program.function(c"malloc"), None);
        assert_eq!(program.named(c"malloc"), libc::malloc as *const _);
        assert!(program.named(c"duckdb_v2_arena_allocate").is_null());
    }
}
