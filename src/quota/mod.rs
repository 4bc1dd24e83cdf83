//! May this request be made now?
//!
//! Mixpanel counts the requests of each project: 60 an hour to its exports, 60 to
//! its queries. Here they are counted first, by all processes of a user together.
//!
//! ```text
//!   gate      waits for a place and a start, for one client
//!     │
//!   ledger    where the books lie: in files that processes share, or in this process
//!     │ shared    one file, its lock, and what goes wrong with them
//!     │
//!   book      one limit of one project: starts, claims, a pause, what Mixpanel said; pure
//!   limits    Mixpanel's numbers; project: whose they are
//! ```

mod book;
mod gate;
mod ledger;
mod limits;
mod project;
mod shared;

pub use book::{Book, CLAIM_LIFE, Claim, Limit, LimitSource, Millis};
pub use gate::{Closed, Gate, Permit, Places};
pub use ledger::{Ledger, Usage};
pub use limits::{PATIENCE, Quota, moment};
pub use project::Project;
