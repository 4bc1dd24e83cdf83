//! Which events or users count: what a property must be, which cohort somebody is in, how often something was done?

mod flows;

use jiff::civil::Date;
use serde_json::{Number, Value as Json, json};

use super::{
    cohort::CohortRef,
    event,
    property::{Property, resource},
    said::{Fields, GivenValue},
    words::{DateUnit, FrequencyOperator, Operator, PropertyType, Quantifier, Resource, Word},
};
use crate::contract::Result;

const EXAMPLE: &str = "{'property': 'plan', 'op': 'equals', 'value': 'pro'}";
/// Mixpanel refuses longer lists.
const MOST_VALUES: usize = 1_000;

#[derive(Debug, Clone, PartialEq)]
pub enum QuestionFilter {
    Property(PropertyFilter),
    Cohort { cohort: CohortRef, is_negated: bool },
    Frequency(FrequencyFilter),
}

#[derive(Debug, Clone, PartialEq)]
pub struct PropertyFilter {
    pub property: Property,
    operator: Operator,
    operand: Operand,
    property_type: PropertyType,
    resource: Resource,
}

/// What a property is compared with.
#[derive(Debug, Clone, PartialEq)]
enum Operand {
    None,
    Text(String),
    Texts(Vec<String>),
    Number(Number),
    Numbers([Number; 2]),
    Date(Date),
    Dates([Date; 2]),
    Span(i64, DateUnit),
    /// Of the objects in a list.
    Items(Vec<PropertyFilter>, Quantifier),
}

/// How often a user did something.
#[derive(Debug, Clone, PartialEq)]
pub struct FrequencyFilter {
    event: String,
    operator: FrequencyOperator,
    value: Number,
    /// In how many of these units; over all time where nothing is said.
    within: Option<(i64, DateUnit)>,
    filters: Vec<QuestionFilter>,
    label: String,
}

/// One filter or several.
pub fn read(said: GivenValue) -> Result<Vec<QuestionFilter>> {
    said.items()?.into_iter().map(QuestionFilter::read).collect()
}

/// The same where how often something was done can't be asked: filters of an event.
pub fn of_properties(said: GivenValue) -> Result<Vec<QuestionFilter>> {
    let items = said.items()?;
    let filter = |said: GivenValue| {
        let error = said.error(
            "filters by how often users did an event, which the filters of an event do not support. Move it \
             to the parameter filters",
        );
        match QuestionFilter::read(said)? {
            QuestionFilter::Frequency(_) => Err(error),
            filter => Ok(filter),
        }
    };
    items.into_iter().map(filter).collect()
}

/// `sections.filter`, or the filters of an event.
pub fn section(filters: &[QuestionFilter]) -> Json {
    filters.iter().map(QuestionFilter::entry).collect()
}

impl QuestionFilter {
    pub fn read(said: GivenValue) -> Result<Self> {
        let mut fields = said.fields(EXAMPLE)?;
        let filter = if fields.has("cohort") {
            let is_negated = match fields.said_as(&["op", "operator"])? {
                None => false,
                Some(said) => match said.word()? {
                    Operator::Contains => false,
                    Operator::DoesNotContain => true,
                    _ => return Err(said.error("must be 'contains' or 'does not contain' for a cohort")),
                },
            };
            Self::Cohort { cohort: CohortRef::read(&mut fields)?, is_negated }
        } else if fields.has("event") {
            Self::Frequency(FrequencyFilter::read(&mut fields)?)
        } else {
            Self::Property(PropertyFilter::read(&mut fields)?)
        };
        fields.finish()?;
        Ok(filter)
    }

    /// As Mixpanel's reports have it.
    pub fn entry(&self) -> Json {
        match self {
            Self::Property(filter) => filter.entry(),
            Self::Cohort { cohort, is_negated } => json!({
                "resourceType": "events",
                "filterType": "list",
                "defaultType": "list",
                "filterValue": [{"cohort": cohort.onto(json!({"negated": is_negated}))}],
                "filterOperator": if *is_negated { "does not contain" } else { "contains" },
                "value": "$cohorts",
            }),
            Self::Frequency(filter) => filter.entry(),
        }
    }
}

