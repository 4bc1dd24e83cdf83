//! How do Flows say a filter? Otherwise than all other reports: in two older forms.

use serde_json::{Value as Json, json};

use super::{Operand, Operator, PropertyFilter, PropertyType, QuestionFilter, Resource, Word};
use crate::contract::{Code, Error, Result};

impl QuestionFilter {
    /// A filter of the whole report: `filter_by_event`. Errors: what it can't ask, without a place.
    pub fn of_flows(&self) -> Result<Json> {
        let filter = self.of_a_named_property()?;
        let mut entry = filter.entry();
        if let Some(members) = entry.as_object_mut() {
            members.remove("value");
            members.remove("defaultType");
        }
        entry["propertyName"] = filter.name().into();
        Ok(entry)
    }

    /// A filter of one step. Errors: what it can't ask, without a place.
    pub fn of_a_flows_step(&self) -> Result<Json> {
        let filter = self.of_a_named_property()?;
        let property_type = filter.property_type.as_str();
        let source = match filter.resource {
            Resource::Events => "properties",
            Resource::People => "user",
        };
        Ok(json!({
            "property": {"name": filter.name(), "source": source, "type": property_type},
            "type": property_type,
            "selected_property_type": property_type,
            "filter": filter.comparison()?,
        }))
    }

    fn of_a_named_property(&self) -> Result<&PropertyFilter> {
        match self {
            Self::Property(filter) if filter.name().is_some() && !matches!(filter.operand, Operand::Items(..)) => {
                Ok(filter)
            }
            Self::Property(_) => Err(refused(
                "filters by a custom property or by the items of a list, which Flows do not support. Remove it".into(),
            )),
            Self::Cohort { .. } => Err(refused(
                "filters by a cohort, which a step does not support. Move it to the parameter filters".into(),
            )),
            Self::Frequency(_) => {
                Err(refused("filters by how often users did an event, which Flows do not support. Remove it".into()))
            }
        }
    }
}

impl PropertyFilter {
    /// Operators stand for how the operand relates to what matches: before a date is `>`.
    fn comparison(&self) -> Result<Json> {
        use Operator as Op;
        let is_number = self.property_type == PropertyType::Number;
        let operator = match self.operator {
            Op::True | Op::False => return Ok(json!({"operand": self.operator.as_str()})),
            Op::IsSet if is_number => "is set",
            Op::IsNotSet if is_number => "is not set",
            Op::IsSet => "set",
            Op::IsNotSet => "not set",
            Op::Equals | Op::WasOn => "==",
            Op::DoesNotEqual | Op::WasNotOn => "!=",
            Op::Contains => "in",
            Op::DoesNotContain => "not in",
            Op::IsGreaterThan | Op::WasBefore | Op::WasInThe => ">",
            Op::IsLessThan | Op::WasSince => "<",
            Op::IsAtLeast => ">=",
            Op::IsAtMost => "<=",
            Op::IsBetween | Op::WasBetween => "><",
            Op::NotBetween | Op::WasNotBetween => "!><",
            // Mixpanel's own client sends for 'was not in the' what it sends for 'was in the'.
            Op::StartsWith | Op::EndsWith | Op::WasNotInThe | Op::WasInTheNext | Op::ListContains => {
                return Err(refused(format!(
                    "compares with '{}', which a step of Flows does not support. Use another op",
                    self.operator.as_str()
                )));
            }
        };
        let date = |date: &jiff::civil::Date| date.strftime("%m/%d/%Y").to_string();
        let operand: Json = match &self.operand {
            Operand::None | Operand::Items(..) => "".into(),
            Operand::Text(text) => text.clone().into(),
            Operand::Texts(texts) => texts.clone().into(),
            Operand::Number(number) => number.to_string().into(),
            Operand::Numbers(numbers) => numbers.iter().map(ToString::to_string).collect(),
            Operand::Date(day) => date(day).into(),
            Operand::Dates(days) => days.iter().map(date).collect(),
            Operand::Span(quantity, unit) => {
                return Ok(json!({"operator": operator, "operand": quantity, "unit": format!("{}s", unit.as_str())}));
            }
        };
        Ok(json!({"operator": operator, "operand": operand}))
    }
}

fn refused(what: String) -> Error {
    Error::new(Code::InvalidArgument, what)
}
