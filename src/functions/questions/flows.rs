//! `mixpanel_query_flows(event)`: what users do before and after some events, without a saved report.
//!
//! `POST /api/query/arb_funnels` with a definition as Mixpanel's own client builds it.

use serde_json::{Value as Json, json};

use super::{
    DATA_GROUP_ID, FILTERS, SEGMENT_BY, asking,
    breakdown::{self, Breakdown},
    days::{self, DateRange},
    event::{self, EventFilters, EventRef},
    filter::{self, QuestionFilter},
    said::{GivenValue, Item, word},
    window::{CONVERSION_WINDOW, CONVERSION_WINDOW_UNIT, ConversionWindow, Limits, WindowUnit},
    words::{Combinator, Word, words},
};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, params},
    functions::{
        parameters::{LIVE, RAW},
        saved::{FLOW_MODE, FlowMode},
    },
};

pub const QUERY_FLOWS: Function = Function {
    name: "mixpanel_query_flows",
    description: "Runs a Flows report without saving it: what users do before and after some events. Returns one row \
                  per path from a node to a node of the next step, or per node of a tree. One request.",
    example: "SELECT event_name, next_event_name, next_count FROM mixpanel_query_flows('Sign Up', from_date := '2025-01-01', \
              to_date := '2025-01-05') WHERE step = 0;",
    parameters: params![
        EVENT,
        days::PARAMETERS,
        &[CONVERSION_WINDOW, CONVERSION_WINDOW_UNIT],
        ASKED,
        &[FLOW_MODE, SEGMENT_BY, FILTERS, DATA_GROUP_ID, RAW],
        LIVE
    ],
    bind,
    ..Function::PLAIN
};

const EVENT: &[Param] =
    &[Param::positional("event", SqlType::Any, "Event or events: names, STRUCTs, or JSON text of them")];
const ASKED: &[Param] = &[
    Param::named("forward", SqlType::BigInt, "Number of steps after the event, at most 5").default("3"),
    Param::named("reverse", SqlType::BigInt, "Number of steps before the event, at most 5").default("0"),
    Param::named("count_type", SqlType::Varchar, "What is counted: unique users, total paths or session")
        .default("'unique'"),
    Param::named("cardinality", SqlType::BigInt, "Number of events that a step shows, at most 50").default("3"),
    Param::named("collapse_repeated", SqlType::Boolean, "Whether repetitions of an event count as one")
        .default("false"),
    Param::named("hidden_events", SqlType::Any, "Events to hide"),
    Param::named("exclusions", SqlType::Any, "Events that end a user's path"),
];

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let flows = Flows::of(&arguments)?;
    asking::bound_flow(&arguments, session, flows.definition()?, flows.mode)
}

const STEP: &str = "{'event': 'Purchase', 'forward': 3, 'reverse': 2}";
/// How many steps to either side.
const MOST_STEPS: u64 = 5;
const MOST_CARDINALITY: u64 = 50;
/// Each is about 366 days.
const WINDOWS: Limits = Limits {
    longest: &[(WindowUnit::Day, 366), (WindowUnit::Week, 52), (WindowUnit::Month, 12), (WindowUnit::Session, 1)],
    usual: 7,
};

words! {
    /// Who or what is counted.
    CountType { Unique = "unique", Total = "total", Session = "session", }
}

words! {
    /// Whether an event is a session's first or last.
    SessionEvent { Start = "start", End = "end", }
}

/// A question of Flows.
#[derive(Debug, Clone, PartialEq)]
pub struct Flows {
    steps: Vec<Step>,
    days: DateRange,
    window: ConversionWindow,
    count_type: CountType,
    cardinality: u64,
    collapses_repeated: bool,
    hidden_events: Vec<String>,
    exclusions: Vec<String>,
    filters: Vec<QuestionFilter>,
    breakdowns: Vec<Breakdown>,
    data_group_id: Option<i64>,
    pub mode: FlowMode,
}

/// An event, and how far to look to both sides of it.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    event: EventRef,
    filters: EventFilters,
    label: Option<String>,
    forward: Option<u64>,
    reverse: Option<u64>,
    session_event: Option<SessionEvent>,
}

impl Flows {
    /// Errors: `InvalidArgument`, for whatever Mixpanel would refuse, with what it takes instead.
    pub fn of(arguments: &Arguments) -> Result<Self> {
        let said = |name| GivenValue::argument(arguments, name);
        let direction = |name: &str| GivenValue::argument(arguments, name)?.map(|said| direction(&said)).transpose();
        let (forward, reverse) = (direction("forward")?.unwrap_or(3), direction("reverse")?.unwrap_or(0));
        let steps = said("event")?.ok_or_else(|| Error::argument("event", "must not be NULL"))?;
        let steps = steps.items()?.into_iter().map(Step::read).collect::<Result<Vec<_>>>()?;
        let steps: Vec<Step> = steps
            .into_iter()
            .map(|step| Step {
                forward: step.forward.or(Some(forward)),
                reverse: step.reverse.or(Some(reverse)),
                ..step
            })
            .collect();
        if steps.iter().all(|step| step.forward == Some(0) && step.reverse == Some(0)) {
            return Err(Error::argument("forward", "and reverse are both 0. Set one of them to at least 1"));
        }
        let window = ConversionWindow::of(arguments, &WINDOWS)?;
        window.must_be_one()?;
        let count_type = word(arguments, "count_type")?.unwrap_or(CountType::Unique);
        if count_type == CountType::Session && !window.is_of_sessions() {
            return Err(Error::argument("count_type", "'session' needs conversion_window_unit := 'session'"));
        }
        let cardinality = arguments.count("cardinality")?.unwrap_or(3);
        if cardinality > MOST_CARDINALITY {
            let problem = format!("must be at most {MOST_CARDINALITY} events per step, not {cardinality}");
            return Err(Error::argument("cardinality", problem));
        }
        Ok(Self {
            steps,
            days: DateRange::of(arguments)?,
            window,
            count_type,
            cardinality,
            collapses_repeated: arguments.boolean("collapse_repeated")?.unwrap_or(false),
            hidden_events: said("hidden_events")?.map_or(Ok(Vec::new()), names)?,
            exclusions: said("exclusions")?.map_or(Ok(Vec::new()), names)?,
            filters: said(FILTERS.name)?.map_or(Ok(Vec::new()), filters)?,
            breakdowns: said(SEGMENT_BY.name)?.map_or(Ok(Vec::new()), breakdown::read)?,
            data_group_id: said(DATA_GROUP_ID.name)?.map(|said| said.positive()).transpose()?,
            mode: FlowMode::of(arguments)?.unwrap_or(FlowMode::Sankey),
        })
    }

