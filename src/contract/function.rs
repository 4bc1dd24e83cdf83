//! What is a table function? Data, and one function that binds a call.
//!
//! Whoever adds one writes a [`Function`] and names it in [`crate::catalog`]; both hosts register what is listed there.

use super::{Arguments, BoundTable, Param, Result, Session, Value, redacted};

/// A table function.
#[derive(Clone, Copy)]
pub struct Function {
    pub name: &'static str,
    /// One or two sentences.
    pub description: &'static str,
    /// One statement that works.
    pub example: &'static str,
    /// In order, the positional ones first.
    pub parameters: &'static [Param],
    /// Validates the arguments and fixes the columns. Makes no request.
    pub bind: fn(Arguments, &Session) -> Result<Box<dyn BoundTable>>,
    /// Whether [`BoundTable::scan`] makes use of filters.
    pub takes_filters: bool,
    /// Whether [`Scan::progress`](super::Scan::progress) answers.
    pub reports_progress: bool,
}

impl Function {
    /// What most functions are in what they don't say.
    pub const PLAIN: Self = Self {
        name: "",
        description: "",
        example: "",
        parameters: &[],
        bind: |_, _| Ok(super::Table::<Vec<()>>::new().of(|| Ok(vec![]))),
        takes_filters: false,
        reports_progress: false,
    };

    /// Binds a call, as a host has it: the session's settings stand for what it leaves out, and no error of it, now or
    /// while it is read, repeats a secret.
    pub fn call(&self, given: Vec<(String, Value)>, session: &Session) -> Result<Box<dyn BoundTable>> {
        let arguments = session.with_settings(Arguments::given(given)?, self.parameters);
        redacted::bound((self.bind)(arguments, session), session.secrets())
    }
}
