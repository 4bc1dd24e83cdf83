//! Everything that SQL can see, one line each.

use std::sync::Arc;

use crate::{
    contract::{ScalarFunction, TableFunction},
    functions::{accounts, api, export, fetches, property, quota, quote, saved, timestamp, version},
};

pub fn table_functions() -> Vec<Box<dyn TableFunction>> {
    vec![
        Box::new(export::Export),
        Box::new(export::ExportPlan),
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
    ]
}

pub fn scalar_functions() -> Vec<Arc<dyn ScalarFunction>> {
    vec![
        Arc::new(property::Property),
        Arc::new(timestamp::Timestamp),
        Arc::new(quote::Quote),
        Arc::new(saved::BookmarkId),
        Arc::new(version::Version),
    ]
}
