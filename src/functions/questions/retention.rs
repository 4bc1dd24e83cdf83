//! `mixpanel_query_retention(born_event, return_event)`: who comes back after a first event, without a saved report.
//!
//! `POST /api/query/insights` with a definition as Mixpanel's own client builds it.

use serde_json::{Value as Json, json};

use super::{
    SEGMENT_BY, asking,
    breakdown::Breakdown,
    event::{self, EventFilters, EventRef},
    frame::{self, Frame},
    paths::whole,
    retention_rows::{self, RetentionRow},
    said::{GivenValue, Item, word},
    words::{TimeUnit, Word, words},
};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::saved::distinct_segments,
    json::Moment,
};

/// Rows: `period` counts from 0. A cohort of which no period has ended is one row, with NULLs for what is of one.
pub const QUERY_RETENTION: Function = Function {
    name: "mixpanel_query_retention",
    description: "Runs a retention report without saving it: how many users come back after a first event, by the date \
                  of that event, the time since, and segment. One request.",
    example: "SELECT cohort_date, period, retained, retention_rate FROM mixpanel_query_retention('Sign Up', 'Purchase', \
              from_date := '2025-01-01', to_date := '2025-01-05', retention_unit := 'day');",
    parameters: params![EVENTS, ASKED, frame::PARAMETERS],
    bind,
    ..Function::PLAIN
};

const EVENTS: &[Param] = &[
    Param::positional("born_event", SqlType::Any, "First event: a name, a STRUCT, or JSON text of one"),
    Param::positional("return_event", SqlType::Any, "Event that counts as coming back, in the same forms"),
];
const ASKED: &[Param] = &[
    Param::named("retention_unit", SqlType::Varchar, "Length of a period: day, week or month").default("'week'"),
    Param::named(
        "alignment",
        SqlType::Varchar,
        "Start of the periods: birth for each user's first event, interval_start for the calendar",
    )
    .default("'birth'"),
    Param::named("bucket_sizes", SqlType::Any, "Ends of the periods in that unit, as ascending numbers"),
    Param::named("math", SqlType::Varchar, "What is computed: retention_rate, unique, total or average")
        .default("'retention_rate'"),
    Param::named("mode", SqlType::Varchar, "Form of the answer: curve, trends or table").default("'curve'"),
    Param::named(
        "unbounded_mode",
        SqlType::Varchar,
        "Other periods in which a return counts: none, carry_back, carry_forward or consecutive_forward",
    ),
    Param::named("cumulative", SqlType::Boolean, "Whether each period includes all earlier ones").default("false"),
];

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let retention = Retention::of(&arguments)?;
    let table = Table::new()
        .date("cohort_date", |row: &RetentionRow| row.cohort.map(Moment::days))
        .texts("segments", |row| row.segments.clone())
        .bigint("cohort_size", |row| whole(row.cohort_size))
        .integer("period", |row| row.period);
    let table = match retention.math {
        RetentionMath::Average => table.double("retained", |row| row.retained),
        _ => table.bigint("retained", |row| whole(row.retained)),
    };
    let table = table.double("retention_rate", |row| row.rate);
    let segments = |rows: &Vec<RetentionRow>| distinct_segments(rows.iter().map(|row| &row.segments));
    asking::bound(&arguments, session, retention.definition(), retention_rows::read, segments, table)
}

const EVENT: &str = "{'event': 'Sign Up', 'filters': [...]}";
const MOST_BUCKETS: usize = 730;

words! {
    /// The length of a period.
    RetentionUnit { Day = "day", Week = "week", Month = "month", }
}

words! {
    /// Whether periods begin with a user's own first event or by the calendar.
    Alignment { Birth = "birth", IntervalStart = "interval_start", }
}

words! {
    /// What is counted or computed of those who come back.
    RetentionMath { RetentionRate = "retention_rate", Unique = "unique", Total = "total", Average = "average", }
}

words! {
    /// What an answer has: the periods, one of them by date, or a table.
    RetentionMode { Curve = "curve", Trends = "trends", Table = "table", }
}

words! {
    /// Whether a return counts for other periods too.
    Unbounded {
        None = "none",
        CarryBack = "carry_back",
        CarryForward = "carry_forward",
        ConsecutiveForward = "consecutive_forward",
    }
}

/// A question of retention.
#[derive(Debug, Clone, PartialEq)]
pub struct Retention {
    born: RetentionEvent,
    returning: RetentionEvent,
    unit: RetentionUnit,
    alignment: Alignment,
    buckets: Vec<i64>,
    pub math: RetentionMath,
    mode: RetentionMode,
    unbounded: Option<Unbounded>,
    is_cumulative: bool,
    frame: Frame,
}

#[derive(Debug, Clone, PartialEq)]
struct RetentionEvent {
    event: EventRef,
    filters: EventFilters,
}

