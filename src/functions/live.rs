//! Calls that are one request.

use arrow_array::ArrayRef;

use crate::{
    config::Target,
    contract::{BoundTable, Columns, Result, SqlType, rows, texts},
    json,
    mixpanel::{Client, Request, block_on},
};

/// The answer to a request, as text that DuckDB's JSON functions accept. Blocks.
///
/// Errors: whatever a request can fail with.
pub fn ask(target: &Target, request: &Request) -> Result<String> {
    let answer = block_on(Client::new(target)?.json(request))??;
    Ok(json::into_text(answer.body))
}

/// A call whose rows are read out of the answer to one request, made when the rows are first asked for: `read` returns
/// one array for each column.
pub fn answered<F>(target: Target, request: Request, columns: Columns, read: F) -> Box<dyn BoundTable>
where
    F: Fn(&str) -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
{
    rows(columns, move || read(&ask(&target, &request)?))
}

/// The same call with `raw := true`: one row, the whole answer.
pub fn raw_answer(target: Target, request: Request) -> Box<dyn BoundTable> {
    answered(target, request, Columns::new([("response", SqlType::Json)]), |text| Ok(vec![texts([Some(text)])]))
}
