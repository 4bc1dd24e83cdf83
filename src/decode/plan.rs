//! What does a scan want of each line?

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use fearless_simd::Level;
use jiff::tz::TimeZone;

use super::wanted::{DISTINCT_ID, INSERT_ID, Slot, Wanted};
use crate::contract::SqlType;

/// A column of an export, or of profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// VARCHAR.
    EventName,
    /// TIMESTAMP in UTC, from `time`: seconds or milliseconds, number or text. NULL if it is neither or outside the
    /// years 1 to 9999.
    EventTime,
    /// VARCHAR: text as it is meant, numbers digit for digit.
    DistinctId,
    /// VARCHAR, likewise, from `$insert_id`.
    InsertId,
    /// JSON: the properties without those that are columns above, whether or not these are projected. A time that is
    /// NULL there stays here.
    Properties,
    /// JSON: the line as it came, but for halves of surrogate pairs.
    Raw,
    /// VARCHAR: a profile's identity; text as it is meant, numbers digit for digit.
    ProfileId,
    /// TIMESTAMP in UTC, from a profile's `$last_seen`; NULL if that is no text that tells a time, and then it stays in
    /// the properties.
    LastSeen,
    /// One property as DuckDB's `TRY_CAST(properties->>name AS type)` has it; numbers and nested values keep their
    /// own text where they are shown as text, and JSON is the value's own JSON.
    Property { name: String, sql_type: SqlType },
}

/// Where the values of a column come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Name,
    Time,
    Property(Slot),
    Properties,
    Raw,
}

/// A column, ready to be made.
pub(super) struct PlannedColumn {
    pub source: Source,
    pub sql_type: SqlType,
}

/// The columns, and what follows from them.
pub(super) struct Plan {
    pub columns: Vec<PlannedColumn>,
    pub wanted: Wanted,
    pub time_zone: Option<TimeZone>,
    /// Whether the lines are profiles.
    pub of_profiles: bool,
    /// The vector instructions of this processor.
    pub level: Level,
    pub has_properties: bool,
    pub has_raw: bool,
}

impl Plan {
    pub fn new(columns: &[Column], time_zone: Option<TimeZone>, of_profiles: bool) -> Self {
        // The line as it came can be had without a look at its properties, but for an event's time.
        let is_of_line = |column: &_| matches!(column, Column::EventName | Column::ProfileId | Column::Raw);
        let mut wanted = match (columns.iter().all(is_of_line), of_profiles) {
            (true, false) => Wanted::of_times(),
            (true, true) => Wanted::default(),
            (false, false) => Wanted::of_events(),
            (false, true) => Wanted::of_profiles(),
        };
        let columns: Vec<_> = columns
            .iter()
            .map(|column| {
                let (source, sql_type) = match column {
                    Column::EventName | Column::ProfileId => (Source::Name, SqlType::Varchar),
                    Column::EventTime | Column::LastSeen => (Source::Time, SqlType::Timestamp),
                    Column::DistinctId => (Source::Property(DISTINCT_ID), SqlType::Varchar),
                    Column::InsertId => (Source::Property(INSERT_ID), SqlType::Varchar),
                    Column::Properties => (Source::Properties, SqlType::Json),
                    Column::Raw => (Source::Raw, SqlType::Json),
                    Column::Property { name, sql_type } => (Source::Property(wanted.add(name)), *sql_type),
                };
                PlannedColumn { source, sql_type }
            })
            .collect();
        let has = |source| columns.iter().any(|column| column.source == source);
        Self {
            has_properties: has(Source::Properties),
            has_raw: has(Source::Raw),
            columns,
            wanted,
            time_zone,
            of_profiles,
            level: Level::new(),
        }
    }

    pub fn schema(columns: &[Column], plan: &Self) -> SchemaRef {
        let fields = columns.iter().zip(&plan.columns).map(|(column, planned)| {
            let name = match column {
                Column::EventName => "event_name",
                Column::EventTime => "event_time",
                Column::DistinctId | Column::ProfileId => "distinct_id",
                Column::InsertId => "insert_id",
                Column::Properties => "properties",
                Column::Raw => "event",
                Column::LastSeen => "last_seen",
                Column::Property { name, .. } => name,
            };
            planned.sql_type.field(name)
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}
