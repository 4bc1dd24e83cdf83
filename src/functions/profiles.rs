//! `mixpanel_profiles(...)`: the profiles of users or groups.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    parameters::{self, COLUMNS, LABEL, QUERY},
    target, typed_columns,
};
use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Columns, Error, Filter, Function, Param, Result, Scan, Session, SqlType, Value, params,
    },
    decode::{Column, iso_microseconds},
    fetching::{
        columns,
        profiles::{self, ProfilesRequest, ProfilesScan},
        record,
    },
};

const MICROSECONDS: i64 = 1_000_000;

pub const PROFILES: Function = Function {
    name: "mixpanel_profiles",
    description: "Profiles of a project's users, or of a group's members, one row each.",
    example: "CREATE TABLE profiles AS SELECT * FROM mixpanel_profiles(filter := 'properties[\"plan\"] == \"pro\"');",
    parameters: params![WHOSE, &[FILTER], WHAT, &[COLUMNS, RAW, MAX_WORKERS, LABEL], QUERY],
    bind,
    reports_progress: true,
    ..Function::PLAIN
};

pub const WHOSE: &[Param] = &[
    Param::named("distinct_id", SqlType::Any, "only this profile"),
    Param::named("distinct_ids", SqlType::Any, "only these profiles, a list"),
    Param::named("group_id", SqlType::Any, "profiles of this group instead of users"),
];
const FILTER: Param = parameters::FILTER.meaning("an expression of Mixpanel's that chooses profiles");
pub const WHAT: &[Param] = &[
    Param::named("output_properties", SqlType::VARCHARS, "only these properties"),
    Param::named("cohort_id", SqlType::Any, "only members of this saved cohort"),
    Param::named("include_all_users", SqlType::Boolean, "members of the cohort without a profile too").default("false"),
    Param::named("behaviors", SqlType::Any, "events to count, a list of structs"),
    Param::named("as_of_timestamp", SqlType::Any, "when the windows of behaviors end").default("a minute ago"),
];
const MAX_WORKERS: Param = Param::named("max_workers", SqlType::BigInt, "pages at the same time").default("4");
const RAW: Param = parameters::RAW.meaning("one column: each profile as it was sent");

/// The columns that every call has but one with `raw`.
const FIXED: &[Column] = &[Column::ProfileId, Column::Properties, Column::LastSeen];

/// What the pragmas that keep profiles hand on.
pub const HANDED_ON: &[Param] = params![WHOSE, &[FILTER], WHAT, &[COLUMNS, MAX_WORKERS], QUERY];

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let raw = arguments.boolean("raw")?.unwrap_or(false);
    let typed = typed_columns(&arguments, &columns(FIXED, vec![]).1)?;
    let (outputs, columns) = if raw { columns(&[Column::Profile], vec![]) } else { columns(FIXED, typed) };
    Ok(Box::new(Call {
        request: request(&arguments, session.clock.now().as_second())?,
        max_workers: profiles::WORKERS.of(&arguments)?,
        outputs,
        columns,
        arguments: arguments.to_json(),
        target: target(&arguments, session)?,
    }))
}

/// A call with good arguments.
struct Call {
    target: Target,
    request: ProfilesRequest,
    max_workers: usize,
    outputs: Vec<Column>,
    columns: Columns,
    /// For the record of the fetch.
    arguments: String,
}

impl BoundTable for Call {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn scan(&self, projection: &[usize], _filters: &[Filter]) -> Result<Arc<dyn Scan>> {
        let outputs: Vec<Column> = projection.iter().filter_map(|&index| self.outputs.get(index).cloned()).collect();
        let questions = self.request.questions(self.target.now().as_second());
        let record = record::start(
            "mixpanel_profiles",
            self.arguments.clone(),
            questions.len(),
            self.target.testing.clock.clone(),
        );
        Ok(Arc::new(ProfilesScan::new(self.target.clone(), questions, self.max_workers, &outputs, record)))
    }
}

/// `now` in seconds.
fn request(arguments: &Arguments, now: i64) -> Result<ProfilesRequest> {
    // A query that finds nobody makes a NULL, and nobody is not everybody.
    arguments.refuse_null("distinct_ids", "leave it out to ask for everybody, or give [] for nobody")?;
    for name in ["distinct_id", "group_id", "cohort_id", "behaviors"] {
        arguments.refuse_null(name, "leave it out to ask without it")?;
    }
    let request = ProfilesRequest {
        distinct_id: arguments.id("distinct_id")?,
        distinct_ids: arguments.ids("distinct_ids")?,
        group_id: arguments.whole("group_id")?,
        filter: arguments.text("filter")?.map(str::to_string),
        output_properties: arguments.texts("output_properties")?,
        cohort: cohort(arguments)?,
        behaviors: behaviors(arguments)?,
        as_of: as_of(arguments, now)?,
    };
    let conflict = |name, problem| Err(Error::argument(name, problem));
    if request.distinct_id.is_some() && request.distinct_ids.is_some() {
        return conflict("distinct_id", "has no place beside distinct_ids; add it to that list");
    }
    if request.behaviors.is_some() && request.cohort.is_some() {
        return conflict("behaviors", "can't be asked for together with cohort_id; Mixpanel takes one of them");
    }
    if request.behaviors.is_some() && request.filter.is_none() {
        return conflict(
            "behaviors",
            "chooses nobody by itself; add a filter that uses it, like filter := 'behaviors[\"name\"] > 0'",
        );
    }
    Ok(request)
}

fn cohort(arguments: &Arguments) -> Result<Option<(i64, bool)>> {
    let include_all_users = arguments.boolean("include_all_users")?;
    match arguments.whole("cohort_id")? {
        Some(id @ 1..) => Ok(Some((id, include_all_users.unwrap_or(false)))),
        Some(id) => Err(Error::argument("cohort_id", format!("must be at least 1, not {id}"))),
        None if include_all_users.is_some() => {
            Err(Error::argument("include_all_users", "says something of a cohort; add cohort_id, or leave it out"))
        }
        None => Ok(None),
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
fn as_of(arguments: &Arguments, now: i64) -> Result<Option<i64>> {
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
            "lies in the future; Mixpanel takes moments in the past, as a TIMESTAMP in UTC or in seconds since 1970",
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
            assert!(problem.what().starts_with(&format!("{name}: is NULL; leave it out")), "{problem}");
        }
        assert!(request(&given(&[("filter", Value::Null), ("as_of_timestamp", Value::Null)]), 0).is_ok());
    }
}
