//! Everything that SQL can see, one line each.

use std::sync::Arc;

use crate::{
    contract::{Macro, Pragma, Result, ScalarFunction, Setting, TableFunction},
    functions::{
        accounts, activity_feed, export, fetches, kept, profiles, property, quota, quote, settings, timestamp, utc,
        version,
    },
    macros,
};

pub fn table_functions() -> Vec<Box<dyn TableFunction>> {
    vec![
        Box::new(export::Export),
        Box::new(export::ExportPlan),
        Box::new(profiles::Profiles),
        Box::new(activity_feed::ActivityFeed),
        Box::new(accounts::Accounts),
        Box::new(accounts::Add),
        Box::new(accounts::Remove),
        Box::new(accounts::Use),
        Box::new(accounts::Test),
        Box::new(quota::Quota),
        Box::new(fetches::Fetches),
        Box::new(kept::FetchSql),
    ]
}

pub fn scalar_functions() -> Vec<Arc<dyn ScalarFunction>> {
    vec![
        Arc::new(property::Property),
        Arc::new(timestamp::Timestamp),
        Arc::new(utc::Utc),
        Arc::new(quote::Quote),
        Arc::new(version::Version),
    ]
}

pub fn pragmas() -> Vec<Box<dyn Pragma>> {
    vec![
        Box::new(kept::FetchEvents),
        Box::new(kept::FetchProfiles),
        Box::new(kept::SyncEvents),
        Box::new(kept::SyncProfiles),
        Box::new(kept::Drop),
    ]
}

/// Errors: `Internal` for a macro's file that can't be read.
pub fn macros() -> Result<Vec<Macro>> {
    macros::all()
}

pub fn settings() -> &'static [Setting] {
    settings::SETTINGS
}
