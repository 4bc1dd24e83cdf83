//! `mixpanel_profile_stats(action, ...)`: what Mixpanel counts and measures of profiles, without a download.
//! `POST /api/query/engage/stats`, which its documentation does not know; the fields are those of its own client.

use serde_json::{Value as Json, json};

use super::{
    Question, REPORT,
    parameters::subject,
    profile_stats_answer::{Stat, stats},
};
use crate::{
    config::Target,
    contract::{Arguments, BoundTable, Error, Function, Param, Result, Session, SqlType, Table, Value, params},
    functions::{
        expression::property,
        profile_question::{self, AS_OF, COHORT_ID, FILTER, GROUP_ID, INCLUDE_ALL_USERS},
        target,
    },
    mixpanel::{Api, Request},
};

pub const PROFILE_STATS: Function = Function {
    name: "mixpanel_profile_stats",
    description: "Returns statistics of profiles that Mixpanel computes: their number, or the extremes, a percentile \
                  or a summary of a property. One request, no download.",
    example: "SELECT statistic, value FROM mixpanel_profile_stats('numeric_summary', property := 'loyalty_points');",
    parameters: params![
        &[ACTION, PROPERTY, PERCENTILE, FILTER, COHORT_ID, INCLUDE_ALL_USERS, SEGMENT_BY_COHORTS, GROUP_ID, AS_OF],
        REPORT
    ],
    bind,
    ..Function::PLAIN
};

const ACTION: Param = Param::positional(
    "action",
    SqlType::Varchar,
    "Statistic: count, extremes, percentile, numeric_summary, or an action with parentheses",
);
const PROPERTY: Param =
    Param::named("property", SqlType::Varchar, "Numeric property, by name or as an expression. Not for count");
/// A share with a fraction is no `BIGINT`, and a `DOUBLE` would not say what was written.
const PERCENTILE: Param =
    Param::named("percentile", SqlType::Any, "Percentile to compute, from 0 to 100. Only for percentile");
const SEGMENT_BY_COHORTS: Param =
    Param::named("segment_by_cohorts", SqlType::Any, "Cohorts to segment by, as a list of ids");

const ACTIONS: [&str; 4] = ["count", "extremes", "percentile", "numeric_summary"];

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    question(&arguments, &target)?.bound(&arguments, session)
}

/// Rows: `segment` is NULL without `segment_by_cohorts`.
fn question(arguments: &Arguments, target: &Target) -> Result<Question> {
    for name in ["cohort_id", "group_id", "segment_by_cohorts"] {
        arguments.refuse_null(name, "Leave it out instead")?;
    }
    let Action { word, text } = action(arguments)?;
    let cohorts = cohorts(arguments)?;
    let is_segmented = cohorts.is_some();
    let cohort = profile_question::cohort(arguments)?;
    let fields = [
        // Mixpanel's own client says it here too. A project's secret stands for its project.
        ("project_id", target.project_id.clone().map(Json::from)),
        ("action", Some(text.into())),
        ("selector", arguments.text("filter")?.map(Json::from)),
        ("filter_by_cohort", cohort.map(|(id, _)| json!({"id": id}).to_string().into())),
        // Left out it is true, and ids without a profile count too.
        ("include_all_users", cohort.map(|(_, include_all_users)| include_all_users.into())),
        ("segment_by_cohorts", cohorts.map(Json::from)),
        ("data_group_id", arguments.whole("group_id")?.map(|id| id.to_string().into())),
        ("as_of_timestamp", profile_question::as_of(arguments, target.now().as_second())?.map(Json::from)),
    ];
    let body: serde_json::Map<_, _> =
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let request = Request::post(Api::Query, "engage/stats").json(Json::Object(body).to_string());
    let table = Table::new()
        .text_ref("segment", |stat: &Stat| stat.segment.as_deref())
        .text_ref("statistic", |stat| Some(&stat.statistic))
        .double("value", |stat| stat.value)
        .json_ref("value_json", |stat| Some(&stat.json))
        .timestamp("computed_at", |stat| stat.computed_at);
    Ok(Question::new(request, move |text: &str| stats(text, &word, is_segmented), table))
}

/// What is asked for.
struct Action {
    /// By what its number is known.
    word: String,
    /// As Mixpanel has it: `percentile(properties["age"], 50)`.
    text: String,
}

