//! Saved reports, which Mixpanel calls bookmarks.

mod address;
mod argument;
mod board;
mod bookmark_id;
mod flow_rows;
mod flows;
mod flows_answer;
mod link;
mod other_days;
mod report;
mod report_answer;
mod request;
mod tree_answer;

pub use address::call_at;
pub use board::{BOARD, board};
pub use bookmark_id::BOOKMARK_ID;
pub use flow_rows::{FlowMode, MODE as FLOW_MODE};
pub use flows::FLOWS;
pub use report::{Dates, SAVED_REPORT, numbers, table as report_table};
pub use report_answer::{
    Report, ReportSeries, distinct_segments, read as read_report, read_dated_inside as read_report_dated_inside,
};
