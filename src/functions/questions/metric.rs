//! What does a question of Insights show: which events, what of them, and what is computed of that?

use serde_json::{Number, Value as Json, json};

use super::{
    cohort::{Cohort, CohortRef},
    event::{self, EventFilters, EventRef},
    formula::Formula,
    property::Property,
    said::{Fields, GivenValue, Item},
    words::{Math, PerUser, SegmentMethod, Word},
};
use crate::contract::{Error, Result};

const EXAMPLE: &str = "{'event': 'Purchase', 'math': 'sum', 'property': 'amount'}";

/// One thing that is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    Event(EventMetric),
    /// How many users are in a cohort.
    Cohort(CohortRef),
    Formula(Formula),
}

#[derive(Debug, Clone, PartialEq)]
pub struct EventMetric {
    /// Several count as one.
    events: Vec<EventRef>,
    filters: EventFilters,
    measure: Measure,
}

/// What is counted or computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    math: Math,
    property: Option<Property>,
    per_user: Option<PerUser>,
    percentile: Option<Number>,
    segment_method: Option<SegmentMethod>,
}

/// What is said of a measure. What an event doesn't say, the call may say for all of them.
#[derive(Debug, Clone, Default)]
pub struct MeasureSaid {
    math: Option<Math>,
    property: Option<Property>,
    per_user: Option<PerUser>,
    percentile: Option<Number>,
    segment_method: Option<SegmentMethod>,
}

impl MeasureSaid {
    pub fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            math: fields.word("math")?,
            property: fields.said("property").map(Property::read).transpose()?,
            per_user: fields.word("per_user")?,
            percentile: fields.said_as(&["percentile", "percentile_value"])?.map(|said| said.number()).transpose()?,
            segment_method: fields.word("segment_method")?,
        })
    }

    pub fn is_nothing(&self) -> bool {
        let Self { math, property, per_user, percentile, segment_method } = self;
        math.is_none() && property.is_none() && per_user.is_none() && percentile.is_none() && segment_method.is_none()
    }

    /// An event with a math of its own takes nothing from the call; another one takes what it lacks.
    fn or(self, call: &Self) -> Self {
        if self.math.is_some() {
            return self;
        }
        let call = call.clone();
        Self {
            math: call.math,
            property: self.property.or(call.property),
            per_user: self.per_user.or(call.per_user),
            percentile: self.percentile.or(call.percentile),
            segment_method: self.segment_method.or(call.segment_method),
        }
    }

    /// Errors: of which field, and what goes with its math or doesn't.
    fn checked(self) -> Result<Measure, (&'static str, String)> {
        let Self { math, property, per_user, percentile, segment_method } = self;
        let math = math.unwrap_or(Math::Total);
        let word = math.as_str();
        let counts =
            matches!(math, Math::Unique | Math::Sessions | Math::CumulativeUnique | Math::Dau | Math::Wau | Math::Mau);
        let each_user_once = matches!(math, Math::Unique | Math::Dau | Math::Wau | Math::Mau);
        if counts && property.is_some() {
            return Err(("property", format!("does not apply to math '{word}', which counts. Remove it")));
        }
        if !counts && math != Math::Total && property.is_none() {
            return Err(("math", format!("'{word}' needs a property. Add property")));
        }
        match per_user {
            Some(_) if each_user_once => {
                return Err((
                    "per_user",
                    format!("does not apply to math '{word}', which counts each user once. Remove it"),
                ));
            }
            Some(_) if property.is_none() => {
                return Err(("per_user", "needs a property. Add property".into()));
            }
            None if math == Math::Histogram => {
                return Err(("per_user", format!("is missing: math 'histogram' needs it. Add {}", PerUser::allowed())));
            }
            _ => {}
        }
        match &percentile {
            None if math == Math::Percentile => Err(("percentile", "is missing. Add one, like 95".into())),
            Some(_) if math != Math::Percentile => {
                Err(("percentile", format!("applies to math 'percentile', not to '{word}'. Remove it")))
            }
            Some(number) if !number.as_f64().is_some_and(|number| (0.0..=100.0).contains(&number)) => {
                Err(("percentile", format!("must be from 0 to 100, not {number}")))
            }
            _ => Ok(Measure { math, property, per_user, percentile, segment_method }),
        }
    }
}

impl Measure {
    pub fn entry(&self) -> Json {
        let math = match self.math {
            Math::Sum => Math::Total.as_str(),
            Math::Percentile => "custom_percentile",
            math => math.as_str(),
        };
        let mut entry = json!({"math": math});
        if let Some(property) = &self.property {
            entry["property"] = property.measured();
        }
        if let Some(per_user) = self.per_user {
            entry["perUserAggregation"] = per_user.as_str().into();
        }
        if let Some(percentile) = &self.percentile {
            entry["percentile"] = percentile.clone().into();
        }
        if let Some(method) = self.segment_method {
            entry["segmentMethod"] = method.as_str().into();
        }
        entry
    }
}

