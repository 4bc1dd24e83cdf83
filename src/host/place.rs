//! Where does code of ours run that DuckDB calls?

use std::fmt;

/// A callback, or the end of something that DuckDB keeps for us. Nothing of ours runs on its account anywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Load,
    Bind,
    /// The start of a scan.
    Scan,
    /// The start of one thread's share of it (v2).
    Thread,
    Rows,
    /// A thread of ours that reads ahead (v1).
    ReadAhead,
    /// (v2)
    Progress,
    /// (v2)
    Pushdown,
    Scalar,
    /// (v2)
    Pragma,
    /// (v2)
    Setting,
    /// A table that DuckDB does not find.
    Replacement,
    DropBound,
    DropScan,
    /// (v2)
    DropThread,
    /// What a function was registered with, when the database closes.
    DropFunction,
}

/// As a test names it: `DropBound`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
