//! The stretches of time that a report counts by, and the column that they make.

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, TimestampMicrosecondArray};

use crate::{
    contract::{Arguments, Result, SqlType},
    json::Moment,
};

pub const MINUTE_TO_MONTH: &[&str] = &["minute", "hour", "day", "week", "month"];
pub const HOUR_AND_DAY: &[&str] = &["hour", "day"];
pub const DAY_TO_MONTH: &[&str] = &["day", "week", "month"];

/// One of Mixpanel's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit(&'static str);

impl Unit {
    pub const DAY: Unit = Unit("day");

    /// From `unit`, which is one of those, and a day where it is not given.
    pub fn of(arguments: &Arguments, units: &[&'static str]) -> Result<Self> {
        Ok(arguments.one_of("unit", units)?.map_or(Self::DAY, Self))
    }

    pub fn name(self) -> &'static str {
        self.0
    }

    pub fn is_within_a_day(self) -> bool {
        matches!(self.0, "minute" | "hour")
    }

    /// Of the column of dates.
    pub fn sql_type(self) -> SqlType {
        if self.is_within_a_day() { SqlType::Timestamp } else { SqlType::Date }
    }

    /// The column of dates.
    pub fn column(self, moments: impl Iterator<Item = Moment>) -> ArrayRef {
        if self.is_within_a_day() {
            Arc::new(moments.map(Moment::microseconds).collect::<TimestampMicrosecondArray>())
        } else {
            Arc::new(moments.map(|moment| Some(moment.days())).collect::<Date32Array>())
        }
    }
}
