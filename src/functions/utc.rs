//! `mixpanel_utc(local_time, time_zone)`: a time on the wall clock of a place, in UTC. `mixpanel_local(utc_time, time_zone)`: the reverse.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, StringArrayType, TimestampMicrosecondArray, cast::AsArray, types::TimestampMicrosecondType,
};
use jiff::tz::TimeZone;

use super::named_time_zone;
use crate::{
    contract::{Result, Scalar, SqlType},
    decode::{local, utc},
};

pub const UTC: Scalar = Scalar {
    name: "mixpanel_utc",
    description: "Converts a local time to UTC as mixpanel_export does with time_zone. A time that occurs twice is the \
                  earlier one, and a skipped time moves forward.",
    example: "SELECT mixpanel_utc(TIMESTAMP '2025-01-31 00:00:00', 'Europe/Berlin');",
    parameters: &["local_time", "time_zone"],
    overloads: &[&[SqlType::Timestamp, SqlType::Varchar]],
    returns: SqlType::Timestamp,
    call: |arguments, _| convert(arguments, utc),
};

pub const LOCAL: Scalar = Scalar {
    name: "mixpanel_local",
    description: "Converts a UTC time to the local time of a time zone. A project's reports use the days of its own \
                  time zone.",
    example: "SELECT mixpanel_local(TIMESTAMP '2025-01-30 23:00:00', 'Europe/Berlin');",
    parameters: &["utc_time", "time_zone"],
    call: |arguments, _| convert(arguments, local),
    ..UTC
};

fn convert(arguments: &[ArrayRef], converted: fn(i64, &TimeZone) -> Option<i64>) -> Result<ArrayRef> {
    let (times, zones) = (arguments[0].as_primitive::<TimestampMicrosecondType>(), arguments[1].as_string_view());
    // Nearly always there is one zone.
    let mut known: Option<(String, TimeZone)> = None;
    let times = times.iter().zip(StringArrayType::iter(&zones)).map(|(time, zone)| {
        let (Some(time), Some(name)) = (time, zone) else { return Ok(None) };
        if known.as_ref().is_none_or(|(known, _)| known != name) {
            known = Some((name.to_owned(), named_time_zone(name)?));
        }
        Ok(known.as_ref().and_then(|(_, zone)| converted(time, zone)))
    });
    Ok(Arc::new(times.collect::<Result<TimestampMicrosecondArray>>()?))
}
