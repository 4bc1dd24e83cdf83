//! Which profiles does a call ask for? What functions that read profiles take, and the question that it is.

use serde_json::Value as Json;

use super::{expression::property, parameters};
use crate::{
    contract::{Arguments, Error, Param, Result, SqlType, Value},
    decode::iso_microseconds,
    fetching::profiles::{ProfilesRequest, Sort},
};

const MICROSECONDS: i64 = 1_000_000;

pub const GROUP_ID: Param = Param::named("group_id", SqlType::Any, "Profiles of this group instead of users");
pub const COHORT_ID: Param = Param::named("cohort_id", SqlType::Any, "Only members of this saved cohort");
pub const INCLUDE_ALL_USERS: Param =
    Param::named("include_all_users", SqlType::Boolean, "Whether to include members of the cohort who have no profile")
        .default("false");
pub const AS_OF: Param = Param::named("as_of_timestamp", SqlType::Any, "Time in the past whose state is returned");

pub const WHOSE: &[Param] = &[
    Param::named("distinct_id", SqlType::Any, "Only this profile"),
    Param::named("distinct_ids", SqlType::Any, "Only these profiles, as a list"),
    GROUP_ID,
];
pub const FILTER: Param = parameters::FILTER.meaning("Mixpanel expression that selects profiles");
pub const OUTPUT_PROPERTIES: Param = Param::named("output_properties", SqlType::VARCHARS, "Only these properties");
pub const WHAT: &[Param] = &[
    OUTPUT_PROPERTIES,
    COHORT_ID,
    INCLUDE_ALL_USERS,
    Param::named("behaviors", SqlType::Any, "Events to count, as a list of structs"),
    AS_OF.meaning("End of the windows of behaviors").default("a minute ago"),
];
/// What Mixpanel's server does for a look at some profiles: no part of a table that is kept.
pub const WHICH: &[Param] = &[
    Param::named("search", SqlType::Varchar, "Only profiles that contain this text"),
    Param::named("sort_by", SqlType::Varchar, "Property or expression to sort by"),
    Param::named("sort_order", SqlType::Varchar, "Sort order with sort_by: descending or ascending")
        .default("'descending'"),
    parameters::MAX_ROWS,
];

/// `now` in seconds.
pub fn request(arguments: &Arguments, now: i64) -> Result<ProfilesRequest> {
    // A query that finds nobody makes a NULL, and nobody is not everybody.
    arguments.refuse_null("distinct_ids", "Leave it out for all profiles, or pass [] for none")?;
    for name in ["distinct_id", "group_id", "cohort_id", "behaviors"] {
        arguments.refuse_null(name, "Leave it out instead")?;
    }
    let sort = sort(arguments)?;
    let request = ProfilesRequest {
        distinct_id: arguments.id("distinct_id")?,
        distinct_ids: arguments.ids("distinct_ids")?,
        group_id: arguments.whole("group_id")?,
        filter: arguments.text("filter")?.map(str::to_string),
        output_properties: arguments.texts("output_properties")?,
        cohort: cohort(arguments)?,
        behaviors: behaviors(arguments)?,
        as_of: as_of(arguments, now)?,
        search: arguments.text("search")?.map(str::to_string),
        sort,
        max_rows: arguments.count("max_rows")?,
    };
    let conflict = |name, problem| Err(Error::argument(name, problem));
    if request.distinct_id.is_some() && request.distinct_ids.is_some() {
        return conflict("distinct_id", "cannot be combined with distinct_ids. Add it to that list");
    }
    if request.sort.is_some() && request.takes_several_questions() {
        return conflict(
            "sort_by",
            "cannot sort more than 2000 distinct_ids, because they take several requests. Name fewer",
        );
    }
    if request.behaviors.is_some() && request.cohort.is_some() {
        return conflict("behaviors", "cannot be combined with cohort_id. Remove one of them");
    }
    if request.behaviors.is_some() && request.filter.is_none() {
        return conflict(
            "behaviors",
            "selects no profiles by itself. Add a filter that uses it, like filter := 'behaviors[\"name\"] > 0'",
        );
    }
    Ok(request)
}

/// A cohort, and whether its users without a profile are wanted too.
pub fn cohort(arguments: &Arguments) -> Result<Option<(i64, bool)>> {
    let include_all_users = arguments.boolean("include_all_users")?;
    match arguments.whole("cohort_id")? {
        Some(id @ 1..) => Ok(Some((id, include_all_users.unwrap_or(false)))),
        Some(id) => Err(Error::argument("cohort_id", format!("must be at least 1, not {id}"))),
        None if include_all_users.is_some() => {
            Err(Error::argument("include_all_users", "needs cohort_id. Add cohort_id, or remove it"))
        }
        None => Ok(None),
    }
}

fn sort(arguments: &Arguments) -> Result<Option<Sort>> {
    let order = arguments.one_of("sort_order", &["ascending", "descending"])?;
    match (property(arguments, "sort_by")?, order) {
        (Some(by), order) => Ok(Some(Sort { by, order: order.unwrap_or("descending") })),
        (None, Some(_)) => Err(Error::argument("sort_order", "needs sort_by. Add sort_by := 'a property'")),
        (None, None) => Ok(None),
    }
}