impl PropertyFilter {
    fn read(fields: &mut Fields) -> Result<Self> {
        let property = Property::read(fields.required("property")?)?;
        let value = fields.said("value");
        let resource = resource(fields.said_as(&["resource", "resource_type"])?)?;
        let said_type = fields.word::<PropertyType>("property_type")?;
        let made_type = match &property {
            Property::Inline(inline) => inline.property_type,
            _ => None,
        };
        let operator = fields.said_as(&["op", "operator"])?;
        let mut operator = match &operator {
            Some(said) => said.word()?,
            None => return Err(fields.error(format!("has no 'op'. Add one of {}", Operator::allowed()))),
        };
        let mut value = value;
        // Mixpanel knows no comparison with true or false: being true is an operator of its own.
        let wanted = value.as_ref().and_then(|value| {
            let is_meant = value.is_boolean() || made_type.or(said_type) == Some(PropertyType::Boolean);
            if is_meant { value.as_boolean() } else { None }
        });
        if let (Operator::Equals | Operator::DoesNotEqual, Some(wanted)) = (operator, wanted) {
            operator = if wanted == (operator == Operator::Equals) { Operator::True } else { Operator::False };
            value = None;
        }
        let is_number = matches!(made_type.or(said_type), Some(PropertyType::Number))
            || value.as_ref().is_some_and(GivenValue::is_number);
        let property_type = made_type.or(said_type).unwrap_or(match operator {
            Operator::Equals | Operator::DoesNotEqual if is_number => PropertyType::Number,
            _ => usual_type(operator),
        });
        if property_type == PropertyType::Boolean && !matches!(operator, Operator::True | Operator::False) {
            return Err(fields.error(format!(
                "compares true or false with '{}'. Use op 'true' or 'false', without a value",
                operator.as_str()
            )));
        }
        let operand = operand(operator, property_type, value, fields)?;
        Ok(Self { property, operator, operand, property_type, resource })
    }

    /// A name alone, where only those can be said.
    pub fn name(&self) -> Option<&str> {
        match &self.property {
            Property::Named(name) => Some(name),
            _ => None,
        }
    }

    pub fn entry(&self) -> Json {
        if let Operand::Items(filters, quantifier) = &self.operand {
            return self.of_items(filters, *quantifier);
        }
        let mut entry = json!({
            "resourceType": self.resource.plural(),
            "filterType": self.property_type.as_str(),
            "defaultType": self.property_type.as_str(),
            "filterValue": self.operand.value(),
            "filterOperator": self.operator.as_str(),
        });
        match &self.property {
            Property::Named(name) => entry["value"] = name.clone().into(),
            Property::Custom(id) => {
                entry["customPropertyId"] = (*id).into();
                entry["dataset"] = "$mixpanel".into();
            }
            Property::Inline(inline) => {
                entry["customProperty"] = inline.typed(self.property_type);
                entry["dataset"] = "$mixpanel".into();
                entry["resourceType"] = inline.resource.plural().into();
            }
        }
        if let Operand::Span(_, unit) = self.operand {
            entry["filterDateUnit"] = unit.as_str().into();
        }
        entry
    }

    fn of_items(&self, filters: &[PropertyFilter], quantifier: Quantifier) -> Json {
        let items = filters.iter().map(|filter| {
            let mut entry = filter.entry();
            entry["dataset"] = "$mixpanel".into();
            entry
        });
        json!({
            "dataset": "$mixpanel",
            "value": self.name(),
            "resourceType": self.resource.plural(),
            "filterType": "object",
            "defaultType": "object",
            "filterJoinType": "list",
            "listQuantifier": quantifier.as_str(),
            "listItemFilters": items.collect::<Json>(),
            "filterOperator": "true",
            "filterValue": true,
        })
    }
}

/// The type that properties with this operator have where nothing else is said.
fn usual_type(operator: Operator) -> PropertyType {
    match operator {
        Operator::IsGreaterThan
        | Operator::IsLessThan
        | Operator::IsAtLeast
        | Operator::IsAtMost
        | Operator::IsBetween
        | Operator::NotBetween => PropertyType::Number,
        Operator::True | Operator::False => PropertyType::Boolean,
        Operator::WasOn
        | Operator::WasNotOn
        | Operator::WasBefore
        | Operator::WasSince
        | Operator::WasBetween
        | Operator::WasNotBetween
        | Operator::WasInThe
        | Operator::WasNotInThe
        | Operator::WasInTheNext => PropertyType::Datetime,
        Operator::ListContains => PropertyType::Object,
        Operator::Equals
        | Operator::DoesNotEqual
        | Operator::Contains
        | Operator::DoesNotContain
        | Operator::StartsWith
        | Operator::EndsWith
        | Operator::IsSet
        | Operator::IsNotSet => PropertyType::String,
    }
}

