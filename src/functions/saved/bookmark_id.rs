//! `mixpanel_bookmark_id(url)`: the id of the saved report that a URL shows.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, cast::AsArray, types::Int64Type};
use arrow_schema::DataType;

use super::link::Link;
use crate::contract::{Result, Scalar, SqlType};

pub const BOOKMARK_ID: Scalar = Scalar {
    name: "mixpanel_bookmark_id",
    description: "Returns the id of the saved report that a Mixpanel URL shows. Returns NULL for anything else.",
    example: "SELECT mixpanel_bookmark_id('https://mixpanel.com/project/12345/app/insights#report/8001/orders');",
    parameters: &["url"],
    overloads: &[&[SqlType::Varchar], &[SqlType::BigInt]],
    returns: SqlType::BigInt,
    call,
};

fn call(arguments: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
    let urls = &arguments[0];
    let ids: Int64Array = match urls.data_type() {
        DataType::Int64 => urls.as_primitive::<Int64Type>().iter().map(|id| id.filter(|id| *id > 0)).collect(),
        _ => urls.as_string_view().iter().map(|url| Some(Link::read(url?).ok()?.bookmark_id)).collect(),
    };
    Ok(Arc::new(ids))
}
