//! `mixpanel_quota()`: how much of the hour's requests are used.

use std::time::Duration;

use super::keeping;
use crate::{
    config::Config,
    contract::{Function, Table},
    quota::{Ledger, LimitSource, Usage},
};

pub const QUOTA: Function = Function {
    name: "mixpanel_quota",
    description: "Requests of the last hour, one row per API and project: how many are used, reserved and left, and \
                  when they become available again.",
    example: "SELECT api, project_id, remaining, resets_at FROM mixpanel_quota();",
    bind: |_, session| {
        let clock = session.clock.clone();
        let keeping = Config::process().keeping(&keeping(session)?)?;
        let table = Table::new()
            .text_ref("api", |usage: &Usage| Some(usage.api))
            .text_ref("project_id", |usage| usage.project_id.as_deref())
            .bigint("used_last_hour", |usage| usage.used as i64)
            .bigint("request_limit", |usage| usage.limit.requests as i64)
            .bigint("reserved", |usage| usage.reserved as i64)
            .bigint("remaining", |usage| usage.left as i64)
            .timestamp("resets_at", |usage| usage.resets_at.map(|moment| moment.as_microsecond()))
            .text_ref("limit_source", |usage| {
                Some(match usage.limit.source {
                    LimitSource::Documented => "documented",
                    LimitSource::Mixpanel => "mixpanel",
                    LimitSource::User => "user",
                })
            })
            .boolean("is_shared", |usage| usage.is_shared);
        Ok(table.of(move || {
            let usage = Ledger::of(&keeping)?.usage(keeping.hourly_limit, clock.now());
            Ok(usage.into_iter().filter(|usage| usage.period == HOUR).collect())
        }))
    },
    ..Function::PLAIN
};

/// The limits of the lexicon are for a minute and not shown here.
const HOUR: Duration = Duration::from_secs(3600);
