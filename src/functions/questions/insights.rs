//! `mixpanel_query_insights(events)`: numbers of events that nobody saved a report of.
//!
//! `POST /api/query/insights` with a definition as Mixpanel's own client builds it.

use serde_json::{Value as Json, json};

use super::{
    DATA_GROUP_ID, FILTERS, SEGMENT_BY,
    asking::{self, MAX_ROWS},
    days, filter,
    formula::Formula,
    frame::{self, Frame},
    metric::{self, MeasureSaid, Shown},
    said::{Fields, GivenValue, word},
    words::{TimeUnit, words},
};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::{
        parameters::{LIVE, RAW},
        saved::{Dates, Report, numbers, read_report},
    },
};

pub const QUERY_INSIGHTS: Function = Function {
    name: "mixpanel_query_insights",
    description: "Runs an Insights report without saving it: counts events or computes numbers from them, by segment \
                  and date. One request.",
    example: "SELECT date, value FROM mixpanel_query_insights('Purchase', from_date := '2025-01-01', to_date := '2025-01-05', \
              math := 'unique');",
    parameters: params![
        &[
            Param::positional(
                "events",
                SqlType::Any,
                "Events: a name, a STRUCT, a list or tuple of either, or JSON text of them",
            ),
            Param::named(
                "math",
                SqlType::Varchar,
                "What is counted or computed, for events that name no math of their own"
            )
            .default("'total'"),
            Param::named("property", SqlType::Any, "Property to compute it from"),
            Param::named("per_user", SqlType::Varchar, "What is computed from each user's events first"),
            Param::named("percentile", SqlType::Double, "Percentile to compute with math 'percentile'"),
            Param::named("formula", SqlType::Varchar, "Formula over the events, in which A is the first"),
            Param::named("formula_label", SqlType::Varchar, "Name of the formula in the answer"),
        ],
        days::PARAMETERS,
        &[
            frame::UNIT_TO_QUARTER,
            SEGMENT_BY,
            FILTERS,
            Param::named("rolling", SqlType::BigInt, "Number of units in the rolling mean, at most 365"),
            Param::named("cumulative", SqlType::Boolean, "Whether to add up the values over time").default("false"),
            Param::named(
                "mode",
                SqlType::Varchar,
                "Form of the answer: one value per unit (timeseries), or one for all days (total, table)"
            )
            .default("'timeseries'"),
            frame::COMPARE_TO,
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
    let dates = if insights.frame.unit() == TimeUnit::Hour { Dates::Timestamp } else { Dates::Date };
    let table = numbers(Table::new(), dates);
    asking::bound(&arguments, session, insights.definition(), read_report, Report::segments, table)
}

const MOST_PERIODS: u64 = 365;

words! {
    /// What an answer has: a value a period, one for all days, or a table.
    Mode { Timeseries = "timeseries", Total = "total", Table = "table", }
}

/// A question of Insights.
#[derive(Debug, Clone, PartialEq)]
pub struct Insights {
    shown: Vec<Shown>,
    frame: Frame,
    analysis: Analysis,
    pub mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Analysis {
    Linear,
    /// The mean of so many periods.
    Rolling(u64),
    Cumulative,
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
                "applies to events, but the call has none. Remove it, because a cohort is counted by its users",
            ));
        }
        if metrics == 0 {
            return Err(Error::argument("events", "has only formulas. Add the events that they use"));
        }
        for (index, shown) in shown.iter().enumerate() {
            if let Shown::Formula(formula) = shown {
                let place = if is_list { format!("events[{index}].formula") } else { "events.formula".to_owned() };
                formula.check(&place, metrics)?;
            }
        }
        if let Some(formula) = formula(arguments)? {
            if shown.len() > metrics {
                let problem = "cannot be combined with formulas in events. Write all formulas there";
                return Err(Error::argument("formula", problem));
            }
            formula.check("formula", metrics)?;
            shown.push(Shown::Formula(formula));
        }
        // Letters count metrics alone, so that formulas come last wherever they were written.
        shown.sort_by_key(|shown| matches!(shown, Shown::Formula(_)));
        Ok(Self {
            shown,
            frame: Frame::of(arguments)?,
            analysis: analysis(arguments)?,
            mode: word(arguments, "mode")?.unwrap_or(Mode::Timeseries),
        })
    }

    /// What a saved report would have as its `params`.
    pub fn definition(&self) -> Json {
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
        self.frame.report(metric::section(&self.shown), filter::section(self.frame.filters()), display)
    }
}

/// The formula that stands beside the events.
fn formula(arguments: &Arguments) -> Result<Option<Formula>> {
    let label = arguments.text("formula_label")?.map(str::to_owned);
    match arguments.text("formula")? {
        Some(expression) => Ok(Some(Formula { expression: expression.to_owned(), label })),
        None if label.is_some() => Err(Error::argument("formula_label", "needs formula. Add it")),
        None => Ok(None),
    }
}

fn analysis(arguments: &Arguments) -> Result<Analysis> {
    let rolling = arguments.count("rolling")?;
    match (rolling, arguments.boolean("cumulative")?.unwrap_or(false)) {
        (Some(_), true) => Err(Error::argument("rolling", "cannot be combined with cumulative. Remove one of them")),
        (Some(periods), _) if periods > MOST_PERIODS => {
            Err(Error::argument("rolling", format!("must be at most {MOST_PERIODS} periods, not {periods}")))
        }
        (Some(periods), false) => Ok(Analysis::Rolling(periods)),
        (None, true) => Ok(Analysis::Cumulative),
        (None, false) => Ok(Analysis::Linear),
    }
}
