//! `mixpanel_timestamp(epoch)`: a moment that Mixpanel wrote as a number.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, TimestampMicrosecondArray,
    cast::AsArray,
    types::{Float64Type, Int64Type},
};
use arrow_schema::DataType;

use crate::{
    contract::{Result, Scalar, SqlType},
    decode::microseconds,
};

pub const TIMESTAMP: Scalar = Scalar {
    name: "mixpanel_timestamp",
    description: "Converts seconds or milliseconds since 1970, as a number or text, to a TIMESTAMP in UTC. Returns \
                  NULL for anything else.",
    example: "SELECT mixpanel_timestamp(1602611311), mixpanel_timestamp('1602611311000');",
    parameters: &["epoch"],
    overloads: &[&[SqlType::BigInt], &[SqlType::Double], &[SqlType::Varchar]],
    returns: SqlType::Timestamp,
    call,
};

fn call(arguments: &[ArrayRef], _rows: usize) -> Result<ArrayRef> {
    let epochs = &arguments[0];
    let moments: TimestampMicrosecondArray = match epochs.data_type() {
        DataType::Int64 => {
            epochs.as_primitive::<Int64Type>().iter().map(|number| microseconds(&number?.to_string())).collect()
        }
        DataType::Float64 => {
            epochs.as_primitive::<Float64Type>().iter().map(|number| microseconds(&number?.to_string())).collect()
        }
        _ => epochs.as_string_view().iter().map(|text| microseconds(text?.trim())).collect(),
    };
    Ok(Arc::new(moments))
}
