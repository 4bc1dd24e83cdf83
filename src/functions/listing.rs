//! Questions whose answer is a list: one row for each thing in it.

use super::{one_request, parameters::RAW};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Result, Table, rows},
    known,
    mixpanel::Request,
};

/// A call whose rows are read out of one answer, which is kept (see [`known`]). With `raw := true`, where the function
/// has that parameter, its row is the answer itself, asked for anew.
pub fn listing<A: 'static>(
    arguments: &Arguments,
    target: Target,
    request: Request,
    read: impl Fn(&str) -> Result<A> + Send + Sync + 'static,
    table: Table<A>,
) -> Result<Box<dyn BoundTable>> {
    if arguments.boolean(RAW.name)?.unwrap_or(false) {
        return Ok(one_request::raw_answer(target, request));
    }
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
    if arguments.boolean(RAW.name)?.unwrap_or(false) {
        return Ok(one_request::raw().of(move || Ok(vec![one_request::ask(&target, &request(&target)?)?])));
    }
    Ok(rows(table.columns(), move || {
        let request = request(&target)?;
        let batch = |text: &str| table.batch(&read(text)?);
        // What can't be read is not kept.
        batch(&known::answer(&target, &request, |text| batch(text).map(drop))?)
    }))
}
