//! Accounts: which there are, adding, removing and choosing one, and whether one works.

mod change;
mod list;
mod test;

pub use change::{Add, Remove, Use};
pub use list::Accounts;
pub use test::Test;
