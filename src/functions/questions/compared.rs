//! With which earlier days are numbers compared?

use serde_json::{Value as Json, json};

use super::{
    said::{GivenValue, Item},
    words::{Word, words},
};
use crate::contract::Result;

words! {
    /// How far back the days lie that are compared with.
    ComparisonUnit { Day = "day", Week = "week", Month = "month", Quarter = "quarter", Year = "year", }
}

words! {
    /// Which end of the days that are compared with is named.
    ComparisonType { Relative = "relative", Start = "absolute-start", End = "absolute-end", }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparedPeriod {
    Back(ComparisonUnit),
    From(jiff::civil::Date),
    To(jiff::civil::Date),
}

impl ComparedPeriod {
    /// `'month'`, or `{'type': 'absolute-start', 'date': '2025-01-01'}`.
    pub fn read(said: GivenValue) -> Result<Self> {
        let mut fields = match said.clone().item("{'type': 'absolute-start', 'date': '2025-01-01'}")? {
            Item::Name(_) => return said.word().map(Self::Back),
            Item::Fields(fields) => fields,
        };
        let comparison = match fields.word("type")?.unwrap_or(ComparisonType::Relative) {
            ComparisonType::Relative => Self::Back(fields.required("unit")?.word()?),
            ComparisonType::Start => Self::From(fields.required("date")?.date()?),
            ComparisonType::End => Self::To(fields.required("date")?.date()?),
        };
        fields.finish()?;
        Ok(comparison)
    }

    pub fn entry(self) -> Json {
        match self {
            Self::Back(unit) => json!({"type": ComparisonType::Relative.as_str(), "value": unit.as_str()}),
            Self::From(date) => json!({"type": ComparisonType::Start.as_str(), "value": date.to_string()}),
            Self::To(date) => json!({"type": ComparisonType::End.as_str(), "value": date.to_string()}),
        }
    }
}
