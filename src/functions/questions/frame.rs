//! What do funnels and retention say beside their events: days, filters, breakdowns, a comparison?

use serde_json::{Value as Json, json};

use super::{
    DATA_GROUP_ID, FILTERS, SEGMENT_BY,
    asking::{self, MAX_ROWS, SegmentLimit},
    breakdown::{self, Breakdown},
    days::{self, DateRange},
    filter::{self, QuestionFilter},
    insights::{ComparedPeriod, word},
    paths,
    said::GivenValue,
    words::TimeUnit,
};
use crate::{
    contract::{Arguments, BoundTable, Param, Result, Session, SqlType, Table, params},
    functions::{
        one_request,
        parameters::{LIVE, RAW, UNIT},
        target,
    },
    json::Moment,
};

const COMPARE_TO: Param = Param::named(
    "compare_to",
    SqlType::Any,
    "earlier days to compare with: day, week, month, quarter or year before, or a STRUCT",
);
/// The length of the columns' dates, and of the numbers by date.
const UNIT_TO_QUARTER: Param = UNIT.meaning("the stretch of time to count by: hour, day, week, month or quarter");

/// What every such question takes.
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

    /// The call that asks this definition. `segments` says which segments a row is of, of which some may be left out.
    pub fn bound<R: 'static>(
        arguments: &Arguments,
        session: &Session,
        definition: Json,
        read: impl Fn(&str) -> Result<Vec<R>> + Send + Sync + 'static,
        segments: impl Fn(&R) -> &Vec<String> + Send + Sync + 'static,
        table: Table<Vec<R>>,
    ) -> Result<Box<dyn BoundTable>> {
        let limit = SegmentLimit::of(arguments)?;
        let target = target(arguments, session)?;
        let request = asking::report(&target, definition, limit);
        request.url(&target)?;
        if arguments.boolean(RAW.name)?.unwrap_or(false) {
            return Ok(one_request::raw_answer(target, request));
        }
        let read = move |text: &str| {
            let rows = read(text)?;
            limit.check(text, paths::segments(rows.iter().map(&segments)))?;
            Ok(rows)
        };
        Ok(one_request::answered(target, request, read, table))
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
