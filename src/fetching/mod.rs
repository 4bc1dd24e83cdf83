//! What is a fetch of many requests, and how does it come to its end?
//!
//! [`events`] are windows of days, [`profiles`] are pages. Both run on a `thread` of their own, ask Mixpanel through a
//! `client` that counts, and keep the [`record`] that `mixpanel_fetches()` shows; their calls have [`columns()`] and
//! [`Workers`] alike.

mod client;
mod columns;
pub mod events;
pub mod profiles;
pub mod record;
mod thread;
mod workers;

pub use columns::columns;
pub use workers::Workers;
