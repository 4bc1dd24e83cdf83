//! `mixpanel_flows(bookmark)`: what users do next, by a saved report of Flows.
//!
//! `GET /api/query/arb_funnels`, which Mixpanel's documentation does not know.

use super::{
    argument::{PARAMETERS, bookmark},
    flow_rows::{FlowMode, MODE},
    link::AppKind,
    other_days::{OTHER_DAYS, OtherDays, WantedReport},
    request::arb_funnels,
};
use crate::{
    contract::{Arguments, BoundTable, Error, Function, Result, Session, params},
    functions::{one_request, target},
};

pub const FLOWS: Function = Function {
    name: "mixpanel_flows",
    description: "Returns a saved Flows report by its id or URL: one row per path from a node to a node of the next \
                  step.",
    example: "SELECT step, event_name, node_type, count, next_event_name, next_count FROM mixpanel_flows(8301);",
    parameters: params![PARAMETERS, OTHER_DAYS, &[MODE]],
    bind,
    ..Function::PLAIN
};

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    let link = bookmark(FLOWS.name, &arguments, &target)?;
    if let Some(kind) = link.kind.filter(|kind| *kind != AppKind::Flows) {
        let problem = format!("is a report of {}, not of Flows. Use mixpanel_saved_report", kind.name());
        return Err(Error::argument("bookmark", problem));
    }
    let mode = FlowMode::of(&arguments)?;
    let days = OtherDays::of(&arguments, &target)?;
    let raw = arguments.boolean("raw")?.unwrap_or(false);
    let form = mode.unwrap_or(FlowMode::Sankey);
    Ok(form.bound(raw, move || match days {
        Some(days) => days.ask(&target, &link, mode, WantedReport::Flows),
        None => one_request::ask(&target, &arb_funnels(&link, form)),
    }))
}
