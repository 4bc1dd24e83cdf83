//! Which days is a question about: from one day to another, or the last ones?

use jiff::civil::Date;
use serde_json::{Value as Json, json};

use super::words::{TimeUnit, Word};
use crate::{
    contract::{Arguments, Error, Param, Result, SqlType, params},
    functions::parameters::DAYS,
};

pub const LAST_DAYS: Param =
    Param::named("last_days", SqlType::BigInt, "Number of days up to today, instead of from_date and to_date")
        .default("30");
/// What every question without a saved report says of its days.
pub const PARAMETERS: &[Param] = params![DAYS, &[LAST_DAYS]];

/// Ten years.
const MOST_DAYS: u64 = 3_650;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateRange {
    Between(Date, Date),
    Last(u64),
}

impl DateRange {
    /// Thirty days where nothing is said, as Mixpanel's reports have.
    ///
    /// Errors: `InvalidArgument`.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        Ok(Self::given(arguments)?.unwrap_or(Self::Last(30)))
    }

    /// Which days were named, if any were.
    pub fn given(arguments: &Arguments) -> Result<Option<Self>> {
        let last = arguments.count(LAST_DAYS.name)?;
        match last {
            Some(days) if days > MOST_DAYS => {
                return Err(Error::argument(LAST_DAYS.name, format!("must be at most {MOST_DAYS}, not {days}")));
            }
            _ => {}
        }
        match (arguments.dates("from_date", "to_date")?, last) {
            ((None, None), last) => Ok(last.map(Self::Last)),
            (_, Some(_)) => Err(Error::argument(
                LAST_DAYS.name,
                "cannot be combined with from_date and to_date. Remove one of them",
            )),
            _ => {
                let (from, to) = arguments.required_dates("from_date", "to_date")?;
                Ok(Some(Self::Between(from, to)))
            }
        }
    }

    /// A definition about these days, whatever it said before: `None` for one that says nothing of days. The unit is how a
    /// report counts, and stays.
    pub fn onto(self, mut definition: Json) -> Option<Json> {
        if let Some(range) = definition.get_mut("date_range") {
            *range = self.range();
            return Some(definition);
        }
        let times =
            definition.get_mut("sections")?.get_mut("time")?.as_array_mut().filter(|times| !times.is_empty())?;
        for time in times {
            let unit = time.get("unit").cloned().unwrap_or_else(|| TimeUnit::Day.as_str().into());
            *time = self.time(&unit);
        }
        Some(definition)
    }

    /// `sections.time` of a report of Insights, funnels or retention.
    pub fn section(self, unit: TimeUnit) -> Json {
        json!([self.time(&unit.as_str().into())])
    }

    fn time(self, unit: &Json) -> Json {
        match self {
            Self::Between(from, to) => {
                json!({"dateRangeType": "between", "unit": unit, "value": [from.to_string(), to.to_string()]})
            }
            Self::Last(days) => {
                json!({"dateRangeType": "in the last", "unit": unit, "window": {"unit": "day", "value": days}})
            }
        }
    }

    /// `date_range` of a report of Flows.
    pub fn range(self) -> Json {
        match self {
            Self::Between(from, to) => {
                json!({"type": "between", "from_date": from.to_string(), "to_date": to.to_string()})
            }
            Self::Last(days) => {
                json!({"type": "in the last", "from_date": {"unit": "day", "value": days}, "to_date": "$now"})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_definition_keeps_everything_but_its_days() {
        let days = DateRange::Between(date(2025, 1, 1), date(2025, 1, 31));
        let time = json!({"dateRangeType": "in the last", "unit": "week", "window": {"unit": "day", "value": 30}});
        let report = json!({"a": 1.5, "sections": {"show": [], "time": [time]}});
        let between = json!({"dateRangeType": "between", "unit": "week", "value": ["2025-01-01", "2025-01-31"]});
        assert_eq!(days.onto(report.clone()), Some(json!({"a": 1.5, "sections": {"show": [], "time": [between]}})));
        assert_eq!(DateRange::Last(30).onto(report.clone()), Some(report));
        let flow = json!({"steps": [], "date_range": {"type": "in the last"}});
        let range = json!({"type": "between", "from_date": "2025-01-01", "to_date": "2025-01-31"});
        assert_eq!(days.onto(flow), Some(json!({"steps": [], "date_range": range})));
        for timeless in [json!({"events": []}), json!({"sections": {"time": []}}), json!({"sections": {}}), json!(5)] {
            assert_eq!(days.onto(timeless), None);
        }
    }
}
