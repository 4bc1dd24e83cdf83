//! What is a scalar function? A name, its overloads, and what they do with Arrow arrays.

use arrow_array::ArrayRef;

use super::{Result, SqlType};

/// A scalar function, as data.
#[derive(Clone, Copy)]
pub struct Scalar {
    pub name: &'static str,
    /// One or two sentences.
    pub description: &'static str,
    /// One statement that works.
    pub example: &'static str,
    /// The names of the parameters, the same in each overload.
    pub parameters: &'static [&'static str],
    /// The parameter types of each overload.
    pub overloads: &'static [&'static [SqlType]],
    /// Of every overload.
    pub returns: SqlType,
    /// Takes one array for each parameter, all of so many values, of the Arrow types of one overload. A NULL argument is
    /// the function's to answer.
    pub call: fn(&[ArrayRef], usize) -> Result<ArrayRef>,
}
