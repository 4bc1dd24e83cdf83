//! `mixpanel_cohort_members(...)`: the members of many cohorts, with the cohort's id in a column of its own.

use std::sync::Arc;

use super::{
    discovery::saved_cohorts,
    each::{Each, Thing},
    on_failure::{ON_FAILURE, skips_failures},
    parameters::{self, COLUMNS, LABEL, QUERY},
    profile_question::{FILTER, INCLUDE_ALL_USERS, OUTPUT_PROPERTIES},
    profiles::{MAX_WORKERS, PROFILES},
    target, typed_columns,
};
use crate::{
    config::Target,
    contract::{
        Arguments, BoundTable, Columns, Error, Function, Param, Result, Session, SqlType, Table, Value, params,
    },
    json::Record,
};

pub const COHORT_MEMBERS: Function = Function {
    name: "mixpanel_cohort_members",
    description: "Returns one row per cohort and member, for the named cohorts or for all visible ones. Makes at least \
                  one request per cohort.",
    example: "SELECT cohort_id, count(*) FROM mixpanel_cohort_members(cohort_ids := [1001, 1006]) GROUP BY ALL;",
    parameters: params![
        &[COHORT_IDS, SKIP_EMPTY, FILTER, OUTPUT_PROPERTIES, INCLUDE_ALL_USERS, COLUMNS, RAW],
        &[DRY_RUN, ON_FAILURE, MAX_WORKERS, LABEL],
        QUERY
    ],
    bind,
    reports_progress: true,
    ..Function::PLAIN
};

const COHORT_IDS: Param =
    Param::named("cohort_ids", SqlType::Any, "Ids of the cohorts, as a list. Default: all visible cohorts");
const SKIP_EMPTY: Param =
    Param::named("skip_empty", SqlType::Boolean, "Whether to leave out cohorts whose last count was 0")
        .default("false");
const DRY_RUN: Param = Param::named(
    "dry_run",
    SqlType::Boolean,
    "Whether to return the cohorts and the number of requests that they cost, without fetching members",
)
.default("false");
const RAW: Param = parameters::RAW.meaning("Whether to return the cohort's id and each profile as Mixpanel sent it");

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let wanted = Wanted::of(&arguments)?;
    let (skip, target) = (skips_failures(&arguments)?, target(&arguments, session)?);
    let own = [COHORT_IDS.name, SKIP_EMPTY.name, DRY_RUN.name, ON_FAILURE.name];
    let (of_each, session) = (arguments.clone().without(&own), session.clone());
    let bind_one =
        move |id: i64| (PROFILES.bind)(of_each.clone().with("cohort_id", Value::Integer(id.into())), &session);
    // Whatever is wrong with the rest is said now. A column of that name would be two.
    typed_columns(&arguments, &Columns::new([("cohort_id".to_owned(), SqlType::BigInt)]))?;
    let columns = bind_one(1)?.columns().clone();
    if arguments.boolean(DRY_RUN.name)?.unwrap_or(false) {
        let table = Table::new()
            .bigint("cohort_id", |planned: &Planned| planned.id)
            .text_ref("name", |planned| planned.name.as_deref())
            .bigint("count", |planned| planned.count)
            // Mixpanel counts the first page only.
            .bigint("requests", |_| 1);
        return Ok(table.asking(move || wanted.plan(&target)));
    }
    let asked = target.clone();
    let things = move || {
        let ids = wanted.ids(&asked)?;
        ids.into_iter().map(|id| Ok::<Thing, Error>((id, Arc::from(bind_one(id)?)))).collect()
    };
    Ok(Each {
        function: COHORT_MEMBERS.name,
        id_column: "cohort_id",
        columns,
        things: Box::new(things),
        skip,
        json_is_sound: true,
        target,
        arguments: arguments.to_json(),
    }
    .bound())
}

/// Which cohorts a call is about.
struct Wanted {
    /// `None` for all that are visible.
    ids: Option<Vec<i64>>,
    skip_empty: bool,
}

/// A cohort whose members would be asked for.
struct Planned {
    id: i64,
    /// `None`, as the count, of a cohort that is not listed.
    name: Option<String>,
    count: Option<i64>,
}

impl Wanted {
    fn of(arguments: &Arguments) -> Result<Self> {
        arguments.refuse_null(COHORT_IDS.name, "Leave it out for all visible cohorts, or pass [] for none")?;
        let ids =
            arguments.ids(COHORT_IDS.name)?.map(|ids| ids.iter().map(|id| cohort(id)).collect::<Result<Vec<_>>>());
        let (ids, skip_empty) = (ids.transpose()?, arguments.boolean(SKIP_EMPTY.name)?);
        match (&ids, skip_empty) {
            (Some(_), Some(true)) => {
                Err(Error::argument(SKIP_EMPTY.name, "cannot be combined with cohort_ids. Remove one of them"))
            }
            _ => Ok(Self { ids, skip_empty: skip_empty.unwrap_or(false) }),
        }
    }

    fn ids(&self, target: &Target) -> Result<Vec<i64>> {
        match &self.ids {
            // To know them takes no list.
            Some(ids) => Ok(ids.clone()),
            None => Ok(self.plan(target)?.into_iter().map(|planned| planned.id).collect()),
        }
    }

    fn plan(&self, target: &Target) -> Result<Vec<Planned>> {
        if self.ids.as_ref().is_some_and(Vec::is_empty) {
            return Ok(vec![]);
        }
        let cohorts = saved_cohorts(target)?;
        let planned = |cohort: &Record| {
            Ok(Planned { id: cohort.id("id")?, name: cohort.text("name"), count: cohort.bigint("count")? })
        };
        let Some(ids) = &self.ids else {
            let is_wanted = |cohort: &Record| {
                let is_visible = cohort.boolean("is_visible")?.unwrap_or(true);
                Ok::<bool, Error>(is_visible && !(self.skip_empty && cohort.bigint("count")? == Some(0)))
            };
            let found = cohorts.iter().map(|cohort| is_wanted(cohort)?.then(|| planned(cohort)).transpose());
            return found.filter_map(Result::transpose).collect();
        };
        let listed = cohorts.iter().map(planned).collect::<Result<Vec<_>>>()?;
        let find = |id: &i64| listed.iter().find(|planned| planned.id == *id);
        let as_listed = |id: &i64| match find(id) {
            Some(planned) => Planned { id: *id, name: planned.name.clone(), count: planned.count },
            None => Planned { id: *id, name: None, count: None },
        };
        Ok(ids.iter().map(as_listed).collect())
    }
}

fn cohort(id: &str) -> Result<i64> {
    match id.trim().parse() {
        Ok(id @ 1..) => Ok(id),
        _ => Err(Error::argument(COHORT_IDS.name, format!("contains {id:?}, which is not the id of a cohort"))),
    }
}
