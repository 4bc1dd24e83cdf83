//! `mixpanel_query_insights(events)`: numbers of events that nobody saved a report of.
//!
//! `POST /api/query/insights` with a definition as Mixpanel's own client builds it.

use serde_json::{Value as Json, json};

use super::{
    DATA_GROUP_ID, FILTERS, SEGMENT_BY,
    asking::{self, MAX_ROWS, SegmentLimit},
    breakdown::{self, Breakdown},
    days::{self, DateRange},
    filter::{self, QuestionFilter},
    formula::Formula,
    metric::{self, MeasureSaid, Shown},
    said::{Fields, GivenValue, Item},
    words::{TimeUnit, Word, words},
};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        one_request,
        parameters::{LIVE, RAW},
        saved::{Dates, numbers, read_report},
        target,
    },
};

pub const QUERY_INSIGHTS: Function = Function {
    name: "mixpanel_query_insights",
    description: "Numbers of events that no saved report has: what is counted or computed of them, by segment and date. One request.",
    example: "SELECT date, value FROM mixpanel_query_insights('Purchase', from_date := '2025-01-01', to_date := '2025-01-05', \
              math := 'unique');",
    parameters: params![
        &[
            Param::positional(
                "events",
                SqlType::Any,
                "the events: a name, a STRUCT, a list or tuple of either, or JSON text of the same",
            ),
            Param::named("math", SqlType::Varchar, "what is counted or computed of events that don't say it")
                .default("'total'"),
            Param::named("property", SqlType::Any, "the property that it is computed of"),
            Param::named("per_user", SqlType::Varchar, "what is computed of each user's events first"),
            Param::named("percentile", SqlType::Double, "which one, with math 'percentile'"),
            Param::named("formula", SqlType::Varchar, "what is computed of the events: A is the first of them"),
            Param::named("formula_label", SqlType::Varchar, "what the answer calls the formula"),
        ],
        days::PARAMETERS,
        &[
            Param::named(
                "unit",
                SqlType::Varchar,
                "the stretch of time that a value is of: hour, day, week, month or quarter"
            )
            .default("'day'"),
            SEGMENT_BY,
            FILTERS,
            Param::named("rolling", SqlType::BigInt, "the mean of so many units, at most 365"),
            Param::named("cumulative", SqlType::Boolean, "each value with all before it").default("false"),
            Param::named("mode", SqlType::Varchar, "a value a unit (timeseries), or one for all days (total, table)")
                .default("'timeseries'"),
            Param::named(
                "compare_to",
                SqlType::Any,
                "earlier days to compare with: day, week, month, quarter or year before, or a STRUCT"
            ),
            DATA_GROUP_ID,
            MAX_ROWS,
            RAW,
        ],
        LIVE
    ],
    bind,
    ..Function::PLAIN
};

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let insights = Insights::of(&arguments)?;
    let limit = SegmentLimit::of(&arguments)?;
    let target = target(&arguments, session)?;
    let request = asking::report(&target, insights.definition(), limit);
    request.url(&target)?;
    if arguments.boolean(RAW.name)?.unwrap_or(false) {
        return Ok(one_request::raw_answer(target, request));
    }
    let dates = if insights.unit == TimeUnit::Hour { Dates::Timestamp } else { Dates::Date };
    let read = move |text: &str| {
        let report = read_report(text)?;
        limit.check(text, report.segments())?;
        Ok(report)
    };
    Ok(one_request::answered(target, request, read, numbers(Table::new(), dates)))
}

const MOST_PERIODS: u64 = 365;

words! {
    /// What an answer has: a value a period, one for all days, or a table.
    Mode { Timeseries = "timeseries", Total = "total", Table = "table", }
}

words! {
    /// How far back the days lie that are compared with.
    ComparisonUnit { Day = "day", Week = "week", Month = "month", Quarter = "quarter", Year = "year", }
}

words! {
    /// Which end of the days that are compared with is named.
    ComparisonType { Relative = "relative", Start = "absolute-start", End = "absolute-end", }
}

