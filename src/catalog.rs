//! Everything that SQL can see, one line each.

use std::sync::Arc;

use crate::{
    contract::{ScalarFunction, TableFunction},
    functions::{quote, version},
};

pub fn table_functions() -> Vec<Box<dyn TableFunction>> {
    vec![]
}

pub fn scalar_functions() -> Vec<Arc<dyn ScalarFunction>> {
    vec![
        Arc::new(version::Version),
        Arc::new(quote::Quote),
    ]
}
