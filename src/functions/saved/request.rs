//! The two routes that show saved reports.

use super::{flow_rows::FlowMode, link::Link};
use crate::mixpanel::{Api, Request};

/// A saved report of Insights, funnels or retention, computed for the period that it was saved with.
pub fn insights(link: &Link) -> Request {
    Request::get(Api::Query, "insights").query("bookmark_id", link.bookmark_id.to_string())
}

/// A saved report of Flows, in one of its forms.
pub fn arb_funnels(link: &Link, mode: FlowMode) -> Request {
    Request::get(Api::Query, "arb_funnels")
        .query("bookmark_id", link.bookmark_id.to_string())
        .query("query_type", mode.query_type())
}