impl Retention {
    /// Errors: `InvalidArgument`, for whatever Mixpanel would refuse, with what it takes instead.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        let frame = Frame::of(arguments)?;
        if !matches!(frame.unit(), TimeUnit::Day | TimeUnit::Week | TimeUnit::Month) {
            return Err(Error::argument(
                "unit",
                format!("must be {}, not '{}'", RetentionUnit::allowed(), frame.unit().as_str()),
            ));
        }
        let is_of_cohorts = |breakdown: &Breakdown| matches!(breakdown, Breakdown::Cohort { .. });
        let cohorts = frame.breakdowns.iter().filter(|breakdown| is_of_cohorts(breakdown)).count();
        if cohorts > 0 && cohorts < frame.breakdowns.len() {
            let problem = "mixes cohorts with properties, which retention does not support. Use one of the two";
            return Err(Error::argument(SEGMENT_BY.name, problem));
        }
        Ok(Self {
            born: RetentionEvent::of(arguments, "born_event")?,
            returning: RetentionEvent::of(arguments, "return_event")?,
            unit: word(arguments, "retention_unit")?.unwrap_or(RetentionUnit::Week),
            alignment: word(arguments, "alignment")?.unwrap_or(Alignment::Birth),
            buckets: GivenValue::argument(arguments, "bucket_sizes")?.map_or(Ok(Vec::new()), buckets)?,
            math: word(arguments, "math")?.unwrap_or(RetentionMath::RetentionRate),
            mode: word(arguments, "mode")?.unwrap_or(RetentionMode::Curve),
            unbounded: word(arguments, "unbounded_mode")?,
            is_cumulative: arguments.boolean("cumulative")?.unwrap_or(false),
            frame,
        })
    }

    /// What a saved report would have as its `params`.
    pub fn definition(&self) -> Json {
        let mut behavior = json!({
            "type": "retention",
            "resourceType": "events",
            "behaviors": [self.born.entry(), self.returning.entry()],
            "retentionUnit": self.unit.as_str(),
            "retentionAlignmentType": self.alignment.as_str(),
            "retentionCustomBucketSizes": self.buckets,
            "filter": [],
        });
        if let Some(unbounded) = self.unbounded {
            behavior["retentionUnboundedMode"] = unbounded.as_str().into();
        }
        let mut measurement = json!({"math": self.math.as_str()});
        if self.is_cumulative {
            measurement["retentionCumulative"] = true.into();
        }
        let chart = match self.mode {
            RetentionMode::Curve => "retention-curve",
            RetentionMode::Trends => "line",
            RetentionMode::Table => "table",
        };
        let mut definition = self.frame.definition(behavior, measurement, chart);
        definition["sorting"] = sorting();
        definition["columnWidths"] = json!({"bar": {}});
        definition
    }
}

impl RetentionEvent {
    fn of(arguments: &Arguments, name: &str) -> Result<Self> {
        let said = GivenValue::argument(arguments, name)?
            .ok_or_else(|| Error::argument(name, format!("is missing. Add {name} := 'the name of an event'")))?;
        let mut fields = match said.clone().item(EVENT)? {
            Item::Name(_) => {
                return Ok(Self { event: EventRef::Named(event::name(&said)?), filters: EventFilters::default() });
            }
            Item::Fields(fields) => fields,
        };
        let told = Self { event: EventRef::read(&mut fields)?, filters: EventFilters::read(&mut fields)? };
        fields.finish()?;
        Ok(told)
    }

    fn entry(&self) -> Json {
        self.event.part(&self.filters)
    }
}

/// Where periods end, each later than the one before.
fn buckets(said: GivenValue) -> Result<Vec<i64>> {
    let many = said.error(format!("must be at most {MOST_BUCKETS} numbers"));
    let unsorted = said.error("must be in ascending order, each number larger than the one before");
    let buckets = said.items()?.iter().map(GivenValue::positive).collect::<Result<Vec<_>>>()?;
    match buckets {
        buckets if buckets.len() > MOST_BUCKETS => Err(many),
        buckets if !buckets.is_sorted_by(|one, next| one < next) => Err(unsorted),
        buckets => Ok(buckets),
    }
}

/// How Mixpanel's own page would sort the answer. Its client sends it, and so do we.
fn sorting() -> Json {
    let by_value = |field: &str| json!({"sortBy": "value", "sortOrder": "desc", "valueField": field});
    let mut table = by_value("size");
    table["viewNLimit"] = 12.into();
    json!({
        "bar": {"colSortAttrs": [], "sortBy": "column"},
        "line": {"colSortAttrs": [by_value("averageValue")], "sortBy": "column"},
        "table": {"colSortAttrs": [table], "sortBy": "column"},
    })
}
