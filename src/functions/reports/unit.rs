//! The stretches of time that a report counts by, and the columns of dates.

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, TimestampMicrosecondArray};

use crate::{
    contract::{Arguments, Result, SqlType, Table},
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

    /// Of a column of dates.
    pub fn sql_type(self) -> SqlType {
        if self.is_within_a_day() { SqlType::Timestamp } else { SqlType::Date }
    }

    /// A column of dates.
    pub fn array(self, moments: impl Iterator<Item = Moment>) -> ArrayRef {
        if self.is_within_a_day() {
            Arc::new(moments.map(Moment::microseconds).collect::<TimestampMicrosecondArray>())
        } else {
            Arc::new(moments.map(|moment| Some(moment.days())).collect::<Date32Array>())
        }
    }

    /// A table, begun with its column of dates.
    pub fn table<R: 'static>(
        self,
        name: &'static str,
        moment: impl Fn(&R) -> Moment + Send + Sync + 'static,
    ) -> Table<Vec<R>> {
        Table::new().column(name, self.sql_type(), move |rows: &Vec<R>| Ok(self.array(rows.iter().map(&moment))))
    }
}
