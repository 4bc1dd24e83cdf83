//! `mixpanel_query_funnel(steps)`: how many users take some steps, without a saved funnel.
//!
//! `POST /api/query/insights` with a definition as Mixpanel's own client builds it.

use serde_json::{Value as Json, json};

use super::{
    asking,
    event::{self, EventFilters, EventRef},
    frame::{self, Frame},
    funnel_rows::{self, FunnelRow},
    paths::whole,
    property::{Property, resource},
    said::{GivenValue, Item, word},
    window::{CONVERSION_WINDOW, CONVERSION_WINDOW_UNIT, ConversionWindow, Limits, WindowUnit},
    words::{Resource, Word, words},
};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Table, params},
    functions::saved::distinct_segments,
};

/// Rows: `date` is NULL where all days are together, `step` counts from 1.
pub const QUERY_FUNNEL: Function = Function {
    name: "mixpanel_query_funnel",
    description: "Runs a funnel without saving it: how many users take each step, over all days or by date, and by \
                  segment. One request.",
    example: "SELECT step, event_name, count, overall_conversion FROM mixpanel_query_funnel(['Sign Up', 'Purchase'], \
              from_date := '2025-01-01', to_date := '2025-01-05');",
    parameters: params![STEPS, &[CONVERSION_WINDOW, CONVERSION_WINDOW_UNIT], ASKED, frame::PARAMETERS],
    bind,
    ..Function::PLAIN
};

const STEPS: &[Param] =
    &[Param::positional("steps", SqlType::Any, "Events in their order: names, STRUCTs, or JSON text of them")];
const ASKED: &[Param] = &[
    Param::named("step_order", SqlType::Varchar, "Order of the steps: loose for this order, any for any order")
        .default("'loose'"),
    Param::named("math", SqlType::Varchar, "What is counted or computed").default("'conversion_rate_unique'"),
    Param::named("property", SqlType::Any, "Property to compute it from"),
    Param::named("exclusions", SqlType::Any, "Events that end a user's path: names or STRUCTs"),
    Param::named("holding_constant", SqlType::Any, "Properties that must be equal at every step, at most three"),
    Param::named("mode", SqlType::Varchar, "Form of the answer: steps for all days together, trends by date, or table")
        .default("'steps'"),
    Param::named(
        "reentry_mode",
        SqlType::Varchar,
        "When users can enter again: default, basic, aggressive or optimized",
    ),
];

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let funnel = Funnel::of(&arguments)?;
    let table = funnel.frame.dates(Table::new(), "date", |row: &FunnelRow| row.date);
    let table = table
        .texts("segments", |row| row.segments.clone())
        .integer("step", |row| row.step)
        .text_ref("event_name", |row| row.event_name.as_deref());
    let table = match funnel.math.is_of_a_property() {
        true => table.double("count", |row| row.numbers.count),
        false => table.bigint("count", |row| whole(row.numbers.count)),
    };
    let table = table
        .double("step_conversion", |row| row.numbers.step_conversion)
        .double("overall_conversion", |row| row.numbers.overall_conversion)
        .double("avg_seconds", |row| row.numbers.seconds)
        .double("avg_seconds_from_start", |row| row.numbers.seconds_from_start);
    let segments = |rows: &Vec<FunnelRow>| distinct_segments(rows.iter().map(|row| &row.segments));
    asking::bound(&arguments, session, funnel.definition(), funnel_rows::read, segments, table)
}

const STEP: &str = "{'event': 'Purchase', 'label': 'Buys'}";
const MOST_STEPS: usize = 100;
const MOST_CONSTANTS: usize = 3;
/// Each is about 366 days.
const WINDOWS: Limits = Limits {
    longest: &[
        (WindowUnit::Second, 31_708_800),
        (WindowUnit::Minute, 528_480),
        (WindowUnit::Hour, 8_808),
        (WindowUnit::Day, 367),
        (WindowUnit::Week, 52),
        (WindowUnit::Month, 12),
        (WindowUnit::Session, 12),
    ],
    usual: 14,
};

words! {
    /// What is counted or computed of those who take a step.
    FunnelMath {
        ConversionRateUnique = "conversion_rate_unique",
        ConversionRateTotal = "conversion_rate_total",
        ConversionRateSession = "conversion_rate_session",
        ConversionRate = "conversion_rate",
        Unique = "unique",
        Total = "total",
        Session = "session",
        General = "general",
        Average = "average",
        Median = "median",
        Min = "min",
        Max = "max",
        P25 = "p25",
        P75 = "p75",
        P90 = "p90",
        P99 = "p99",
        Histogram = "histogram",
    }
}

