//! How do days become rows? Days -> windows -> downloads -> spooled bytes -> rows.
//!
//! Its promise: every row exactly once, or an error that names the days. A window
//! is looked at only when it has arrived whole, so a connection that broke, an
//! answer that was cut and a server that gave up are mended by asking for that
//! window again; nothing of it was emitted yet.

mod answer;
mod apportion;
mod board;
mod download;
mod files;
mod inflate;
mod keeper;
pub mod narrow;
pub mod plan;
mod request;
mod scan;
mod slots;
mod source;
mod spool;
mod verify;

use super::Workers;

pub use board::OnFailure;
pub use download::Terms;
pub use files::FileScan;
pub use keeper::{PlannedWindow, WindowOrigin};
pub use request::ExportRequest;
pub use scan::{ExportOrder, ExportScan};

/// The API allows 100 exports at a time; more workers than this gain nothing at 3 starts a second.
pub const WORKERS: Workers = Workers { usual: 8, most: 48 };
