//! `mixpanel_bookmark_id(url)`: the id of the saved report that a URL shows.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, cast::AsArray, types::Int64Type};
use arrow_schema::DataType;

use super::link::Link;
use crate::contract::{Documentation, Result, ScalarFunction, SqlType};

pub struct BookmarkId;

impl ScalarFunction for BookmarkId {
    fn name(&self) -> &'static str {
        "mixpanel_bookmark_id"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "The id of the saved report that a URL of Mixpanel's shows. NULL for anything else.",
            example: "SELECT mixpanel_bookmark_id('https://mixpanel.com/project/12345/app/insights#report/8001/orders');",
        }
    }

    fn parameter_names(&self) -> &'static [&'static str] {
        &["url"]
    }

    fn overloads(&self) -> Vec<Vec<SqlType>> {
        vec![vec![SqlType::Varchar], vec![SqlType::BigInt]]
    }

    fn returns(&self) -> SqlType {
        SqlType::BigInt
    }

    fn call(&self, arguments: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
        let urls = &arguments[0];
        let ids: Int64Array = match urls.data_type() {
            DataType::Int64 => urls.as_primitive::<Int64Type>().iter().map(|id| id.filter(|id| *id > 0)).collect(),
            _ => urls.as_string_view().iter().map(|url| Some(Link::read(url?).ok()?.bookmark_id)).collect(),
        };
        Ok(Arc::new(ids))
    }
}
