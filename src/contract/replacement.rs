//! What stands in `FROM` where the database has no table of that name?

/// In the place of such a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replacement {
    /// The rows of a query.
    Query(&'static str),
    /// Those of a table function, called with one text.
    Call { function: &'static str, argument: String },
}
