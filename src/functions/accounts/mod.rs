//! Accounts: which there are, adding, removing and choosing one, and whether one works.

mod change;
mod list;
mod test;

pub use change::{ADD, REMOVE, USE};
pub use list::ACCOUNTS;
pub use test::TEST;