fn action(arguments: &Arguments) -> Result<Action> {
    let given = subject(arguments, "action")?.trim();
    let (property, percentile) = (property(arguments, "property")?, percentile(arguments)?);
    if percentile.is_some() && given != "percentile" {
        return Err(Error::argument(
            "percentile",
            "applies only to the action 'percentile'. Remove it, or use that action",
        ));
    }
    let missing = |name: &str, example: &str| {
        Error::argument(name, format!("is missing: {given} needs it. Add {name} := {example}"))
    };
    if let Some((word, _)) = given.split_once('(').filter(|_| given.ends_with(')')) {
        if property.is_some() {
            return Err(Error::argument(
                "property",
                "cannot be combined with an action that names its own property. Remove it",
            ));
        }
        return Ok(Action { word: word.trim().to_owned(), text: given.to_owned() });
    }
    let text = match arguments.one_of("action", &ACTIONS) {
        Err(error) => {
            return Err(
                error.fix("Use one of these words, or an action as Mixpanel has it: 'extremes(properties[\"age\"])'")
            );
        }
        Ok(Some("count")) if property.is_some() => {
            return Err(Error::argument("property", "cannot be combined with count, which counts profiles. Remove it"));
        }
        Ok(Some("count")) => "count()".to_owned(),
        Ok(_) => {
            let property = property.ok_or_else(|| missing("property", "'age'"))?;
            match given == "percentile" {
                true => {
                    let percentile = percentile.ok_or_else(|| missing("percentile", "90"))?;
                    format!("percentile({property}, {percentile})")
                }
                false => format!("{given}({property})"),
            }
        }
    };
    Ok(Action { word: given.to_owned(), text })
}

/// From 0 to 100, as it was written.
fn percentile(arguments: &Arguments) -> Result<Option<String>> {
    let text = match arguments.get("percentile") {
        None => return Ok(None),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Double(number)) => number.to_string(),
        Some(Value::Decimal(digits)) => digits.clone(),
        Some(_) => String::new(),
    };
    match text.parse::<f64>() {
        Ok(0.0..=100.0) => Ok(Some(text)),
        _ => Err(Error::argument("percentile", "must be a number from 0 to 100")),
    }
}

/// `{"1001":true,"1002":true}`.
fn cohorts(arguments: &Arguments) -> Result<Option<String>> {
    let Some(ids) = arguments.ids("segment_by_cohorts")? else { return Ok(None) };
    if ids.is_empty() {
        return Err(Error::argument(
            "segment_by_cohorts",
            "is an empty list. Leave it out to count all profiles together",
        ));
    }
    if let Some(id) = ids.iter().find(|id| !id.parse::<i64>().is_ok_and(|id| id > 0)) {
        return Err(Error::argument("segment_by_cohorts", format!("contains {id:?}, which is not the id of a cohort")));
    }
    Ok(Some(Json::Object(ids.into_iter().map(|id| (id, Json::Bool(true))).collect()).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[(&str, Value)]) -> Arguments {
        Arguments::new(arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn actions_as_mixpanel_has_them() {
        for (arguments, word, expected) in [
            (given(&[("action", text("count"))]), "count", "count()"),
            (
                given(&[("action", text("extremes")), ("property", text("a\"b"))]),
                "extremes",
                r#"extremes(properties["a\"b"])"#,
            ),
            (
                given(&[
                    ("action", text("percentile")),
                    ("property", text("age")),
                    ("percentile", Value::Decimal("99.9".into())),
                ]),
                "percentile",
                r#"percentile(properties["age"], 99.9)"#,
            ),
            (given(&[("action", text(" sum(properties['x']) "))]), "sum", "sum(properties['x'])"),
        ] {
            let action = action(&arguments).unwrap();
            assert_eq!((action.word.as_str(), action.text.as_str()), (word, expected));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let count = ("action", text("count"));
        let percentile = [("action", text("percentile")), ("property", text("age"))];
        for (arguments, problem) in [
            (given(&[]), "action: must not be NULL"),
            (given(&[("action", text("median"))]), "action: must be 'count', 'extremes'"),
            (given(&[("action", text("extremes"))]), "property: is missing"),
            (given(&[count.clone(), ("property", text("age"))]), "property: cannot be combined with count"),
            (given(&[count, ("percentile", Value::Integer(5))]), "percentile: applies only to the action"),
            (given(&percentile), "percentile: is missing"),
            (
                given(&[percentile[0].clone(), percentile[1].clone(), ("percentile", Value::Integer(101))]),
                "from 0 to 100",
            ),
            (
                given(&[percentile[0].clone(), percentile[1].clone(), ("percentile", Value::Double(f64::NAN))]),
                "from 0 to 100",
            ),
            (
                given(&[("action", text("sum(x)")), ("property", text("x"))]),
                "property: cannot be combined with an action",
            ),
        ] {
            let error = action(&arguments).map(|action| action.text).unwrap_err();
            assert!(error.what().contains(problem), "{error}");
        }
    }
}
