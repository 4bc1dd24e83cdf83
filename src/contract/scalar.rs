//! Scalar functions, over Arrow arrays.

use arrow_array::ArrayRef;

use super::{Documentation, Result, SqlType};

/// A scalar function, described once and registered by both hosts.
pub trait ScalarFunction: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    fn documentation(&self) -> Documentation;
    fn parameter_names(&self) -> &'static [&'static str];
    /// The parameter types of each overload; every overload returns [`Self::returns`].
    fn overloads(&self) -> Vec<Vec<SqlType>>;
    fn returns(&self) -> SqlType;
    /// One array for each parameter, all of `rows` values, of the Arrow types of one overload.
    /// A NULL argument is the function's to answer.
    fn call(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef>;
}
