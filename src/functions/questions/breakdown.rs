//! By what are the numbers told apart: by a property, by cohorts, by how often something was done?

use serde_json::{Number, Value as Json, json};

use super::{
    cohort::CohortRef,
    event,
    property::{Property, resource, scalar_type},
    said::{Fields, GivenValue, Item},
    words::{PropertyType, Resource, Word},
};
use crate::contract::{Error, Result};

const EXAMPLE: &str = "{'property': 'amount', 'bucket_size': 10, 'bucket_min': 0, 'bucket_max': 100}";

#[derive(Debug, Clone, PartialEq)]
pub enum Breakdown {
    Property(PropertyBreakdown),
    /// Those in a cohort, and those who are not, where that is asked for.
    Cohort {
        cohort: CohortRef,
        with_others: bool,
    },
    Frequency {
        event: String,
        buckets: Buckets,
        label: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct PropertyBreakdown {
    property: Property,
    property_type: PropertyType,
    resource: Resource,
    buckets: Option<Buckets>,
    /// The property of the objects in a list, and its type.
    item: Option<(String, PropertyType)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Buckets {
    size: Number,
    min: Number,
    max: Number,
}

/// One breakdown or several.
pub fn read(said: GivenValue) -> Result<Vec<Breakdown>> {
    said.items()?.into_iter().map(Breakdown::read).collect()
}

/// `sections.group`; the id is of the group whose properties and cohorts are meant.
pub fn section(breakdowns: &[Breakdown], data_group_id: Option<i64>) -> Json {
    breakdowns.iter().map(|breakdown| breakdown.entry(data_group_id)).collect()
}

impl Breakdown {
    fn read(said: GivenValue) -> Result<Self> {
        let mut fields = match said.clone().item(EXAMPLE)? {
            Item::Name(_) => {
                return Ok(Self::Property(PropertyBreakdown::of(Property::Named(said.text()?))));
            }
            Item::Fields(fields) => fields,
        };
        let breakdown = if fields.has("cohort") {
            Self::Cohort {
                cohort: CohortRef::read(&mut fields)?,
                with_others: fields.boolean("include_negated")?.unwrap_or(true),
            }
        } else if fields.has("event") {
            let event = event::name(&fields.required("event")?)?;
            let buckets = Buckets::read(&mut fields)?.unwrap_or_else(|| Buckets {
                size: 1.into(),
                min: 0.into(),
                max: 10.into(),
            });
            if buckets.min.as_f64().is_some_and(|min| min < 0.0) {
                return Err(fields.error("bucket_min must not be negative"));
            }
            Self::Frequency {
                label: fields.text("label")?.unwrap_or_else(|| format!("{event} Frequency")),
                event,
                buckets,
            }
        } else {
            Self::Property(PropertyBreakdown::read(&mut fields)?)
        };
        fields.finish()?;
        Ok(breakdown)
    }

    fn entry(&self, data_group_id: Option<i64>) -> Json {
        let group = data_group_id.map(|id| id.to_string());
        match self {
            Self::Property(breakdown) => breakdown.entry(group),
            Self::Cohort { cohort, with_others } => {
                let entry = |is_negated: bool| {
                    let mut entry = cohort.onto(json!({"negated": is_negated, "data_group_id": group}));
                    if entry.get("id").is_some() {
                        entry["groups"] = json!([]);
                    }
                    entry
                };
                let others = with_others.then(|| (entry(true), format!("Not In {}", cohort.name)));
                let (cohorts, labels): (Vec<_>, Vec<_>) =
                    std::iter::once((entry(false), cohort.name.clone())).chain(others).unzip();
                json!({
                    "value": labels,
                    "resourceType": "events",
                    "profileType": null,
                    "search": "",
                    "dataGroupId": group,
                    "propertyType": null,
                    "typeCast": null,
                    "cohorts": cohorts,
                    "isHidden": false,
                })
            }
            Self::Frequency { event, buckets, label } => {
                let mut bucket = buckets.entry();
                bucket["disabled"] = false.into();
                json!({
                    "dataset": "$mixpanel",
                    "behavior": {
                        "aggregationOperator": "total",
                        "event": {"label": event, "value": event},
                        "behaviorType": "$frequency",
                        "filters": [],
                        "filtersOperator": "and",
                        "dateRange": null,
                    },
                    "value": label,
                    "resourceType": "people",
                    "propertyType": "number",
                    "dataGroupId": group,
                    "customBucket": bucket,
                })
            }
        }
    }
}

impl PropertyBreakdown {
    fn of(property: Property) -> Self {
        Self { property, property_type: PropertyType::String, resource: Resource::Events, buckets: None, item: None }
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        let property = Property::read(fields.required("property")?)?;
        let resource = resource(fields.said_as(&["resource", "resource_type"])?)?;
        let buckets = Buckets::read(fields)?;
        let usual = if buckets.is_some() { PropertyType::Number } else { PropertyType::String };
        let property_type = match fields.said("property_type") {
            None => usual,
            Some(said) => match scalar_type(&said)? {
                found if buckets.is_some() && found != PropertyType::Number => {
                    return Err(said.error("must be 'number' for buckets"));
                }
                found => found,
            },
        };
        let item = match (fields.text("sub")?, fields.said("sub_type")) {
            (None, None) => None,
            (None, Some(said)) => return Err(said.error("needs sub. Add it")),
            (Some(sub), said) => {
                if buckets.is_some() || !matches!(property, Property::Named(_)) || resource == Resource::People {
                    return Err(fields.error("sub needs an event property, named by a text, without buckets"));
                }
                Some((sub, said.map_or(Ok(PropertyType::String), |said| scalar_type(&said))?))
            }
        };
        Ok(Self { property, property_type, resource, buckets, item })
    }

    fn entry(&self, group: Option<String>) -> Json {
        let mut entry = match &self.property {
            Property::Named(name) => self.named(name),
            Property::Custom(id) => {
                let mut entry = computed(group, self.resource, self.property_type);
                entry["customPropertyId"] = (*id).into();
                entry
            }
            Property::Inline(inline) => {
                let property_type = inline.property_type.unwrap_or(self.property_type);
                let mut entry = computed(group, inline.resource, property_type);
                entry["customProperty"] = inline.typed(property_type);
                entry
            }
        };
        if let Some(buckets) = &self.buckets {
            entry["customBucket"] = buckets.entry();
        }
        entry
    }

    fn named(&self, name: &str) -> Json {
        match &self.item {
            Some((item, item_type)) => json!({
                "dataset": "$mixpanel",
                "value": name,
                "resourceType": "events",
                "joinPropertyType": "list",
                "propertyType": "object",
                "listItemGroup": {
                    "resourceType": "event",
                    "propertyName": item,
                    "propertyDefaultType": item_type.as_str(),
                    "propertyType": item_type.as_str(),
                },
            }),
            None => json!({
                "value": name,
                "propertyName": name,
                "resourceType": self.resource.plural(),
                "propertyType": self.property_type.as_str(),
                "propertyDefaultType": self.property_type.as_str(),
            }),
        }
    }
}

/// What a breakdown by a custom property has besides the property.
fn computed(group: Option<String>, resource: Resource, property_type: PropertyType) -> Json {
    json!({
        "value": null,
        "resourceType": resource.plural(),
        "profileType": null,
        "search": "",
        "dataGroupId": group,
        "dataset": "$mixpanel",
        "propertyType": property_type.as_str(),
        "typeCast": null,
        "unit": null,
        "isHidden": false,
    })
}

impl Buckets {
    /// All three of `bucket_size`, `bucket_min` and `bucket_max`, or none.
    fn read(fields: &mut Fields) -> Result<Option<Self>> {
        let said = fields.said("bucket_size");
        let size = said.as_ref().map(GivenValue::number).transpose()?;
        let (min, max) = (fields.number("bucket_min")?, fields.number("bucket_max")?);
        match (size, min, max) {
            (None, None, None) => Ok(None),
            (Some(size), Some(min), Some(max)) => {
                if size.as_f64().is_some_and(|size| size <= 0.0) {
                    return Err(Error::argument(
                        said.as_ref().map_or(fields.place(), GivenValue::place),
                        format!("must be more than 0, not {size}"),
                    ));
                }
                if min.as_f64() >= max.as_f64() {
                    return Err(fields.error(format!("bucket_min {min} must be less than bucket_max {max}")));
                }
                Ok(Some(Self { size, min, max }))
            }
            _ => Err(fields.error("needs bucket_size, bucket_min and bucket_max, or none of them")),
        }
    }

    fn entry(&self) -> Json {
        json!({"bucketSize": self.size, "min": self.min, "max": self.max})
    }
}
