//! Which functions, pragmas, macros and settings are registered? One line each.

use crate::{
    contract::{Function, Macro, Pragma, Replacement, Result, Scalar, Setting},
    functions::{
        accounts, activity_feed, api, archive, build, cohort_members, discovery, export, fetches, macro_sql, managed,
        profiles, property, property_names, questions, quota, quote, read, reports, saved, settings, timestamp, utc,
        version, views,
    },
    kept, macros,
};

pub const FUNCTIONS: &[Function] = &[
    export::EXPORT,
    export::EXPORT_PLAN,
    read::READ,
    profiles::PROFILES,
    cohort_members::COHORT_MEMBERS,
    activity_feed::ACTIVITY_FEED,
    discovery::EVENTS,
    discovery::PROPERTIES,
    discovery::PROPERTY_VALUES,
    discovery::TOP_EVENTS,
    discovery::FUNNELS,
    discovery::COHORTS,
    discovery::BOOKMARKS,
    discovery::LEXICON_SCHEMAS,
    discovery::LEXICON_SCHEMA,
    discovery::ANNOTATIONS,
    discovery::WORKSPACES,
    discovery::PROJECTS,
    discovery::EVENT_DEFINITIONS,
    discovery::PROPERTY_DEFINITIONS,
    discovery::CUSTOM_PROPERTIES,
    discovery::EVENT_PROPERTIES,
    discovery::TYPED_COLUMNS,
    discovery::ANNOTATION_TAGS,
    discovery::DASHBOARDS,
    discovery::DASHBOARD,
    discovery::FEATURE_FLAGS,
    discovery::EXPERIMENTS,
    discovery::LOOKUP_TABLES,
    discovery::LOOKUP_TABLE,
    discovery::COHORT_DEFINITIONS,
    discovery::CLEAR_CACHE,
    reports::SEGMENTATION,
    reports::NUMERIC,
    reports::SUM,
    reports::AVERAGE,
    reports::FUNNEL,
    reports::RETENTION,
    reports::FREQUENCY,
    reports::EVENT_COUNTS,
    reports::PROPERTY_COUNTS,
    reports::JQL,
    reports::PROFILE_STATS,
    accounts::ACCOUNTS,
    accounts::ADD,
    accounts::REMOVE,
    accounts::USE,
    accounts::TEST,
    saved::SAVED_REPORT,
    saved::FLOWS,
    questions::QUERY_DEFINITION,
    questions::QUERY_INSIGHTS,
    questions::QUERY_FUNNEL,
    questions::QUERY_RETENTION,
    questions::QUERY_FLOWS,
    api::API,
    quota::QUOTA,
    archive::ARCHIVE,
    archive::CLEAR,
    fetches::FETCHES,
    managed::FETCH_SQL,
    macro_sql::MACRO_SQL,
    build::BUILD,
];

pub const SCALARS: &[Scalar] = &[
    property::PROPERTY,
    property_names::PROPERTY_NAMES,
    timestamp::TIMESTAMP,
    utc::UTC,
    utc::LOCAL,
    quote::QUOTE,
    saved::BOOKMARK_ID,
    version::VERSION,
];

pub const PRAGMAS: &[Pragma] = &[
    managed::FETCH_EVENTS,
    managed::FETCH_PROFILES,
    managed::SYNC_EVENTS,
    managed::SYNC_PROFILES,
    managed::ADOPT,
    managed::DROP,
    views::VIEWS,
];

pub const SETTINGS: &[Setting] = &[
    settings::ACCOUNT,
    settings::PROJECT_ID,
    settings::REGION,
    settings::WORKSPACE_ID,
    settings::MAX_WORKERS,
    settings::ARCHIVE,
    settings::MAX_AGE,
    settings::HOURLY_LIMIT,
];

/// Errors: `Internal` for a macro's file that can't be read.
pub fn macros() -> Result<Vec<Macro>> {
    macros::all()
}

/// What stands for a table that a database does not have, by the name in `FROM`.
pub fn replacement(name: &str) -> Option<Replacement> {
    // `_metadata` where nothing has been fetched yet: an empty history instead of an error.
    if name.eq_ignore_ascii_case(kept::METADATA) {
        return Some(Replacement::Query(kept::NO_HISTORY));
    }
    saved::call_at(name)
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs, path::Path};

    use super::*;
    use crate::contract::Param;

    /// Of all functions and pragmas: the name, and each parameter.
    fn parameters() -> impl Iterator<Item = (&'static str, &'static [Param])> {
        let functions = FUNCTIONS.iter().map(|function| (function.name, function.parameters));
        functions.chain(PRAGMAS.iter().map(|pragma| (pragma.name, pragma.parameters)))
    }

    #[test]
    fn parameters_are_named_once_and_said_to_be_something() {
        for (function, parameters) in parameters() {
            let mut names = HashSet::new();
            let mut named = false;
            for Param { name, description, positional, .. } in parameters {
                assert!(names.insert(name), "{function}: {name} stands there twice");
                assert!(!description.is_empty() && !description.ends_with('.'), "{function}: {name}");
                assert!(!(named && *positional), "{function}: {name} stands behind named ones");
                named |= !positional;
            }
        }
    }

    #[test]
    fn the_pages_know_each_default() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let pages = fs::read_dir(docs).unwrap().filter_map(|page| fs::read_to_string(page.unwrap().path()).ok());
        let lines: Vec<String> =
            pages.flat_map(|page| page.lines().map(str::to_lowercase).collect::<Vec<_>>()).collect();
        for (function, parameters) in parameters() {
            for Param { name, default, .. } in parameters {
                let Some(default) = default else { continue };
                let default = default.to_lowercase();
                let in_a_table = |line: &String| {
                    line.contains(&format!("`{name}`")) && line.contains("default") && line.contains(&default)
                };
                let in_a_call =
                    |line: &String| line.contains(function) && line.contains(&format!("{name} := {default}"));
                assert!(
                    lines.iter().any(|line| in_a_table(line) || in_a_call(line)),
                    "{function}: {name}, default {default}"
                );
            }
        }
    }

    #[test]
    fn each_setting_stands_for_a_parameter_or_for_all_calls() {
        let of_all_calls = [settings::ARCHIVE, settings::MAX_AGE, settings::HOURLY_LIMIT].map(|setting| setting.name);
        let used: HashSet<&str> =
            parameters().flat_map(|(_, parameters)| parameters).filter_map(|param| Some(param.setting?.name)).collect();
        let known: HashSet<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
        assert_eq!(used.into_iter().chain(of_all_calls).collect::<HashSet<_>>(), known);
    }
}
