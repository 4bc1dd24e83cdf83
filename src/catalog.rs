//! Everything that SQL can see, one line each.

use std::sync::Arc;

use crate::{
    contract::{Host, Macro, Pragma, Replacement, Result, ScalarFunction, Setting, TableFunction},
    functions::{
        accounts, activity_feed, api, build, discovery, export, fetches, macro_sql, managed, profiles, property, quota,
        quote, reports, saved, settings, timestamp, utc, version,
    },
    kept, macros,
};

pub fn table_functions(host: Host) -> Vec<Box<dyn TableFunction>> {
    vec![
        Box::new(export::Export),
        Box::new(export::ExportPlan),
        Box::new(profiles::Profiles),
        Box::new(activity_feed::ActivityFeed),
        Box::new(discovery::Events),
        Box::new(discovery::Properties),
        Box::new(discovery::PropertyValues),
        Box::new(discovery::TopEvents),
        Box::new(discovery::Funnels),
        Box::new(discovery::Cohorts),
        Box::new(discovery::Bookmarks),
        Box::new(discovery::LexiconSchemas),
        Box::new(discovery::LexiconSchema),
        Box::new(discovery::Annotations),
        Box::new(discovery::Workspaces),
        Box::new(discovery::ClearCache),
        Box::new(reports::SEGMENTATION),
        Box::new(reports::NUMERIC),
        Box::new(reports::SUM),
        Box::new(reports::AVERAGE),
        Box::new(reports::FUNNEL),
        Box::new(reports::RETENTION),
        Box::new(reports::FREQUENCY),
        Box::new(reports::EVENT_COUNTS),
        Box::new(reports::PROPERTY_COUNTS),
        Box::new(reports::JQL),
        Box::new(accounts::Accounts),
        Box::new(accounts::Add),
        Box::new(accounts::Remove),
        Box::new(accounts::Use),
        Box::new(accounts::Test),
        Box::new(saved::SavedReport),
        Box::new(saved::Flows),
        Box::new(api::Api),
        Box::new(quota::Quota),
        Box::new(fetches::Fetches),
        Box::new(managed::FetchSql),
        Box::new(macro_sql::MacroSql),
        Box::new(build::Build(host)),
    ]
}

pub fn scalar_functions() -> Vec<Arc<dyn ScalarFunction>> {
    vec![
        Arc::new(property::Property),
        Arc::new(timestamp::Timestamp),
        Arc::new(utc::Utc),
        Arc::new(quote::Quote),
        Arc::new(saved::BookmarkId),
        Arc::new(version::Version),
    ]
}

pub fn pragmas() -> Vec<Box<dyn Pragma>> {
    vec![
        Box::new(managed::FetchEvents),
        Box::new(managed::FetchProfiles),
        Box::new(managed::SyncEvents),
        Box::new(managed::SyncProfiles),
        Box::new(managed::Drop),
    ]
}

/// Errors: `Internal` for a macro's file that can't be read.
pub fn macros() -> Result<Vec<Macro>> {
    macros::all()
}

pub fn settings() -> &'static [Setting] {
    settings::SETTINGS
}

/// What stands for a table that a database does not have, by the name in `FROM`.
pub fn replacement(name: &str) -> Option<Replacement> {
    // `_metadata` where nothing has been fetched yet: an empty history instead of an error.
    if name.eq_ignore_ascii_case(kept::METADATA) {
        return Some(Replacement::Query(kept::NO_HISTORY));
    }
    saved::report_at(name)
}
