//! Which events, properties, reports and other things does a project have? Discovery answers are remembered for 15
//! minutes ([`crate::known`]).

mod annotation_tags;
mod annotations;
mod bookmarks;
mod clear_cache;
mod cohort_definitions;
mod cohorts;
mod custom_properties;
mod dashboard;
mod dashboards;
mod definition;
mod event_definitions;
mod event_properties;
mod events;
mod experiments;
mod feature_flags;
mod funnels;
mod lexicon;
mod lookup_table;
mod lookup_tables;
mod projects;
mod properties;
mod property_definitions;
mod property_values;
mod results;
mod sampled_types;
mod tally;
mod top_events;
mod typed_columns;
mod workspaces;

pub use annotation_tags::ANNOTATION_TAGS;
pub use annotations::ANNOTATIONS;
pub use bookmarks::{BOOKMARKS, SavedDefinition, known_type, require_definitions, saved_definition};
pub use clear_cache::CLEAR_CACHE;
pub use cohort_definitions::COHORT_DEFINITIONS;
pub use cohorts::{COHORTS, saved_cohorts};
pub use custom_properties::CUSTOM_PROPERTIES;
pub use dashboard::DASHBOARD;
pub use dashboards::DASHBOARDS;
pub use event_definitions::EVENT_DEFINITIONS;
pub use event_properties::EVENT_PROPERTIES;
pub use events::EVENTS;
pub use experiments::EXPERIMENTS;
pub use feature_flags::FEATURE_FLAGS;
pub use funnels::{FUNNELS, funnel_name};
pub use lexicon::{LEXICON_SCHEMA, LEXICON_SCHEMAS};
pub use lookup_table::LOOKUP_TABLE;
pub use lookup_tables::LOOKUP_TABLES;
pub use projects::{PROJECTS, other_zone_at_hand};
pub use properties::PROPERTIES;
pub use property_definitions::PROPERTY_DEFINITIONS;
pub use property_values::PROPERTY_VALUES;
pub use top_events::TOP_EVENTS;
pub use typed_columns::TYPED_COLUMNS;
pub use workspaces::{WORKSPACES, of_all_data};

use crate::{
    config::Target,
    contract::{Arguments, Code, Error, Result},
    known::MOST_NAMES,
    mixpanel::{self, Api, Request},
};

/// A route of the app API below the call's project. Errors: `InvalidConfig` for credentials that can't read it.
pub fn project_request(target: &Target, route: &str) -> Result<Request> {
    mixpanel::require_readable(target, Api::App)?;
    let project = target.project_id.as_deref().unwrap_or_default();
    let request = Request::get(Api::App, "projects").segment(project);
    Ok(route.split('/').fold(request, Request::segment))
}

/// The same route of the data view that the call names, if it does.
fn view_request(target: &Target, route: &str) -> Result<Request> {
    let Some(id) = &target.workspace_id else { return project_request(target, route) };
    mixpanel::require_readable(target, Api::App)?;
    Ok(route.split('/').fold(Request::get(Api::App, "workspaces").segment(id), Request::segment))
}

/// The positional argument that the question is about.
fn subject<'a>(arguments: &'a Arguments, name: &str, example: &str) -> Result<&'a str> {
    arguments.text(name)?.ok_or_else(|| Error::argument(name, format!("is NULL. Name one, like {example}")))
}

/// How many rows are asked for.
fn limit(max_rows: Option<u64>) -> u64 {
    max_rows.unwrap_or(MOST_NAMES)
}

/// What came, unless it is as much as was asked for at most without the caller's knowing.
///
/// Errors: `Truncated`, with `narrower` for a fix.
fn uncut<T>(mut found: Vec<T>, max_rows: Option<u64>, narrower: &str) -> Result<Vec<T>> {
    let count = found.len() as u64;
    // Mixpanel cuts some larger limits down to this one without a word.
    let cut = max_rows.map_or(count >= MOST_NAMES, |most| count == MOST_NAMES && most > MOST_NAMES);
    if cut {
        let what = format!("Mixpanel returned {count} rows, as many as were requested: there may be more");
        return Err(
            Error::new(Code::Truncated, what).fix(format!("{narrower}max_rows := {count} to accept these rows"))
        );
    }
    found.truncate(usize::try_from(limit(max_rows)).unwrap_or(usize::MAX));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Credentials, Secret},
        mixpanel::testing::target,
    };

    #[test]
    fn a_limit_that_is_filled_is_an_error_unless_it_is_the_callers() {
        let count = |found, max_rows| uncut(vec![(); found], max_rows, "").map(|found| found.len());
        for (found, max_rows, rows) in [
            (0, None, Ok(0)),
            (4999, None, Ok(4999)),
            (5000, None, Err(Code::Truncated)),
            (5001, None, Err(Code::Truncated)),
            (5000, Some(5000), Ok(5000)),
            (5000, Some(6000), Err(Code::Truncated)),
            (5500, Some(6000), Ok(5500)),
            (7, Some(7), Ok(7)),
            (8, Some(7), Ok(7)),
        ] {
            assert_eq!(count(found, max_rows).map_err(|error| error.code()), rows, "{found} {max_rows:?}");
        }
    }

    #[test]
    fn routes_of_a_project() {
        let request = project_request(&target(), "workspaces/public").unwrap();
        let url = request.url(&target()).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:1/api/app/projects/12345/workspaces/public");
        let view = Target { workspace_id: Some("7".into()), ..target() };
        let url = view_request(&view, "a/b").unwrap().slash(true).url(&view).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:1/api/app/workspaces/7/a/b/");
        let secret = Target { credentials: Credentials::ProjectSecret(Secret::new("x")), project_id: None, ..target() };
        assert_eq!(project_request(&secret, "schemas").map_err(|error| error.code()), Err(Code::InvalidConfig));
    }
}
