//! `mixpanel_version()`: which build is loaded.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};

use crate::contract::{Result, Scalar, SqlType};

pub const VERSION: Scalar = Scalar {
    name: "mixpanel_version",
    description: "Returns the version of the mixpanel extension.",
    example: "SELECT mixpanel_version();",
    parameters: &[],
    overloads: &[&[]],
    returns: SqlType::Varchar,
    call,
};

fn call(_arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    Ok(Arc::new((0..rows).map(|_| Some(env!("CARGO_PKG_VERSION"))).collect::<StringViewArray>()))
}
