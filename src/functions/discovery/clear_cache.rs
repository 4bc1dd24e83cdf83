//! `CALL mixpanel_clear_cache()`: new answers instead of those that are kept.

use crate::{
    contract::{Function, Table},
    known::forget_answers,
};

pub const CLEAR_CACHE: Function = Function {
    name: "mixpanel_clear_cache",
    description: "Clears the answers that this process remembers: those of discovery for 15 minutes, those of reports \
                  for one minute.",
    example: "CALL mixpanel_clear_cache();",
    bind: |_, session| {
        let clock = session.clock.clone();
        Ok(Table::new()
            .bigint("entries", |forgotten: &usize| *forgotten as i64)
            .of(move || Ok(vec![forget_answers(clock.now())])))
    },
    ..Function::PLAIN
};