/// Everything that is shown, with the place of each.
pub fn read(said: GivenValue, call: &MeasureSaid) -> Result<Vec<Shown>> {
    let items = said.items()?;
    items.into_iter().map(|said| Shown::read(said, call)).collect()
}

/// `sections.show`. Where something is computed of the metrics, they are not shown themselves.
pub fn section(shown: &[Shown]) -> Json {
    let is_hidden = shown.iter().any(|shown| matches!(shown, Shown::Formula(_)));
    shown.iter().map(|shown| shown.entry(is_hidden)).collect()
}

impl Shown {
    fn read(said: GivenValue, call: &MeasureSaid) -> Result<Self> {
        let mut fields = match said.clone().item(EXAMPLE)? {
            Item::Name(name) => {
                let said = GivenValue::at(said.place(), name);
                let events = vec![EventRef::Named(event::name(&said)?)];
                let measure = call.clone().checked().map_err(|(field, problem)| Error::argument(field, problem))?;
                return Ok(Self::Event(EventMetric { events, filters: EventFilters::default(), measure }));
            }
            Item::Fields(fields) => fields,
        };
        let shown = if fields.has("cohort") {
            let cohort = CohortRef::read(&mut fields)?;
            if matches!(cohort.cohort, Cohort::Inline(_)) {
                return Err(fields.error("cannot count a cohort that is not saved. Use the id of a saved cohort"));
            }
            Self::Cohort(cohort)
        } else if fields.has("formula") || fields.has("expression") {
            let expression = fields.said_as(&["formula", "expression"])?.map(|said| said.text()).transpose()?;
            Self::Formula(Formula { expression: expression.unwrap_or_default(), label: fields.text("label")? })
        } else {
            let events = events(&mut fields)?;
            let filters = EventFilters::read(&mut fields)?;
            let measure = MeasureSaid::read(&mut fields)?.or(call);
            let measure = measure.checked().map_err(|(field, problem)| fields.error_of(field, problem))?;
            Self::Event(EventMetric { events, filters, measure })
        };
        fields.finish()?;
        Ok(shown)
    }

    fn entry(&self, is_hidden: bool) -> Json {
        match self {
            Self::Event(metric) => {
                let mut entry =
                    json!({"type": "metric", "behavior": metric.behavior(), "measurement": metric.measure.entry()});
                if is_hidden {
                    entry["isHidden"] = true.into();
                }
                entry
            }
            Self::Cohort(cohort) => json!({
                "type": "metric",
                "behavior": cohort.onto(json!({
                    "type": "cohort",
                    "resourceType": "cohorts",
                    "dataGroupId": null,
                    "dataset": "$mixpanel",
                    "filtersDeterminer": "all",
                    "filters": [],
                })),
                "measurement": {"math": "unique", "property": null, "perUserAggregation": null},
                "isHidden": is_hidden,
            }),
            Self::Formula(formula) => formula.entry(),
        }
    }
}

impl EventMetric {
    fn behavior(&self) -> Json {
        let parts = match self.events.as_slice() {
            [event] => return event.behavior(&self.filters),
            events => events,
        };
        json!({
            "type": "simple",
            "name": parts.iter().map(EventRef::name).collect::<Vec<_>>().join(" or "),
            "resourceType": "events",
            "filtersDeterminer": "all",
            "filters": [],
            "behaviors": parts.iter().map(|event| event.part(&self.filters)).collect::<Json>(),
        })
    }
}

/// `'event': 'Purchase'`, `'event': ['Purchase', 'Subscribe']` or `'custom_event': 42`.
fn events(fields: &mut Fields) -> Result<Vec<EventRef>> {
    if fields.has("custom_event") {
        return EventRef::read(fields).map(|event| vec![event]);
    }
    let said = fields.required("event")?;
    if !said.is_list() {
        return Ok(vec![EventRef::Named(event::name(&said)?)]);
    }
    let event = |said: GivenValue| match said.clone().item("{'custom_event': 42}")? {
        Item::Name(name) => Ok(EventRef::Named(event::name(&GivenValue::at(said.place(), name))?)),
        Item::Fields(mut fields) => {
            let event = EventRef::read(&mut fields)?;
            fields.finish()?;
            Ok(event)
        }
    };
    said.items()?.into_iter().map(event).collect()
}
