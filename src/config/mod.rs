//! With whose credentials does a call reach Mixpanel?
//!
//! [`Config`] is the way in: it resolves a call to a [`Target`], and lists and
//! changes the accounts. Credentials come from the environment or from
//! `~/.mp/config.toml`, and are [`Secret`] from the moment they are read.

mod account;
mod accounts;
mod base_url;
mod credentials;
mod edit;
mod environment;
mod file;
mod format;
mod hints;
mod keeping;
mod lock;
mod region;
mod resolve;
mod secret;
mod store;
mod testing;

#[cfg(test)]
mod resolve_tests;

pub use account::{ENVIRONMENT_ACCOUNT, check_account_name, check_id};
pub use accounts::{AccountInfo, Config, NewAccount, Written};
pub use base_url::BaseUrl;
pub use credentials::{Credentials, Kind};
pub use environment::Environment;
pub use keeping::{ArchivePlace, DEFAULT_AGE, Keeping, KeepingSettings};
pub use region::Region;
pub use resolve::{Overrides, RegionFrom, Target};
pub use secret::Secret;
pub use testing::Testing;
