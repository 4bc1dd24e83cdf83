//! The parameter `bookmark`: an id, or the URL of a report.

use super::link::{AppKind, Link, NoLink};
use crate::{
    config::{Region, Target},
    contract::{Arguments, Error, Param, Result, SqlType, Value, params},
    functions::parameters::{LIVE, RAW},
    kept::literal,
};

pub const NAME: &str = "bookmark";

/// What the functions that read one saved report take.
pub const PARAMETERS: &[Param] =
    params![&[Param::positional(NAME, SqlType::Any, "Id or URL of the report"), RAW], LIVE];

/// The report that a call of this function asks for.
///
/// Errors: `InvalidArgument` for what is neither form, for a URL that names no saved report, and for one of another
/// project or region than the call's: the id alone would mean another report there.
pub fn bookmark(function: &str, arguments: &Arguments, target: &Target) -> Result<Link> {
    let link = match arguments.get(NAME) {
        None => return Err(refused("is missing")),
        Some(Value::Integer(number)) => match i64::try_from(*number) {
            Ok(id @ 1..) => Link::id(id),
            _ => return Err(refused(&format!("no report has the id {number}"))),
        },
        Some(Value::Text(text)) => Link::read(text).map_err(|problem| refused(explain(problem)))?,
        Some(_) => return Err(refused("is neither a whole number nor text")),
    };
    if let Some(Value::Text(url)) = arguments.get(NAME) {
        at_home((NAME, "report"), url, (&link.project_id, link.region), target, function)?;
    }
    if link.kind == Some(AppKind::LaunchAnalysis) {
        return Err(Error::argument(
            NAME,
            "Mixpanel's API does not return a Launch Analysis. Save it as an Insights report",
        ));
    }
    Ok(link)
}

fn explain(problem: NoLink) -> &'static str {
    match problem {
        NoLink::Short => {
            "is a short link, which cannot be resolved without a request. Open it in a browser and copy the long URL"
        }
        NoLink::Board => {
            "is the URL of a board, not of a report. Open one of its reports and copy that URL, or list the cards with \
             mixpanel_dashboard"
        }
        NoLink::Unsaved => "is the URL of a report that is not saved. Save the report and copy its URL again",
        NoLink::Other => "is neither the id nor the URL of a report",
    }
}

fn refused(problem: &str) -> Error {
    Error::argument(NAME, problem).fix(
        "Pass the id, like 12345678, or the URL of a saved report, like \
         'https://mixpanel.com/project/12345/view/67890/app/insights#report/12345678'",
    )
}

/// Refuses a link to another project or region than the one that is asked, for the parameter of this name. A project's
/// secret may stand for any.
pub(super) fn at_home(
    (parameter, what): (&str, &str),
    url: &str,
    (project_id, region): (&Option<String>, Option<Region>),
    target: &Target,
    function: &str,
) -> Result<()> {
    let project = project_id.as_ref().filter(|id| target.project_id.as_ref().is_some_and(|own| own != *id));
    let region = region.filter(|region| *region != target.region);
    let mut theirs = Vec::new();
    let mut ours = Vec::new();
    let mut fix = Vec::new();
    if let Some(id) = project {
        theirs.push(format!("project {id}"));
        ours.push(format!("project {}", target.project_id.as_deref().unwrap_or_default()));
        fix.push(format!("project_id := {id}"));
    }
    if let Some(region) = region {
        theirs.push(format!("region '{region}'"));
        ours.push(format!("region '{}'", target.region));
        fix.push(format!("region := '{region}'"));
    }
    if fix.is_empty() {
        return Ok(());
    }
    let problem = format!(
        "the URL belongs to {}, but this call uses {}, where the same id is another {what} or none",
        theirs.join(" in "),
        ours.join(" in ")
    );
    // The whole call: a URL in FROM has nothing to add to.
    let call = format!("{function}({}, {})", literal(url.trim()), fix.join(", "));
    Err(Error::argument(parameter, problem).fix(format!("Write {call}, or add the account := of that project")))
}
