//! Which conditions of a `WHERE` can a host offer to a scan?
//!
//! A scan may use them to ask Mixpanel for less. It never has to apply them:
//! DuckDB checks every row again, so what a scan makes of a filter must be a
//! superset, and a host offers only what it understood completely.

use super::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `<=`, or `<`: a host can't always tell.
    LessAndMaybeEqual,
}

/// One condition on one result column; several are combined with `AND`.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    Compare { column: usize, comparison: Comparison, value: Value },
    In { column: usize, values: Vec<Value> },
}
