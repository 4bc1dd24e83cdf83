//! What do funnels and retention say beside their events: days, filters, breakdowns, a comparison?

use serde_json::{Value as Json, json};

use super::{
    breakdown::{self, Breakdown},
    days::{self, Days},
    filter::{self, Filter},
    insights::{Comparison, word},
    said::Said,
    words::TimeUnit,
};
use crate::{
    contract::{Arguments, Param, Result, SqlType, params},
    functions::parameters::UNIT,
};

pub const FILTERS: Param = Param::named("filters", SqlType::Any, "what must hold of every event: filters");
pub const SEGMENT_BY: Param = Param::named("segment_by", SqlType::Any, "properties or cohorts to count by: breakdowns");
pub const COMPARE_TO: Param = Param::named(
    "compare_to",
    SqlType::Any,
    "earlier days to compare with: day, week, month, quarter, year or a STRUCT",
);
pub const DATA_GROUP_ID: Param = Param::named("data_group_id", SqlType::BigInt, "count these groups instead of users");

/// What every such question takes.
pub const PARAMETERS: &[Param] = params![days::PARAMETERS, &[UNIT, FILTERS, SEGMENT_BY, COMPARE_TO, DATA_GROUP_ID]];

#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    days: Days,
    unit: TimeUnit,
    filters: Vec<Filter>,
    pub breakdowns: Vec<Breakdown>,
    compare_to: Option<Comparison>,
    data_group_id: Option<i64>,
}

impl Frame {
    /// Errors: `InvalidArgument`.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        let said = |param: Param| Said::argument(arguments, param.name);
        Ok(Self {
            days: Days::of(arguments)?,
            unit: word(arguments, UNIT.name)?.unwrap_or(TimeUnit::Day),
            filters: said(FILTERS)?.map_or(Ok(Vec::new()), filter::read)?,
            breakdowns: said(SEGMENT_BY)?.map_or(Ok(Vec::new()), breakdown::read)?,
            compare_to: said(COMPARE_TO)?.map(Comparison::read).transpose()?,
            data_group_id: said(DATA_GROUP_ID)?.map(|said| said.positive()).transpose()?,
        })
    }

    pub fn unit(&self) -> TimeUnit {
        self.unit
    }

    /// `sections` and `displayOptions` around one thing that is shown.
    pub fn definition(&self, behavior: Json, measurement: Json, chart: &str) -> Json {
        let mut sections = json!({
            "show": [{"type": "metric", "behavior": behavior, "measurement": measurement}],
            "time": self.days.section(self.unit),
            "filter": self.filter_section(),
            "group": breakdown::section(&self.breakdowns, self.data_group_id),
            "formula": [],
        });
        if let Some(id) = self.data_group_id {
            sections["globalDataGroupId"] = id.to_string().into();
        }
        let mut display = json!({"chartType": chart});
        if let Some(comparison) = self.compare_to {
            display["timeComparison"] = comparison.entry();
        }
        json!({"sections": sections, "displayOptions": display})
    }

    /// On its way from Insights to a funnel, Mixpanel reads `value` of every filter and fails where a custom property
    /// has none.
    fn filter_section(&self) -> Json {
        let entry = |filter: &Filter| {
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
