//! `mixpanel_version()`: which build is loaded.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};

use crate::contract::{Documentation, Result, ScalarFunction, SqlType};

pub struct Version;

impl ScalarFunction for Version {
    fn name(&self) -> &'static str {
        "mixpanel_version"
    }

    fn documentation(&self) -> Documentation {
        Documentation { description: "The version of the mixpanel extension.", example: "SELECT mixpanel_version();" }
    }

    fn parameter_names(&self) -> &'static [&'static str] {
        &[]
    }

    fn overloads(&self) -> Vec<Vec<SqlType>> {
        vec![vec![]]
    }

    fn returns(&self) -> SqlType {
        SqlType::Varchar
    }

    fn call(&self, _arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        Ok(Arc::new((0..rows).map(|_| Some(env!("CARGO_PKG_VERSION"))).collect::<StringViewArray>()))
    }
}