    /// What a saved report would have as its `params`.
    pub fn definition(&self) -> Result<Json> {
        let mut definition = json!({
            "steps": self.steps.iter().map(Step::entry).collect::<Result<Vec<_>>>()?,
            "date_range": self.days.range(),
            "chartType": self.mode.chart_type(),
            "flows_merge_type": self.mode.merge_type(),
            "count_type": self.count_type.as_str(),
            "cardinality_threshold": self.cardinality,
            "version": 2,
            "conversion_window": self.window.entry(),
            "anchor_position": 1,
            "collapse_repeated": self.collapses_repeated,
            "show_custom_events": true,
            "hidden_events": self.hidden_events,
            "exclusions": self.exclusions,
        });
        if let Some(id) = self.data_group_id {
            definition["data_group_id"] = id.into();
        }
        for filter in &self.filters {
            match filter {
                QuestionFilter::Cohort { cohort, is_negated } => {
                    definition["filter_by_cohort"] = cohort.onto(json!({"negated": is_negated}));
                }
                filter => {
                    let child = filter.of_flows()?;
                    match definition.pointer_mut("/filter_by_event/children").and_then(Json::as_array_mut) {
                        Some(children) => children.push(child),
                        None => definition["filter_by_event"] = json!({"operator": "and", "children": [child]}),
                    }
                }
            }
        }
        if !self.breakdowns.is_empty() {
            definition["segments"] = breakdown::section(&self.breakdowns, None);
        }
        Ok(definition)
    }
}

impl Step {
    fn read(said: GivenValue) -> Result<Self> {
        let mut fields = match said.clone().item(STEP)? {
            Item::Name(_) => {
                return Ok(Self {
                    event: EventRef::Named(event::name(&said)?),
                    filters: EventFilters::default(),
                    label: None,
                    forward: None,
                    reverse: None,
                    session_event: None,
                });
            }
            Item::Fields(fields) => fields,
        };
        let session_event = fields.word::<SessionEvent>("session_event")?;
        let place = fields.place().to_owned();
        let step = Self {
            event: EventRef::read(&mut fields)?,
            filters: EventFilters::read(&mut fields)?,
            label: fields.text("label")?,
            forward: fields.said("forward").map(|said| direction(&said)).transpose()?,
            reverse: fields.said("reverse").map(|said| direction(&said)).transpose()?,
            session_event,
        };
        fields.finish()?;
        let expected = session_event.map(|event| match event {
            SessionEvent::Start => "$session_start",
            SessionEvent::End => "$session_end",
        });
        if let Some(expected) = expected
            && step.event.name() != expected
        {
            let problem =
                format!("has a session_event that belongs to event '{expected}'. Remove it, or name that event");
            return Err(Error::argument(&place, problem));
        }
        // What can't be asked is known now, and not when the rows are.
        step.entry().map_err(|error| Error::argument(&place, error.what()))?;
        Ok(step)
    }

    fn entry(&self) -> Result<Json> {
        let name = self.event.name();
        let mut entry = json!({
            "event": name,
            "step_label": self.label.as_ref().unwrap_or(&name),
            "forward": self.forward.unwrap_or(0),
            "reverse": self.reverse.unwrap_or(0),
            "bool_op": match self.filters.combinator { Combinator::All => "and", Combinator::Any => "or" },
            "property_filter_params_list":
                self.filters.filters.iter().map(QuestionFilter::of_a_flows_step).collect::<Result<Vec<_>>>()?,
        });
        if let Some(session_event) = self.session_event {
            entry["session_event"] = session_event.as_str().into();
        }
        Ok(entry)
    }
}

fn direction(said: &GivenValue) -> Result<u64> {
    let number = said.number()?;
    let error = || said.error(format!("must be a whole number from 0 to {MOST_STEPS}, not {number}"));
    number.as_u64().filter(|steps| *steps <= MOST_STEPS).ok_or_else(error)
}

fn names(said: GivenValue) -> Result<Vec<String>> {
    said.items()?.iter().map(event::name).collect()
}

/// Errors: `InvalidArgument` for several cohorts, and for what Flows can't ask.
fn filters(said: GivenValue) -> Result<Vec<QuestionFilter>> {
    let error = said.error("has several cohorts, but Flows accept one. Keep one");
    let place = said.place().to_owned();
    let filters = filter::read(said)?;
    if filters.iter().filter(|filter| matches!(filter, QuestionFilter::Cohort { .. })).count() > 1 {
        return Err(error);
    }
    for filter in filters.iter().filter(|filter| !matches!(filter, QuestionFilter::Cohort { .. })) {
        filter.of_flows().map_err(|error| Error::argument(&place, error.what()))?;
    }
    Ok(filters)
}
