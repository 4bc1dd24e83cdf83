//! Pragmas: statements of ours that become SQL, which runs in the caller's transaction.

use super::{Arguments, Documentation, Parameter, Result, Session};

/// A pragma, described once. Only the second C API can register one; on the first, a table function returns the same
/// script for the user to run.
pub trait Pragma: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    fn documentation(&self) -> Documentation;
    fn parameters(&self) -> Vec<Parameter>;
    /// What runs in its place, all or nothing. Makes no request.
    fn script(&self, arguments: Arguments, session: Session) -> Result<Statements>;
}

/// What a pragma becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statements {
    /// Statements that return no rows.
    pub work: String,
    /// The one statement, after all others, whose rows say what happened.
    pub report: String,
}
