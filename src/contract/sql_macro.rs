//! What is a macro? A query of ours under a name.

use super::Value;

/// A table macro, which takes constants and is one `SELECT`.
#[derive(Debug, Clone, PartialEq)]
pub struct Macro {
    pub name: &'static str,
    /// One or two sentences.
    pub description: String,
    /// One statement that works.
    pub example: &'static str,
    /// In order; those without a default come first.
    pub parameters: Vec<(&'static str, Option<Value>)>,
    /// Names in it mean what they mean where the macro is called.
    pub body: &'static str,
}
