//! What is a fetch of many requests, and how does it come to its end?
//!
//! [`events`] are windows of days, [`profiles`] are pages; [`record`] is what `mixpanel_fetches()` shows of both.

pub mod events;
pub mod profiles;
pub mod record;
