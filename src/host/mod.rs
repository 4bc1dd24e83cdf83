//! How does DuckDB call us?
//!
//! Through one of its two C APIs. This is the only code here that knows DuckDB, and the only unsafe code. [`v1`] is loaded
//! by every DuckDB from 1.2.0 on, [`v2`] by exactly the 2.x that the file names. Both entry points live in the one shared
//! library, and the file's [`footer`] says which of them DuckDB calls. Each registers what [`crate::catalog`] lists.
//!
//! ```text
//!             DuckDB 1.x, 2.x                     the DuckDB 2.x that the footer names
//!                    |                                            |
//!        v1: mixpanel_init_c_api                     v2: mixpanel_init_c_api_v2
//!                    |                                            |
//!   bind, init, read: one thread reads           bind, init, exec: each thread of DuckDB's
//!                    |                                has a reader of its own
//!           read_ahead: threads of ours                           |
//!                    \____________________   _____________________/
//!                                         \ /
//!                     chunks: batches in pieces of 2048 rows, JSON made sound
//!                                          |
//!                           contract: BoundTable, Scan, Reader
//! ```
//!
//! Whatever DuckDB calls runs in [`contain`], under a name in [`place`].

mod chunks;
mod contain;
mod fault;
mod footer;
mod library;
mod local_files;
mod one_duckdb;
mod place;
mod read_ahead;
mod session;
mod v1;
mod v2;
