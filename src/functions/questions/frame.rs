//! What do insights, funnels and retention say beside their events: days, filters, breakdowns, a comparison?

use serde_json::{Value as Json, json};

use super::{
    DATA_GROUP_ID, FILTERS, SEGMENT_BY,
    asking::MAX_ROWS,
    breakdown::{self, Breakdown},
    compared::ComparedPeriod,
    days::{self, DateRange},
    filter::{self, QuestionFilter},
    said::{GivenValue, word},
    words::TimeUnit,
};
use crate::{
    contract::{Arguments, Param, Result, SqlType, Table, params},
    functions::parameters::{LIVE, RAW, UNIT},
    json::Moment,
};

pub const COMPARE_TO: Param = Param::named(
    "compare_to",
    SqlType::Any,
    "Earlier period to compare with: day, week, month, quarter or year before, or a STRUCT",
);
/// The length of the columns' dates, and of the numbers by date.
pub const UNIT_TO_QUARTER: Param = UNIT.meaning("Unit of time to count by: hour, day, week, month or quarter");

/// What funnels and retention take of it.
pub const PARAMETERS: &[Param] =
    params![days::PARAMETERS, &[UNIT_TO_QUARTER, SEGMENT_BY, FILTERS, COMPARE_TO, DATA_GROUP_ID, MAX_ROWS, RAW], LIVE];

#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    days: DateRange,
    unit: TimeUnit,
    filters: Vec<QuestionFilter>,
    pub breakdowns: Vec<Breakdown>,
    compare_to: Option<ComparedPeriod>,
    data_group_id: Option<i64>,
}

impl Frame {
    /// Errors: `InvalidArgument`.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        let said = |param: Param| GivenValue::argument(arguments, param.name);
        Ok(Self {
            days: DateRange::of(arguments)?,
            unit: word(arguments, UNIT.name)?.unwrap_or(TimeUnit::Day),
            filters: said(FILTERS)?.map_or(Ok(Vec::new()), filter::read)?,
            breakdowns: said(SEGMENT_BY)?.map_or(Ok(Vec::new()), breakdown::read)?,
            compare_to: said(COMPARE_TO)?.map(ComparedPeriod::read).transpose()?,
            data_group_id: said(DATA_GROUP_ID)?.map(|said| said.positive()).transpose()?,
        })
    }

    pub fn unit(&self) -> TimeUnit {
        self.unit
    }

    pub fn filters(&self) -> &[QuestionFilter] {
        &self.filters
    }

    /// A column of dates, as long as the unit is.
    pub fn dates<R: 'static>(
        &self,
        table: Table<Vec<R>>,
        name: &'static str,
        date: impl Fn(&R) -> Option<Moment> + Send + Sync + 'static,
    ) -> Table<Vec<R>> {
        match self.unit {
            TimeUnit::Hour => table.timestamp(name, move |row| date(row).and_then(Moment::microseconds)),
            _ => table.date(name, move |row| date(row).map(Moment::days)),
        }
    }

    /// `sections` and `displayOptions` around what is shown, as a report of Insights has them.
    pub fn report(&self, show: Json, filter: Json, mut display: Json) -> Json {
        let mut sections = json!({
            "show": show,
            "time": self.days.section(self.unit),
            "filter": filter,
            "group": breakdown::section(&self.breakdowns, self.data_group_id),
        });
        if let Some(id) = self.data_group_id {
            sections["globalDataGroupId"] = id.to_string().into();
        }
        if let Some(comparison) = self.compare_to {
            display["timeComparison"] = comparison.entry();
        }
        json!({"sections": sections, "displayOptions": display})
    }

    /// The same around one funnel, or one retention.
    pub fn definition(&self, behavior: Json, measurement: Json, chart: &str) -> Json {
        let show = json!([{"type": "metric", "behavior": behavior, "measurement": measurement}]);
        let mut definition = self.report(show, self.filter_section(), json!({"chartType": chart}));
        definition["sections"]["formula"] = json!([]);
        definition
    }

    /// On its way from Insights to a funnel, Mixpanel reads `value` of every filter and fails where a custom property
    /// has none.
    fn filter_section(&self) -> Json {
        let entry = |filter: &QuestionFilter| {
            let mut entry = filter.entry();
            let is_custom = entry.get("customPropertyId").is_some() || entry.get("customProperty").is_some();
            if is_custom && entry.get("value").is_none() {
                entry["value"] = Json::Null;
            }
            entry
        };
        self.filters.iter().map(entry).collect()
    }
}
