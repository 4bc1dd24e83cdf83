//! How long do users have: so many minutes, days, or a session?

use serde_json::{Value as Json, json};

use super::{
    said::word,
    words::{Word, words},
};
use crate::contract::{Arguments, Error, Param, Result, SqlType};

pub const CONVERSION_WINDOW: Param =
    Param::named("conversion_window", SqlType::BigInt, "Time that users have, in conversion_window_unit");
pub const CONVERSION_WINDOW_UNIT: Param = Param::named(
    "conversion_window_unit",
    SqlType::Varchar,
    "Unit of the window: second, minute, hour, day, week, month or session",
)
.default("'day'");

words! {
    /// What a window is counted in.
    WindowUnit {
        Second = "second",
        Minute = "minute",
        Hour = "hour",
        Day = "day",
        Week = "week",
        Month = "month",
        Session = "session",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversionWindow {
    pub length: u64,
    pub unit: WindowUnit,
}

/// The units that a report takes, each with the longest window, and how long a window is where nothing is said.
pub struct Limits {
    pub longest: &'static [(WindowUnit, u64)],
    pub usual: u64,
}

impl ConversionWindow {
    /// Errors: `InvalidArgument`.
    pub fn of(arguments: &Arguments, limits: &Limits) -> Result<Self> {
        let unit = word(arguments, CONVERSION_WINDOW_UNIT.name)?.unwrap_or(WindowUnit::Day);
        let Some((_, longest)) = limits.longest.iter().find(|(known, _)| *known == unit) else {
            let words: Vec<&str> = limits.longest.iter().map(|(unit, _)| unit.as_str()).collect();
            let problem = format!("must be {}, not '{}'", crate::contract::one_of(&words), unit.as_str());
            return Err(Error::argument(CONVERSION_WINDOW_UNIT.name, problem));
        };
        let usual = if unit == WindowUnit::Session { 1 } else { limits.usual };
        let length = arguments.count(CONVERSION_WINDOW.name)?.unwrap_or(usual);
        let refused = |problem: String| Err(Error::argument(CONVERSION_WINDOW.name, problem));
        match length {
            length if length > *longest => {
                refused(format!("must be at most {longest} with the unit '{}', not {length}", unit.as_str()))
            }
            1 if unit == WindowUnit::Second => refused("must be at least 2 with the unit 'second', not 1".into()),
            length => Ok(Self { length, unit }),
        }
    }

    /// As flows have it.
    pub fn entry(self) -> Json {
        json!({"unit": self.unit.as_str(), "value": self.length})
    }

    pub fn is_of_sessions(self) -> bool {
        self.unit == WindowUnit::Session
    }

    /// Errors: `InvalidArgument` for several sessions.
    pub fn must_be_one(self) -> Result<()> {
        match self.is_of_sessions() && self.length != 1 {
            true => {
                let problem = format!("must be 1 with the unit 'session', not {}", self.length);
                Err(Error::argument(CONVERSION_WINDOW.name, problem))
            }
            false => Ok(()),
        }
    }
}
