//! Questions whose answer is a list: one row for each thing in it.

use super::{one_request, parameters::RAW};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Result, Table, rows_asking},
    known,
    mixpanel::Request,
};

/// A call whose rows are read out of one answer, which is kept (see [`known`]). With `raw := true`, where the function
/// has that parameter, its row is that answer itself.
pub fn listing<A: 'static>(
    arguments: &Arguments,
    target: Target,
    request: Request,
    read: impl Fn(&str) -> Result<A> + Send + Sync + 'static,
    table: Table<A>,
) -> Result<Box<dyn BoundTable>> {
    listing_of(arguments, target, move |_| Ok(request.clone()), read, table)
}

/// The same where it takes another question to know the request.
pub fn listing_of<A: 'static>(
    arguments: &Arguments,
    target: Target,
    request: impl Fn(&Target) -> Result<Request> + Send + Sync + 'static,
    read: impl Fn(&str) -> Result<A> + Send + Sync + 'static,
    table: Table<A>,
) -> Result<Box<dyn BoundTable>> {
    let answer = move || known::kept_answer(&target, &request(&target)?);
    if arguments.boolean(RAW.name)?.unwrap_or(false) {
        return Ok(one_request::raw().asking(move || Ok(vec![answer()?.whole()])));
    }
    Ok(rows_asking(table.columns(), move || answer()?.read(|text| table.batch(&read(text)?))))
}
