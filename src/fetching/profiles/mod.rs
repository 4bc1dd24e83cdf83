//! How does a question for profiles become rows? ProfilesQuestion -> pages -> rows.
//!
//! Mixpanel answers a question for profiles page by page: the first page opens a
//! session, which the others are asked for with. The promise is the export's:
//! every profile exactly once, or an error; never a part without a word.
//!
//! Pages become rows as they arrive. Nothing is held back until the last of them
//! is here, so that `LIMIT 10` costs a page and not all five hundred, and memory
//! holds a handful of pages (those under way, two that wait, one that is read),
//! whatever their number. What makes that safe is that the identities of all
//! profiles that were handed out are remembered, as hashes of 128 bits: 40 MB for a
//! million. A profile that comes on two pages is handed out once, and when the
//! server forgets its session in the middle, the question is asked anew and only
//! what was not handed out yet follows. An end that can't be trusted is an error,
//! with which DuckDB undoes the statement.

mod download;
mod page;
mod pages;
mod question;
mod scan;
mod seen;

use super::Workers;

pub use question::{ProfilesRequest, Sort};
pub use scan::ProfilesScan;

/// The query API allows 5 requests at a time, for everybody who reads the project.
pub const WORKERS: Workers = Workers { usual: 4, most: 5 };
