//! Questions whose answer is a list: one row for each thing in it.

use super::{one_request, parameters::RAW};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Result, Table, rows},
    known,
    mixpanel::Request,
};

/// A call whose rows are read out of one answer, which is kept (see [`known`]). With `raw := true`, where the function
/// has that parameter, its row is the answer itself, which is remembered for a minute.
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
    Ok(rows(table.columns(), move || {
        let batch = |text: &str| table.batch(&read(text)?);
        // What can't be read is not kept.
        batch(&known::answer(&target, &request, |text| batch(text).map(drop))?)
    }))
}