fn operand(
    operator: Operator,
    property_type: PropertyType,
    value: Option<GivenValue>,
    fields: &mut Fields,
) -> Result<Operand> {
    let word = operator.as_str();
    let missing = fields.error(format!("has no 'value', which '{word}' needs. Add it"));
    let needed = |value: Option<GivenValue>| value.ok_or(missing);
    Ok(match operator {
        Operator::IsSet | Operator::IsNotSet | Operator::True | Operator::False => match value {
            None => Operand::None,
            Some(value) => return Err(value.error(format!("does not apply to '{word}'. Remove it"))),
        },
        Operator::Equals | Operator::DoesNotEqual if property_type == PropertyType::Number => {
            Operand::Number(needed(value)?.number()?)
        }
        Operator::Equals | Operator::DoesNotEqual => {
            let value = needed(value)?;
            let texts = value.texts()?;
            if texts.len() > MOST_VALUES {
                return Err(
                    value.error(format!("has {} values, but Mixpanel accepts at most {MOST_VALUES}", texts.len()))
                );
            }
            Operand::Texts(texts)
        }
        Operator::Contains | Operator::DoesNotContain | Operator::StartsWith | Operator::EndsWith => {
            Operand::Text(needed(value)?.text()?)
        }
        Operator::IsGreaterThan | Operator::IsLessThan | Operator::IsAtLeast | Operator::IsAtMost => {
            Operand::Number(needed(value)?.number()?)
        }
        Operator::IsBetween | Operator::NotBetween => Operand::Numbers(needed(value)?.range()?),
        Operator::WasOn | Operator::WasNotOn | Operator::WasBefore | Operator::WasSince => {
            Operand::Date(needed(value)?.date()?)
        }
        Operator::WasBetween | Operator::WasNotBetween => Operand::Dates(needed(value)?.days()?),
        Operator::WasInThe | Operator::WasNotInThe | Operator::WasInTheNext => {
            let quantity = needed(value)?.positive()?;
            let unit = fields.word("date_unit")?;
            let missing =
                || fields.error(format!("has no 'date_unit', which '{word}' needs. Add {}", DateUnit::allowed()));
            Operand::Span(quantity, unit.ok_or_else(missing)?)
        }
        Operator::ListContains => {
            let said = fields.required("item_filters")?;
            let quantifier = fields.word("quantifier")?.unwrap_or(Quantifier::Any);
            let of_item = |said: GivenValue| {
                let error = said.error("must filter by a property of the list's items");
                match QuestionFilter::read(said)? {
                    QuestionFilter::Property(filter) if filter.operator != Operator::ListContains => Ok(filter),
                    _ => Err(error),
                }
            };
            Operand::Items(said.items()?.into_iter().map(of_item).collect::<Result<_>>()?, quantifier)
        }
    })
}

impl Operand {
    fn value(&self) -> Json {
        match self {
            Self::None | Self::Items(..) => Json::Null,
            Self::Text(text) => text.clone().into(),
            Self::Texts(texts) => texts.clone().into(),
            Self::Number(number) => number.clone().into(),
            Self::Numbers([from, to]) => json!([from, to]),
            Self::Date(date) => date.to_string().into(),
            Self::Dates([from, to]) => json!([from.to_string(), to.to_string()]),
            Self::Span(quantity, _) => (*quantity).into(),
        }
    }
}

impl FrequencyFilter {
    fn read(fields: &mut Fields) -> Result<Self> {
        let event = event::name(&fields.required("event")?)?;
        let said = fields.required("value")?;
        let value = said.number()?;
        if value.as_f64().is_some_and(|number| number < 0.0) {
            return Err(said.error(format!("must not be negative, like {value}")));
        }
        let operator = fields.said_as(&["op", "operator"])?;
        let within = match (fields.positive("date_range_value")?, fields.said("date_range_unit")) {
            (None, None) => None,
            (Some(value), Some(said)) => match said.word()? {
                DateUnit::Hour => return Err(said.error("must be 'day', 'week' or 'month', not 'hour'")),
                unit => Some((value, unit)),
            },
            _ => return Err(fields.error("needs date_range_value and date_range_unit, or neither")),
        };
        Ok(Self {
            operator: operator.map_or(Ok(FrequencyOperator::IsAtLeast), |said| said.word())?,
            value,
            within,
            filters: fields.said("event_filters").map_or(Ok(Vec::new()), of_properties)?,
            label: fields.text("label")?.unwrap_or_else(|| format!("{event} Frequency")),
            event,
        })
    }

    fn entry(&self) -> Json {
        let range = self.within.map(|(value, unit)| {
            let unit = unit.as_str();
            json!({"type": "in the last", "unit": unit, "window": {"unit": unit, "value": value}})
        });
        json!({
            "dataset": "$mixpanel",
            "resourceType": "people",
            "profileType": null,
            "search": "",
            "dataGroupId": null,
            "behavior": {
                "aggregationOperator": "total",
                "behaviorType": "$frequency",
                "dateRange": range,
                "event": {"label": self.event, "value": self.event},
                "filters": section(&self.filters),
                "filtersOperator": "and",
            },
            "filterType": "number",
            "defaultType": "number",
            "filterOperator": self.operator.as_str(),
            "filterValue": self.value,
            "propertyObjectKey": null,
            "value": self.label,
        })
    }
}
