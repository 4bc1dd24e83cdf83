//! `PRAGMA mixpanel_views(...)`: a project as a schema of views, to be browsed like an attached database.

use super::{
    accounts, discovery, export,
    parameters::{ACCOUNT, COLUMNS, PROJECT_ID, REGION},
    profiles,
};
use crate::{
    catalog,
    contract::{Arguments, Code, Error, Function, Param, Pragma, Result, Session, SqlType, Statements, Value, params},
    kept::{Script, TableName, literal, value},
};

pub const VIEWS: Pragma = Pragma {
    name: "mixpanel_views",
    description: "Creates views of a project in a schema: recent_events, events, profiles, and one per discovery \
                  function. Creating them and reading their columns costs no request.",
    example: "PRAGMA mixpanel_views(schema = 'mixpanel');",
    parameters: params![
        &[Param::named("schema", SqlType::Varchar, "Schema for the views, created if it does not exist")
            .default("'mixpanel'")],
        // What a setting says, the views ask it for themselves.
        &Param::without_settings([ACCOUNT, PROJECT_ID, REGION])
    ],
    script,
};

/// What needs no argument and asks Mixpanel, but for something else than a list of what a project has: rows, which are
/// views of their own, and what concerns the asking.
const OTHERS: &[&str] = &[export::EXPORT.name, export::EXPORT_PLAN.name, profiles::PROFILES.name, accounts::TEST.name];

/// The days that `recent_events` has, with today.
const RECENT_DAYS: u32 = 30;

struct View {
    name: &'static str,
    function: &'static Function,
    /// What the call says besides whom to ask.
    argument: Option<String>,
    comment: &'static str,
}

/// The raw data first, then what the catalog has that can be asked without an argument and with these credentials.
fn views(arguments: &Arguments, session: &Session) -> Result<Vec<View>> {
    // Whoever can't ask for names can't ask for anything, and hears why.
    bound(&discovery::EVENTS, arguments, session)?;
    let recent = format!("from_date := current_date - {}", RECENT_DAYS - 1);
    let raw = [
        ("recent_events", &export::EXPORT, Some(recent), "Raw events of the last 30 days, today included."),
        (
            "events",
            &export::EXPORT,
            None,
            "Raw events. Requires a range of event_time in WHERE, and requests those days.",
        ),
        ("profiles", &profiles::PROFILES, None, profiles::PROFILES.description),
    ];
    let lists = catalog::FUNCTIONS.iter().filter(|function| lists(function));
    let lists = lists.filter(|function| bound(function, arguments, session).is_ok()).map(|function| {
        let name = match function.name.trim_start_matches("mixpanel_") {
            // That is what the events themselves are called.
            "events" => "event_names",
            name => name,
        };
        (name, function, None, function.description)
    });
    let view = |(name, function, argument, comment)| View { name, function, argument, comment };
    Ok(raw.into_iter().chain(lists).map(view).collect())
}

/// Whether a function may be one that lists what there is in a project. Binding tells whether it needs an argument.
fn lists(function: &Function) -> bool {
    let asks = function.parameters.iter().any(|param| param.name == ACCOUNT.name);
    // What makes columns of properties has rows of users or events.
    let other = function.parameters.iter().any(|param| param.positional || param.name == COLUMNS.name);
    asks && !other && !OTHERS.contains(&function.name)
}

/// Binding makes no request, and says whether the credentials are of the kind that the function needs.
fn bound(function: &Function, arguments: &Arguments, session: &Session) -> Result<()> {
    function.call(whom(arguments), session).map(drop)
}

fn whom(arguments: &Arguments) -> Vec<(String, Value)> {
    let given =
        [ACCOUNT, PROJECT_ID, REGION].map(|param| Some((param.name.to_owned(), arguments.get(param.name)?.clone())));
    given.into_iter().flatten().collect()
}

fn script(arguments: &Arguments, session: &Session) -> Result<Statements> {
    let schema = arguments.text("schema")?.unwrap_or("mixpanel");
    let views = views(arguments, session)?;
    let place = |name: &str| TableName::read("schema", &format!("{schema}.{name}"));
    let names = views.iter().map(|view| literal(view.name)).collect::<Vec<_>>().join(", ");
    let mut script = Script::default();
    script.set("schema", place("events")?.schema()).add("CREATE SCHEMA IF NOT EXISTS {{schema}};\n")?;
    for View { name, function, argument, comment } in views {
        let whom = whom(arguments).into_iter().map(|(name, given)| format!("{name} := {}", value(&given)));
        let said = argument.into_iter().chain(whom).collect::<Vec<_>>().join(", ");
        let view = place(name)?;
        let taken = Error::new(Code::WrongTable, format!("{view} is a view that mixpanel_views did not create"))
            .fix("Name another schema, or drop that view");
        script
            .set("taken", literal(&taken.to_string()))
            .set("condition", view.condition())
            .set("view", view.sql())
            .set("call", format!("{}({said})", function.name))
            .set("comment", literal(comment))
            .add(include_str!("../../sql/views/view.sql"))?;
    }
    let work = script.add("RESET VARIABLE mixpanel_views_checked;\n")?.finish();
    let report = format!("SELECT unnest([{names}]) AS view;\n");
    Ok(Statements { work, report })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_of_the_catalog_has_a_view() {
        let names: Vec<&str> =
            catalog::FUNCTIONS.iter().filter(|function| lists(function)).map(|function| function.name).collect();
        for name in ["mixpanel_cohorts", "mixpanel_annotations", "mixpanel_lexicon_schemas", "mixpanel_workspaces"] {
            assert!(names.contains(&name), "{name}");
        }
        for name in ["mixpanel_property_values", "mixpanel_clear_cache", "mixpanel_quota", "mixpanel_export"] {
            assert!(!names.contains(&name), "{name}");
        }
    }
}