impl FunnelMath {
    /// Whether it is computed of a property, and so is no whole number.
    pub fn is_of_a_property(self) -> bool {
        use FunnelMath::{Average, Histogram, Max, Median, Min, P25, P75, P90, P99};
        matches!(self, Average | Median | Min | Max | P25 | P75 | P90 | P99 | Histogram)
    }
}

words! {
    /// Whether steps must be taken in their order.
    StepOrder { Loose = "loose", Any = "any", }
}

words! {
    /// What an answer has: the steps for all days, the steps by date, or a table.
    FunnelMode { Steps = "steps", Trends = "trends", Table = "table", }
}

words! {
    /// Whether and when users may enter again.
    Reentry { Default = "default", Basic = "basic", Aggressive = "aggressive", Optimized = "optimized", }
}

/// A question of funnels.
#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    steps: Vec<Step>,
    window: ConversionWindow,
    order: StepOrder,
    exclusions: Vec<Exclusion>,
    constants: Vec<Constant>,
    reentry: Option<Reentry>,
    pub math: FunnelMath,
    property: Option<Property>,
    mode: FunnelMode,
    pub frame: Frame,
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    event: EventRef,
    filters: EventFilters,
    label: Option<String>,
    order: Option<StepOrder>,
}

/// An event that ends a user's way when it happens between two steps, which count from 0.
#[derive(Debug, Clone, PartialEq)]
struct Exclusion {
    event: String,
    from: u64,
    /// The last one where nothing is said.
    to: Option<u64>,
}

/// A property that must be the same at every step.
#[derive(Debug, Clone, PartialEq)]
struct Constant {
    property: String,
    resource: Resource,
}

impl Funnel {
    /// Errors: `InvalidArgument`, for whatever Mixpanel would refuse, with what it takes instead.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        let said = |name| GivenValue::argument(arguments, name);
        let steps = said("steps")?.ok_or_else(|| Error::argument("steps", "must not be NULL"))?;
        let steps = steps.items()?.into_iter().map(Step::read).collect::<Result<Vec<_>>>()?;
        if !(2..=MOST_STEPS).contains(&steps.len()) {
            let problem = format!("must be 2 to {MOST_STEPS} events, not {}", steps.len());
            return Err(Error::argument("steps", problem));
        }
        let math = word(arguments, "math")?.unwrap_or(FunnelMath::ConversionRateUnique);
        let window = ConversionWindow::of(arguments, &WINDOWS)?;
        match math {
            FunnelMath::ConversionRateSession if !window.is_of_sessions() => {
                let problem = "'conversion_rate_session' needs conversion_window_unit := 'session'";
                return Err(Error::argument("math", problem));
            }
            FunnelMath::ConversionRateSession => {}
            _ => window.must_be_one()?,
        }
        let exclusions = match said("exclusions")? {
            None => Vec::new(),
            Some(said) => {
                said.items()?.into_iter().map(|said| Exclusion::read(said, steps.len())).collect::<Result<_>>()?
            }
        };
        Ok(Self {
            window,
            order: word(arguments, "step_order")?.unwrap_or(StepOrder::Loose),
            exclusions,
            constants: said("holding_constant")?.map_or(Ok(Vec::new()), constants)?,
            reentry: word(arguments, "reentry_mode")?,
            property: property(arguments, math)?,
            math,
            mode: word(arguments, "mode")?.unwrap_or(FunnelMode::Steps),
            frame: Frame::of(arguments)?,
            steps,
        })
    }

    /// What a saved report would have as its `params`.
    pub fn definition(&self) -> Json {
        let mut behavior = json!({
            "type": "funnel",
            "resourceType": "events",
            "behaviors": self.steps.iter().map(|step| step.entry(self.order)).collect::<Json>(),
            "conversionWindowDuration": self.window.length,
            "conversionWindowUnit": self.window.unit.as_str(),
            "funnelOrder": self.order.as_str(),
            "exclusions": self.exclusions.iter().map(|exclusion| exclusion.entry(self.steps.len())).collect::<Json>(),
            "aggregateBy": self.constants.iter().map(Constant::entry).collect::<Json>(),
            "filter": [],
        });
        if let Some(reentry) = self.reentry {
            behavior["funnelReentryMode"] = reentry.as_str().into();
        }
        let property = self.property.as_ref().map(|property| match property {
            Property::Named(name) => json!({"name": name, "type": "number", "resourceType": "events"}),
            property => property.measured(),
        });
        let measurement = json!({"math": self.math.as_str(), "property": property, "stepIndex": null});
        let chart = match self.mode {
            FunnelMode::Steps => "funnel-steps",
            FunnelMode::Trends => "line",
            FunnelMode::Table => "table",
        };
        self.frame.definition(behavior, measurement, chart)
    }
}

