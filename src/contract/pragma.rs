//! What is a pragma? A statement of ours that becomes SQL, which runs in the caller's transaction.

use super::{Arguments, Param, Result, Session, Value};

/// A pragma, as data. Only the second C API can register one; on the first, a table function returns the same script for
/// the user to run.
#[derive(Clone, Copy)]
pub struct Pragma {
    pub name: &'static str,
    /// One or two sentences.
    pub description: &'static str,
    /// One statement that works.
    pub example: &'static str,
    /// In order, the positional ones first.
    pub parameters: &'static [Param],
    /// What runs in its place, all or nothing. Makes no request.
    pub script: fn(&Arguments, &Session) -> Result<Statements>,
}

impl Pragma {
    /// The script of a call, as a host has it (see [`Function::call`](super::Function::call)).
    pub fn call(&self, given: Vec<(String, Value)>, session: &Session) -> Result<Statements> {
        self.statements(Arguments::given(given)?, session)
    }

    /// The same for arguments that another function was given.
    pub fn statements(&self, arguments: Arguments, session: &Session) -> Result<Statements> {
        let arguments = session.with_settings(arguments, self.parameters);
        (self.script)(&arguments, session).map_err(|error| session.secrets().redact(error))
    }
}

/// What a pragma becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statements {
    /// Statements that return no rows.
    pub work: String,
    /// The one statement, after all others, whose rows say what happened.
    pub report: String,
}
