//! What does a scan want of each line?

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use fearless_simd::Level;
use jiff::tz::TimeZone;

use super::wanted::{DISTINCT_ID, INSERT_ID, Slot, WantedKeys};
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
    /// JSON: a profile as it came, but for halves of surrogate pairs.
    Profile,
    /// TIMESTAMP in UTC, from a profile's `$last_seen`; NULL if that is no text that tells a time, and then it stays in
    /// the properties.
    LastSeen,
    /// One property as DuckDB's `TRY_CAST(properties->>name AS type)` has it; numbers and nested values keep their
    /// own text where they are shown as text, and JSON is the value's own JSON.
    Property { name: String, sql_type: SqlType },
}

impl Column {
    pub fn name(&self) -> &str {
        match self {
            Self::EventName => "event_name",
            Self::EventTime => "event_time",
            Self::DistinctId | Self::ProfileId => "distinct_id",
            Self::InsertId => "insert_id",
            Self::Properties => "properties",
            Self::Raw => "event",
            Self::Profile => "profile",
            Self::LastSeen => "last_seen",
            Self::Property { name, .. } => name,
        }
    }

    pub fn sql_type(&self) -> SqlType {
        match self {
            Self::EventName | Self::DistinctId | Self::InsertId | Self::ProfileId => SqlType::Varchar,
            Self::EventTime | Self::LastSeen => SqlType::Timestamp,
            Self::Properties | Self::Raw | Self::Profile => SqlType::Json,
            Self::Property { sql_type, .. } => *sql_type,
        }
    }
}

/// Where the values of a column come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Name,
    Time,
    Property(Slot),
    Properties,
    Raw,
}

/// A column, ready to be made.
pub(super) struct PlannedColumn {
    pub origin: Origin,
    pub sql_type: SqlType,
}

/// The columns, and what follows from them.
pub(super) struct Plan {
    pub columns: Vec<PlannedColumn>,
    pub wanted: WantedKeys,
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
        let is_of_line =
            |column: &_| matches!(column, Column::EventName | Column::ProfileId | Column::Raw | Column::Profile);
        let mut wanted = match (columns.iter().all(is_of_line), of_profiles) {
            (true, false) => WantedKeys::of_times(),
            (true, true) => WantedKeys::default(),
            (false, false) => WantedKeys::of_events(),
            (false, true) => WantedKeys::of_profiles(),
        };
        let columns: Vec<_> = columns
            .iter()
            .map(|column| {
                let origin = match column {
                    Column::EventName | Column::ProfileId => Origin::Name,
                    Column::EventTime | Column::LastSeen => Origin::Time,
                    Column::DistinctId => Origin::Property(DISTINCT_ID),
                    Column::InsertId => Origin::Property(INSERT_ID),
                    Column::Properties => Origin::Properties,
                    Column::Raw | Column::Profile => Origin::Raw,
                    Column::Property { name, .. } => Origin::Property(wanted.add(name)),
                };
                PlannedColumn { origin, sql_type: column.sql_type() }
            })
            .collect();
        let has = |origin| columns.iter().any(|column| column.origin == origin);
        Self {
            has_properties: has(Origin::Properties),
            has_raw: has(Origin::Raw),
            columns,
            wanted,
            time_zone,
            of_profiles,
            level: Level::new(),
        }
    }

    pub fn schema(columns: &[Column]) -> SchemaRef {
        let fields = columns.iter().map(|column| column.sql_type().checked_field(column.name()));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}
