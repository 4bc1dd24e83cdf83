//! Calls that are one request.

use crate::{
    config::Target,
    contract::{BoundTable, Result, Table},
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

/// A call whose rows are read out of the answer to one request, made when the rows are first asked for.
pub fn answered<A: 'static>(
    target: Target,
    request: Request,
    read: impl Fn(&str) -> Result<A> + Send + Sync + 'static,
    table: Table<A>,
) -> Box<dyn BoundTable> {
    table.of(move || read(&ask(&target, &request)?))
}

/// What a call with `raw := true` returns: one row, the whole answer. A list without answers has no row.
pub fn raw() -> Table<Vec<String>> {
    Table::new().json_ref("response", |text: &String| Some(text))
}

/// The same call with `raw := true`.
pub fn raw_answer(target: Target, request: Request) -> Box<dyn BoundTable> {
    raw().of(move || Ok(vec![ask(&target, &request)?]))
}
