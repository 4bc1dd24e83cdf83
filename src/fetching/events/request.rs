//! What does an export ask for, and how is that a request?
//!
//! `GET /api/2.0/export`, as `export.openapi.yaml` describes it. Times are asked
//! for in milliseconds: seconds would lose the order of events, and make events
//! equal that are not.

use jiff::{SignedDuration, civil::Date};

use super::{
    keeper::Keeper,
    plan::{MAX_LIMIT, Window},
};
use crate::{
    archive::Question,
    config::Target,
    contract::Result,
    mixpanel::{Api, Request},
};

/// What all windows of an export have in common.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    target: Target,
    events: Option<Vec<String>>,
    filter: Option<String>,
    limit: Option<u64>,
    /// The latest day that has begun in the project for sure.
    certain: Date,
}

impl ExportRequest {
    pub fn new(
        target: Target,
        events: Option<Vec<String>>,
        filter: Option<String>,
        max_rows: Option<u64>,
        certain: Date,
    ) -> Self {
        // The API takes no larger limit; where more rows are wanted, they are counted here.
        Self { target, events, filter, limit: max_rows.filter(|&rows| rows <= MAX_LIMIT), certain }
    }

    /// Whether a window may do without its last day if Mixpanel says that this day is yet to come.
    pub fn may_end_earlier(&self, window: Window) -> bool {
        // A clock may be wrong, here or there.
        window.to > self.certain.yesterday().unwrap_or(self.certain)
    }

    /// What keeps and counts the answers. `max_age`: how old they may be, where the call says so.
    ///
    /// Errors: `InvalidConfig` where the folder that the user named can't be used.
    pub fn keeper(&self, max_age: Option<SignedDuration>) -> Result<Keeper> {
        let question = Question {
            host: Api::Export.base(self.target.region, self.target.base_url.as_ref()),
            events: self.events.as_ref().map(|names| names.iter().cloned().collect()),
            filter: self.filter.clone(),
        };
        Keeper::of(&self.target, question, max_age, self.limit.is_none())
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