fn behaviors(arguments: &Arguments) -> Result<Option<String>> {
    let Some(text) = arguments.json("behaviors")? else { return Ok(None) };
    let is_text =
        |behavior: &Json, name| behavior.get(name).and_then(Json::as_str).is_some_and(|text| !text.is_empty());
    let is_behavior = |behavior: &Json| {
        let selectors = behavior.get("event_selectors").and_then(Json::as_array);
        is_text(behavior, "window") && is_text(behavior, "name") && selectors.is_some_and(|list| !list.is_empty())
    };
    match serde_json::from_str::<Vec<Json>>(&text) {
        Ok(list) if !list.is_empty() && list.iter().all(is_behavior) => Ok(Some(text)),
        _ => Err(Error::argument(
            "behaviors",
            "must be a list of objects with window, name and event_selectors, like \
             [{'window': '30d', 'name': 'bought', 'event_selectors': [{'event': 'Purchase'}]}]",
        )),
    }
}

/// Seconds since 1970.
pub fn as_of(arguments: &Arguments, now: i64) -> Result<Option<i64>> {
    let name = "as_of_timestamp";
    let seconds = match arguments.get(name) {
        None => return Ok(None),
        Some(Value::Timestamp(micros)) => Some(micros.div_euclid(MICROSECONDS)),
        Some(Value::Date(days)) => Some(i64::from(*days) * 86_400),
        Some(Value::Integer(seconds)) => i64::try_from(*seconds).ok(),
        Some(Value::Text(text)) => {
            text.trim().parse().ok().or_else(|| Some(iso_microseconds(text)?.div_euclid(MICROSECONDS)))
        }
        Some(_) => None,
    };
    match seconds {
        Some(seconds) if seconds > now => Err(Error::argument(
            name,
            "is in the future. Use a time in the past, as a TIMESTAMP in UTC or in seconds since 1970",
        )),
        Some(seconds @ 0..) => Ok(Some(seconds)),
        _ => Err(Error::argument(name, "must be a TIMESTAMP, a DATE or seconds since 1970")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[(&str, Value)]) -> Arguments {
        Arguments::new(arguments.iter().map(|(name, value)| (name.to_string(), value.clone())).collect())
    }

    #[test]
    fn moments_of_every_kind() {
        let moment = |value| as_of(&given(&[("as_of_timestamp", value)]), 1_700_000_000);
        for (value, seconds) in [
            (Value::Integer(1_699_999_999), 1_699_999_999),
            (Value::Timestamp(1_699_999_999_999_999), 1_699_999_999),
            (Value::Date(1), 86_400),
            (Value::Text("1699999999".into()), 1_699_999_999),
            (Value::Text("1970-01-01 00:00:07+00".into()), 7),
            (Value::Text("1970-01-02".into()), 86_400),
        ] {
            assert_eq!(moment(value), Ok(Some(seconds)));
        }
        for (value, problem) in [
            (Value::Integer(1_700_000_001), "future"),
            (Value::Integer(1_699_999_999_000), "future"),
            (Value::Text("2999-01-01".into()), "future"),
            (Value::Integer(-1), "must be a TIMESTAMP"),
            (Value::Text("noon".into()), "must be a TIMESTAMP"),
            (Value::Double(1.5), "must be a TIMESTAMP"),
        ] {
            assert!(moment(value.clone()).unwrap_err().what().contains(problem), "{value:?}");
        }
    }

    #[test]
    fn behaviors_are_a_list() {
        let behaviors = |text: &str| behaviors(&given(&[("behaviors", Value::Text(text.into()))]));
        let good = r#"[{"window":"30d", "name":"b", "event_selectors":[{"event":"X"}]}]"#;
        assert_eq!(behaviors(good), Ok(Some(good.into())));
        for bad in [
            "[]",
            "{}",
            "[1]",
            r#"[{"window":"30d","name":"b"}]"#,
            r#"[{"window":30,"name":"b","event_selectors":[{"event":"X"}]}]"#,
            r#"[{"window":"30d","name":"b","event_selectors":[]}]"#,
        ] {
            assert!(behaviors(bad).unwrap_err().what().starts_with("behaviors: must be a list"), "{bad}");
        }
        assert!(behaviors("{").unwrap_err().what().contains("not JSON"));
    }

    #[test]
    fn null_selects_nobody_knows_whom() {
        for name in ["distinct_id", "distinct_ids", "group_id", "cohort_id", "behaviors"] {
            let problem = request(&given(&[(name, Value::Null)]), 0).unwrap_err();
            assert!(problem.what().starts_with(&format!("{name}: is NULL. Leave it out")), "{problem}");
        }
        assert!(request(&given(&[("filter", Value::Null), ("as_of_timestamp", Value::Null)]), 0).is_ok());
    }
}
