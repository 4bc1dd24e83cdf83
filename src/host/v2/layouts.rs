//! Where in its table of functions does each DuckDB 2.x have what the bindings expect?
//!
//! DuckDB promises nothing about the order yet: it may change with every release,
//! patches included. The bindings are made for one of them; for each other version
//! that is known, runs of neighbours say how the bindings' table is made of its own.
//!
//! Words: "here" is a place in the bindings' table, "there" one in DuckDB's.

mod known;

use std::ffi::{CStr, c_void};

use duckdb_neo::ffi::duckdb_ext_api_v2;
pub use known::{KNOWN, NAMES};

// The bindings' table has a pointer for each name, and nothing else. A change of one without the other is an error here.
const _: () = assert!(size_of::<duckdb_ext_api_v2>() == size_of::<FunctionTable>());
// Nothing is written beside the table.
const _: () = {
    let mut layout = 0;
    while layout < KNOWN.len() {
        let mut run = 0;
        while run < KNOWN[layout].runs.len() {
            let (here, _, count) = KNOWN[layout].runs[run];
            assert!(here + count <= NAMES.len());
            run += 1;
        }
        layout += 1;
    }
};

/// The functions in the bindings' order. Those that a DuckDB has not, or has with other arguments, are null.
pub type FunctionTable = [*const c_void; NAMES.len()];

pub struct Layout {
    /// As a footer writes it.
    pub version: &'static str,
    /// (first place here, first place there, how many).
    pub runs: &'static [(usize, usize, usize)],
}

impl Layout {
    pub fn of(version: &str) -> Option<&'static Layout> {
        KNOWN.iter().find(|layout| layout.version == version)
    }

    /// The bindings' table, made of DuckDB's. Where DuckDB exports its functions by name, `named` says which bears one, and
    /// each has to be where this layout has it; `there` is asked for nothing beyond the first that is not.
    ///
    /// Errors: the name of that one.
    pub fn table(
        &self,
        there: impl Fn(usize) -> *const c_void,
        named: Option<impl Fn(&CStr) -> *const c_void>,
    ) -> Result<FunctionTable, &'static CStr> {
        let mut table = [std::ptr::null(); NAMES.len()];
        for &(first_here, first_there, count) in self.runs {
            for at in 0..count {
                let (name, function) = (NAMES[first_here + at], there(first_there + at));
                if function.is_null() || named.as_ref().is_some_and(|named| named(name) != function) {
                    return Err(name);
                }
                table[first_here + at] = function;
            }
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A pointer that says which place it came from.
    fn place(at: usize) -> *const c_void {
        std::ptr::without_provenance(at + 1)
    }

    fn here(name: &CStr) -> usize {
        NAMES.iter().position(|known| *known == name).unwrap()
    }

    /// What a DuckDB of this layout exports.
    fn exports(layout: &Layout) -> impl Fn(&CStr) -> *const c_void {
        |name| {
            let at = here(name);
            let run = layout.runs.iter().find(|(here, _, count)| (*here..here + count).contains(&at));
            run.map_or(std::ptr::null(), |run| place(run.1 + at - run.0))
        }
    }

    /// No names at all, as in a program that exports none.
    const NONE: Option<fn(&CStr) -> *const c_void> = None;

    #[test]
    fn names_are_in_the_order_of_the_bindings() {
        let table: FunctionTable = std::array::from_fn(place);
        // SAFETY: of the same size, and a pointer of any value is a function as long as nobody calls it.
        let api: duckdb_ext_api_v2 = unsafe { std::mem::transmute(table) };
        let text = format!("{api:?}");
        let mut fields = text.split(['{', ',']).skip(1);
        for (at, name) in NAMES.iter().enumerate() {
            let expected = format!("{}: Some({:#x})", name.to_str().unwrap(), at + 1);
            assert_eq!(fields.next().unwrap().trim().trim_end_matches('}').trim(), expected);
        }
        assert_eq!(fields.next(), None);
    }

    #[test]
    fn the_bindings_own_version_is_known_and_others_are() {
        let own = Layout::of("v2.0.0").unwrap();
        assert_eq!(own.runs, [(0, 0, NAMES.len())]);
        assert!(Layout::of("v2.0.1").is_some());
        for unknown in ["v2.0", "2.0.0", "v2.0.10", "v1.2.0", ""] {
            assert!(Layout::of(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn each_function_comes_from_where_its_duckdb_has_it() {
        for layout in KNOWN {
            for exported in [true, false] {
                let all = exports(layout);
                let table = layout.table(place, exported.then_some(&all)).unwrap();
                for (at, name) in NAMES.iter().enumerate() {
                    assert_eq!(table[at], all(name), "{name:?} in {}", layout.version);
                }
            }
        }
        // What 2.0.1 changed is not there for anybody to call.
        let table = Layout::of("v2.0.1").unwrap().table(place, NONE).unwrap();
        let missing: Vec<_> = (0..NAMES.len()).filter(|at| table[*at].is_null()).map(|at| NAMES[at]).collect();
        assert_eq!(missing, [c"duckdb_v2_parse_sql"]);
    }

    #[test]
    fn another_layout_is_noticed_before_its_table_ends() {
        for layout in KNOWN {
            for other in KNOWN.iter().filter(|other| other.version != layout.version) {
                let furthest = Cell::new(0);
                let there = |at: usize| {
                    furthest.set(furthest.get().max(at));
                    place(at)
                };
                let wrong = layout.table(there, Some(exports(other))).unwrap_err();
                assert_ne!(exports(other)(wrong), place(furthest.get()));
                assert!(furthest.get() < NAMES.len(), "{} for {}", layout.version, other.version);
            }
        }
    }

    #[test]
    fn a_name_or_a_function_that_is_missing_is_noticed() {
        let layout = Layout::of("v2.0.1").unwrap();
        let without = |name: &CStr| if name == NAMES[300] { std::ptr::null() } else { exports(layout)(name) };
        assert_eq!(layout.table(place, Some(without)).unwrap_err(), NAMES[300]);
        let holed = |at| if at == 321 { std::ptr::null() } else { place(at) };
        assert_eq!(layout.table(holed, NONE).unwrap_err(), NAMES[300]);
    }
}
