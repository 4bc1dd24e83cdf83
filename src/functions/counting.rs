//! What is counted, of which Mixpanel knows three types.

use crate::contract::{Arguments, Result, SqlType};

const TYPES: &[&str] = &["general", "unique", "average"];

/// Events (general), users (unique), or events for each user (average).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counting(&'static str);

impl Counting {
    /// From `type`; events where it is not given.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        Ok(Self(arguments.one_of("type", TYPES)?.unwrap_or("general")))
    }

    pub fn name(self) -> &'static str {
        self.0
    }

    pub fn is_unique(self) -> bool {
        self.0 == "unique"
    }

    /// Averages have fractions.
    pub fn is_average(self) -> bool {
        self.0 == "average"
    }

    /// Of the column `count`.
    pub fn sql_type(self) -> SqlType {
        if self.is_average() { SqlType::Double } else { SqlType::BigInt }
    }
}
