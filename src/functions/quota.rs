//! `mixpanel_quota()`: how much of the hour's requests this process has used.

use std::time::Duration;

use crate::{
    contract::{Function, Table},
    quota::{Ledger, Usage},
};

pub const QUOTA: Function = Function {
    name: "mixpanel_quota",
    description: "Requests that this process made in the last hour, for each API and project, and when they come back.",
    example: "SELECT api, project_id, request_limit - used_last_hour AS requests_left, resets_at FROM mixpanel_quota();",
    bind: |_, session| {
        let clock = session.clock.clone();
        let table = Table::new()
            .text_ref("api", |usage: &Usage| Some(usage.api))
            .text_ref("project_id", |usage| usage.project_id.as_deref())
            .bigint("used_last_hour", |usage| usage.used as i64)
            .bigint("request_limit", |usage| usage.limit.requests as i64)
            .timestamp("resets_at", |usage| usage.resets_at.map(|moment| moment.as_microsecond()));
        Ok(table.of(move || {
            let usage = Ledger::own().usage(None, clock.now());
            Ok(usage.into_iter().filter(|usage| usage.period == HOUR).collect())
        }))
    },
    ..Function::PLAIN
};

/// The limits of the lexicon are for a minute and not shown here.
const HOUR: Duration = Duration::from_secs(3600);
