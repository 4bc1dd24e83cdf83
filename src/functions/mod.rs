//! The SQL surface, one file per family. `catalog.rs` lists what is registered.

pub mod quote;
pub mod version;
