//! What does an export ask for, and how is that a request?
//!
//! `GET /api/2.0/export`, as `export.openapi.yaml` describes it. Times are asked
//! for in milliseconds: seconds would lose the order of events, and make events
//! equal that are not.

use jiff::civil::Date;

use super::plan::{MAX_LIMIT, Window};
use crate::{
    config::Target,
    mixpanel::{Api, Request},
};

/// What all windows of an export have in common.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    target: Target,
    events: Option<Vec<String>>,
    filter: Option<String>,
    limit: Option<u64>,
    /// The last day, where it is our choice and may be tomorrow's in the project's time zone.
    chosen_end: Option<Date>,
}

impl ExportRequest {
    pub fn new(target: Target, events: Option<Vec<String>>, filter: Option<String>, max_rows: Option<u64>) -> Self {
        // The API takes no larger limit; where more rows are wanted, they are counted here.
        Self { target, events, filter, limit: max_rows.filter(|&rows| rows <= MAX_LIMIT), chosen_end: None }
    }

    /// Says that the last day is nobody's explicit wish.
    pub fn ending_about(mut self, day: Option<Date>) -> Self {
        self.chosen_end = day;
        self
    }

    /// Whether a window may do without its last day if Mixpanel says that this day is yet to come.
    pub fn may_end_earlier(&self, window: Window) -> bool {
        // At any moment, no two places are more than two dates apart.
        self.chosen_end.is_some_and(|end| window.to <= end && end.duration_until(window.to).as_hours() > -48)
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The request for the days of one window.
    pub fn window(&self, window: Window) -> Request {
        let mut request = Request::get(Api::Export, "/export")
            .query("from_date", window.from.to_string())
            .query("to_date", window.to.to_string())
            .query("time_in_ms", "true");
        if let Some(events) = &self.events {
            request = request.query("event", serde_json::json!(events).to_string());
        }
        if let Some(filter) = &self.filter {
            request = request.query("where", filter.clone());
        }
        if let Some(limit) = self.limit {
            request = request.query("limit", limit.to_string());
        }
        request
    }
}