/// A question of Insights.
#[derive(Debug, Clone, PartialEq)]
pub struct Insights {
    shown: Vec<Shown>,
    days: DateRange,
    unit: TimeUnit,
    filters: Vec<QuestionFilter>,
    breakdowns: Vec<Breakdown>,
    analysis: Analysis,
    pub mode: Mode,
    compare_to: Option<ComparedPeriod>,
    data_group_id: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Analysis {
    Linear,
    /// The mean of so many periods.
    Rolling(u64),
    Cumulative,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparedPeriod {
    Back(ComparisonUnit),
    From(jiff::civil::Date),
    To(jiff::civil::Date),
}

impl Insights {
    /// Errors: `InvalidArgument`, for whatever Mixpanel would refuse, with what it takes instead.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        let mut call = Fields::arguments(arguments, &["math", "property", "per_user", "percentile"])?;
        let call = MeasureSaid::read(&mut call)?;
        let events =
            GivenValue::argument(arguments, "events")?.ok_or_else(|| Error::argument("events", "must not be NULL"))?;
        let is_list = events.is_list();
        let mut shown = metric::read(events, &call)?;
        let metrics = shown.iter().filter(|shown| !matches!(shown, Shown::Formula(_))).count();
        if !call.is_nothing() && !shown.iter().any(|shown| matches!(shown, Shown::Event(_))) {
            return Err(Error::argument(
                "math",
                "is said of events, and there is none; a cohort is counted by its users",
            ));
        }
        if metrics == 0 {
            return Err(Error::argument("events", "has only formulas; add the events that they are computed of"));
        }
        for (index, shown) in shown.iter().enumerate() {
            if let Shown::Formula(formula) = shown {
                let place = if is_list { format!("events[{index}].formula") } else { "events.formula".to_owned() };
                formula.check(&place, metrics)?;
            }
        }
        if let Some(formula) = formula(arguments)? {
            if shown.len() > metrics {
                let problem = "stands beside formulas among the events; write all of them there";
                return Err(Error::argument("formula", problem));
            }
            formula.check("formula", metrics)?;
            shown.push(Shown::Formula(formula));
        }
        // Letters count metrics alone, so that formulas come last wherever they were written.
        shown.sort_by_key(|shown| matches!(shown, Shown::Formula(_)));
        let said = |name| GivenValue::argument(arguments, name);
        Ok(Self {
            shown,
            days: DateRange::of(arguments)?,
            unit: word(arguments, "unit")?.unwrap_or(TimeUnit::Day),
            filters: said("filters")?.map_or(Ok(Vec::new()), filter::read)?,
            breakdowns: said("segment_by")?.map_or(Ok(Vec::new()), breakdown::read)?,
            analysis: analysis(arguments)?,
            mode: word(arguments, "mode")?.unwrap_or(Mode::Timeseries),
            compare_to: said("compare_to")?.map(ComparedPeriod::read).transpose()?,
            data_group_id: said("data_group_id")?.map(|said| said.positive()).transpose()?,
        })
    }

    /// What a saved report would have as its `params`.
    pub fn definition(&self) -> Json {
        let mut sections = json!({
            "show": metric::section(&self.shown),
            "time": self.days.section(self.unit),
            "filter": filter::section(&self.filters),
            "group": breakdown::section(&self.breakdowns, self.data_group_id),
        });
        if let Some(id) = self.data_group_id {
            sections["globalDataGroupId"] = id.to_string().into();
        }
        let chart = match self.mode {
            Mode::Timeseries => "line",
            Mode::Total => "bar",
            Mode::Table => "table",
        };
        let analysis = match self.analysis {
            Analysis::Linear => "linear",
            Analysis::Rolling(_) => "rolling",
            Analysis::Cumulative => "cumulative",
        };
        let mut display = json!({"chartType": chart, "analysis": analysis});
        if let Analysis::Rolling(periods) = self.analysis {
            display["rollingWindowSize"] = periods.into();
        }
        if let Some(comparison) = self.compare_to {
            display["timeComparison"] = comparison.entry();
        }
        json!({"sections": sections, "displayOptions": display})
    }
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

pub fn word<W: Word>(arguments: &Arguments, name: &str) -> Result<Option<W>> {
    GivenValue::argument(arguments, name)?.map(|said| said.word()).transpose()
}

/// The formula that stands beside the events.
fn formula(arguments: &Arguments) -> Result<Option<Formula>> {
    let label = arguments.text("formula_label")?.map(str::to_owned);
    match arguments.text("formula")? {
        Some(expression) => Ok(Some(Formula { expression: expression.to_owned(), label })),
        None if label.is_some() => Err(Error::argument("formula_label", "names a formula; add formula")),
        None => Ok(None),
    }
}

fn analysis(arguments: &Arguments) -> Result<Analysis> {
    let rolling = arguments.count("rolling")?;
    match (rolling, arguments.boolean("cumulative")?.unwrap_or(false)) {
        (Some(_), true) => Err(Error::argument("rolling", "can't be computed of cumulative numbers; drop one of them")),
        (Some(periods), _) if periods > MOST_PERIODS => {
            Err(Error::argument("rolling", format!("must be at most {MOST_PERIODS} periods, not {periods}")))
        }
        (Some(periods), false) => Ok(Analysis::Rolling(periods)),
        (None, true) => Ok(Analysis::Cumulative),
        (None, false) => Ok(Analysis::Linear),
    }
}
