//! Calls that are one request.
//!
//! Whose answer is remembered for a minute, whatever function asked ([`known::live_answer`]). Each such function takes
//! [`LIVE`](super::parameters::LIVE).

use std::sync::Arc;

use crate::{
    config::Target,
    contract::{BoundTable, Result, Table, rows},
    known,
    mixpanel::Request,
};

/// The answer to a request, as text that DuckDB's JSON functions accept. Blocks.
///
/// Errors: whatever a request can fail with.
pub fn ask(target: &Target, request: &Request) -> Result<String> {
    Ok(Arc::unwrap_or_clone(known::live_answer(target, request)?))
}

/// What is read out of the answer to a request. One that can't be read is not remembered, so that the next call asks anew.
///
/// Errors: whatever a request or `read` can fail with.
pub fn ask_for<A>(target: &Target, request: &Request, read: impl FnOnce(&str) -> Result<A>) -> Result<A> {
    read(&known::live_answer(target, request)?).inspect_err(|_| known::forget(target, request))
}

/// A call whose rows are read out of the answer to one request, made when the rows are first asked for.
pub fn answered<A: 'static>(
    target: Target,
    request: Request,
    read: impl Fn(&str) -> Result<A> + Send + Sync + 'static,
    table: Table<A>,
) -> Box<dyn BoundTable> {
    rows(table.columns(), move || ask_for(&target, &request, |text| table.batch(&read(text)?)))
}

/// What a call with `raw := true` returns: one row, the whole answer. A list without answers has no row.
pub fn raw() -> Table<Vec<String>> {
    Table::new().json_ref("response", |text: &String| Some(text))
}

/// The same call with `raw := true`.
pub fn raw_answer(target: Target, request: Request) -> Box<dyn BoundTable> {
    raw().of(move || Ok(vec![ask(&target, &request)?]))
}
