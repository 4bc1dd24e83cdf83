//! Calls that are one request.
//!
//! Whose answer is remembered for a minute, whatever function asked ([`known::live_answer`]). Each such function takes
//! [`LIVE`](super::parameters::LIVE).

use crate::{
    config::Target,
    contract::{BoundTable, Result, Table, rows_asking},
    known::{self, Remembered},
    mixpanel::Request,
};

/// The answer to a request. Blocks.
///
/// Errors: whatever a request can fail with.
pub fn ask(target: &Target, request: &Request) -> Result<Remembered> {
    known::live_answer(target, request)
}

/// A call whose rows are read out of the answer to one request, made when the rows are first asked for.
pub fn answered<A: 'static>(
    target: Target,
    request: Request,
    read: impl Fn(&str) -> Result<A> + Send + Sync + 'static,
    table: Table<A>,
) -> Box<dyn BoundTable> {
    rows_asking(table.columns(), move || ask(&target, &request)?.read(|text| table.batch(&read(text)?)))
}

/// What a call with `raw := true` returns: one row, the whole answer. A list without answers has no row.
pub fn raw() -> Table<Vec<String>> {
    Table::new().json_ref("response", |text: &String| Some(text))
}

/// The same call with `raw := true`.
pub fn raw_answer(target: Target, request: Request) -> Box<dyn BoundTable> {
    raw().asking(move || Ok(vec![ask(&target, &request)?.whole()]))
}
