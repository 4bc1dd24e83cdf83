//! `mixpanel_quota()`: how much of the hour's requests this process has used.

use std::{sync::Arc, time::Duration};

use arrow_array::{Int64Array, TimestampMicrosecondArray};

use crate::{
    contract::{
        Arguments, BoundTable, Columns, Documentation, Parameter, Result, Session, SqlType, TableFunction, rows, texts,
    },
    quota::{Ledger, Usage},
};

pub struct Quota;

impl TableFunction for Quota {
    fn name(&self) -> &'static str {
        "mixpanel_quota"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "Requests that this process made in the last hour, for each API and project, and when they come back.",
            example: "SELECT api, project_id, request_limit - used_last_hour AS requests_left, resets_at FROM mixpanel_quota();",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![]
    }

    fn bind(&self, _arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        let columns = Columns::new([
            ("api", SqlType::Varchar),
            ("project_id", SqlType::Varchar),
            ("used_last_hour", SqlType::BigInt),
            ("request_limit", SqlType::BigInt),
            ("resets_at", SqlType::Timestamp),
        ]);
        Ok(rows(columns, move || {
            let hourly: Vec<Usage> = Ledger::own()
                .usage(None, session.clock.now())
                .into_iter()
                .filter(|usage| usage.period == HOUR)
                .collect();
            let count = |value: fn(&Usage) -> usize| {
                hourly.iter().map(|usage| Some(value(usage) as i64)).collect::<Int64Array>()
            };
            let resets = hourly.iter().map(|usage| usage.resets_at.map(|moment| moment.as_microsecond()));
            Ok(vec![
                texts(hourly.iter().map(|usage| Some(usage.api))),
                texts(hourly.iter().map(|usage| usage.project_id.as_deref())),
                Arc::new(count(|usage| usage.used)),
                Arc::new(count(|usage| usage.limit.requests)),
                Arc::new(resets.collect::<TimestampMicrosecondArray>()),
            ])
        }))
    }
}

/// The limits of the lexicon are for a minute and not shown here.
const HOUR: Duration = Duration::from_secs(3600);
