//! Saved reports, which Mixpanel calls bookmarks.

mod address;
mod argument;
mod board;
mod bookmark_id;
mod flows;
mod flows_answer;
mod link;
mod report;
mod report_answer;
mod request;

pub use address::call_at;
pub use board::{BOARD, board};
pub use bookmark_id::BOOKMARK_ID;
pub use flows::FLOWS;
pub use report::SAVED_REPORT;