impl Step {
    fn read(said: GivenValue) -> Result<Self> {
        let mut fields = match said.clone().item(STEP)? {
            Item::Name(_) => {
                let event = EventRef::Named(event::name(&said)?);
                return Ok(Self { event, filters: EventFilters::default(), label: None, order: None });
            }
            Item::Fields(fields) => fields,
        };
        let step = Self {
            event: EventRef::read(&mut fields)?,
            filters: EventFilters::read(&mut fields)?,
            label: fields.text("label")?,
            order: fields.said_as(&["step_order", "order"])?.map(|said| said.word()).transpose()?,
        };
        fields.finish()?;
        Ok(step)
    }

    fn entry(&self, order: StepOrder) -> Json {
        let mut entry = self.event.part(&self.filters);
        entry["funnelOrder"] = self.order.unwrap_or(order).as_str().into();
        if let Some(label) = &self.label {
            entry["renamed"] = label.clone().into();
        }
        entry
    }
}

impl Exclusion {
    fn read(said: GivenValue, steps: usize) -> Result<Self> {
        let mut fields = match said.clone().item("{'event': 'Refund', 'from_step': 0, 'to_step': 1}")? {
            Item::Name(_) => return Ok(Self { event: event::name(&said)?, from: 0, to: None }),
            Item::Fields(fields) => fields,
        };
        let event = event::name(&fields.required("event")?)?;
        let mut step = |name| {
            let Some(said) = fields.said(name) else { return Ok(None) };
            let number = said.number()?;
            match number.as_u64().filter(|number| usize::try_from(*number).is_ok_and(|number| number < steps)) {
                Some(number) => Ok(Some(number)),
                None => Err(said.error(format!("must be the number of a step from 0 to {}, not {number}", steps - 1))),
            }
        };
        let (from, to) = (step("from_step")?.unwrap_or(0), step("to_step")?);
        if to.is_some_and(|to| to <= from) {
            return Err(fields.error("has a to_step that is not after its from_step"));
        }
        fields.finish()?;
        Ok(Self { event, from, to })
    }

    /// Mixpanel counts from 1.
    fn entry(&self, steps: usize) -> Json {
        let to = self.to.map_or_else(|| steps as u64, |to| to + 1);
        json!({"event": self.event, "steps": {"from": self.from + 1, "to": to}})
    }
}

fn constants(said: GivenValue) -> Result<Vec<Constant>> {
    let error = said.error(format!("must be at most {MOST_CONSTANTS} properties"));
    let constants = said.items()?.into_iter().map(Constant::read).collect::<Result<Vec<_>>>()?;
    if constants.len() > MOST_CONSTANTS { Err(error) } else { Ok(constants) }
}

impl Constant {
    fn read(said: GivenValue) -> Result<Self> {
        let mut fields = match said.clone().item("{'property': 'platform', 'resource': 'event'}")? {
            Item::Name(_) => return Ok(Self { property: said.text()?, resource: Resource::Events }),
            Item::Fields(fields) => fields,
        };
        let constant = Self {
            property: fields.required("property")?.text()?,
            resource: resource(fields.said_as(&["resource", "resource_type"])?)?,
        };
        fields.finish()?;
        Ok(constant)
    }

    fn entry(&self) -> Json {
        json!({"value": self.property, "resourceType": self.resource.plural()})
    }
}

/// The property that a math is of, where it is of one. A total may be.
fn property(arguments: &Arguments, math: FunnelMath) -> Result<Option<Property>> {
    let word = math.as_str();
    match GivenValue::argument(arguments, "property")? {
        None if math.is_of_a_property() => Err(Error::argument(
            "property",
            format!("is missing: math := '{word}' needs a numeric property. Add property := '...'"),
        )),
        None => Ok(None),
        Some(said) if math.is_of_a_property() || math == FunnelMath::Total => Property::read(said).map(Some),
        Some(said) => Err(said.error(format!("does not apply to math := '{word}'. Remove one of them"))),
    }
}
