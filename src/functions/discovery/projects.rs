//! `mixpanel_projects()`: the projects that the credentials can see, with their time zones. `GET /api/app/me`, cached.
//!
//! The answer was seen with 136 MB, most of it permissions: it is read while it arrives, and only what has a column is kept.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::{
    config::{Region, Target},
    contract::{Arguments, BoundTable, Code, Error, Function, Result, Session, Table},
    functions::{parameters::TARGET, target},
    json::{self, Entries, Object, bigint, parse, said},
    known::{answer_at_hand, part_of_answer},
    mixpanel::{Api, Client, Request, block_on, redact, require_readable},
};

pub const PROJECTS: Function = Function {
    name: "mixpanel_projects",
    description: "Projects that the credentials can read, with their organizations and time zones, one row each.",
    example: "SELECT project_id, name, time_zone FROM mixpanel_projects();",
    parameters: TARGET,
    bind,
    ..Function::PLAIN
};

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    let target = target(&arguments, session)?;
    require_readable(&target, Api::App)?;
    let table = Table::new()
        .bigint("project_id", |project: &Project| project.id)
        .text_ref("name", |project| project.name.as_deref())
        .text_ref("organization", |project| project.organization.as_deref())
        .text_ref("time_zone", |project| project.time_zone.as_deref())
        .text("region", |project| project.region().map(|region| region.to_string()))
        .boolean("has_workspaces", |project| project.has_workspaces);
    Ok(table.asking(move || projects(&target)))
}

/// What is remembered of a project.
#[derive(Serialize, Deserialize)]
struct Project {
    id: i64,
    name: Option<String>,
    organization: Option<String>,
    time_zone: Option<String>,
    domain: Option<String>,
    has_workspaces: Option<bool>,
}

impl Project {
    /// By the address of its application.
    fn region(&self) -> Option<Region> {
        Some(match self.domain.as_deref()? {
            "mixpanel.com" => Region::Us,
            "eu.mixpanel.com" => Region::Eu,
            "in.mixpanel.com" => Region::In,
            _ => return None,
        })
    }
}

/// The answer's members that are read; all others are passed over.
///
/// `{"results": {"organizations": {"5": {"name": "Org"}}, "projects": {"12345": {"name": "P", "organization_id": 5, "timezone":
/// "US/Pacific", "has_workspaces": true, "domain": "mixpanel.com"}}}}`
#[derive(Deserialize)]
struct Me {
    results: Option<Object<Results>>,
    error: Sent,
}

#[derive(Deserialize)]
struct Results {
    organizations: Option<Entries<Object<Organization>>>,
    projects: Option<Entries<Object<Described>>>,
}

/// A value as it stands in the answer, which may have halves of surrogate pairs in it.
type Sent = Option<Box<RawValue>>;

#[derive(Deserialize)]
struct Organization {
    name: Sent,
}

#[derive(Deserialize)]
struct Described {
    name: Sent,
    organization_id: Sent,
    timezone: Sent,
    domain: Sent,
    has_workspaces: Option<bool>,
}

/// By name, then by id. Blocks.
fn projects(target: &Target) -> Result<Vec<Project>> {
    let kept = part_of_answer(&everywhere(target), &request(), || {
        let me: Me = block_on(Client::new(target)?.streamed(&request()))??;
        let projects = read(me, |text| redact(&target.credentials, &text))?;
        serde_json::to_string(&projects).map_err(|error| Error::new(Code::Internal, error.to_string()).caused_by(error))
    })?;
    parse(&kept, "the remembered list of projects")
}

fn read(me: Me, shown: impl Fn(String) -> String) -> Result<Vec<Project>> {
    let unexpected =
        |found: &str| Error::new(Code::UnexpectedResponse, format!("a list of projects was expected, but {found}"));
    let Some(Object(results)) = me.results else {
        let words = text_of(&me.error).map(&shown);
        return Err(unexpected("there are no results").server(words.unwrap_or_default()));
    };
    let text = |value: &Sent| text_of(value).map(&shown);
    let Entries(organizations) = results.organizations.unwrap_or(Entries(Vec::new()));
    let Entries(found) = results.projects.ok_or_else(|| unexpected("it names none"))?;
    let mut projects = Vec::with_capacity(found.len());
    for (id, Object(project)) in found {
        let organization = text_of(&project.organization_id);
        let organization = organizations.iter().find(|(id, _)| Some(id) == organization.as_ref());
        projects.push(Project {
            id: bigint(&Value::from(id)).ok_or_else(|| unexpected("the id of a project is not a whole number"))?,
            name: text(&project.name),
            organization: organization.and_then(|(_, Object(organization))| text(&organization.name)),
            time_zone: text(&project.timezone),
            domain: text(&project.domain),
            has_workspaces: project.has_workspaces,
        });
    }
    projects.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(projects)
}

fn text_of(sent: &Sent) -> Option<String> {
    said(&serde_json::from_str::<Value>(&json::text(sent.as_ref()?.get().as_bytes())).ok()?)
}

fn request() -> Request {
    Request::get(Api::App, "me")
}

/// The same credentials, whatever project they are to ask: the answer has all.
fn everywhere(target: &Target) -> Target {
    Target { project_id: None, workspace_id: None, ..target.clone() }
}

/// The time zone of the call's project where it is another than UTC, as far as this is known without a request.
pub fn other_zone_at_hand(target: &Target) -> Option<String> {
    let kept = answer_at_hand(&everywhere(target), &request())?;
    let projects: Vec<Project> = parse(&kept, "the remembered list of projects").ok()?;
    let id: i64 = target.project_id.as_ref()?.parse().ok()?;
    let zone = projects.into_iter().find(|project| project.id == id)?.time_zone?;
    let is_utc = TimeZone::get(&zone).is_ok_and(|zone| {
        matches!(
            zone.iana_name(),
            Some("UTC" | "Etc/UTC" | "GMT" | "Etc/GMT" | "Zulu" | "Etc/Zulu" | "UCT" | "Etc/UCT")
        )
    });
    (!is_utc).then_some(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<Vec<String>> {
        let me: Me =
            serde_json::from_str(text).map_err(|error| Error::new(Code::UnexpectedResponse, error.to_string()))?;
        let text = |text: &Option<String>| text.clone().unwrap_or("-".into());
        let line = |project: Project| {
            let region = project.region().map_or("-".into(), |region| region.to_string());
            format!(
                "{} {} {} {} {region}",
                project.id,
                text(&project.name),
                text(&project.organization),
                text(&project.time_zone)
            )
        };
        Ok(read(me, |text| text.replace("hunter2", "***"))?.into_iter().map(line).collect())
    }

    #[test]
    fn projects_of_several_organizations() {
        let text = r#"{"status": "ok", "results": {"user_id": 1, "organizations": {"5": {"id": 5, "name": "Org hunter2", "permissions": [1]}},
            "projects": {"2": {"name": "b", "organization_id": 5, "timezone": "US/Pacific", "domain": "eu.mixpanel.com", "token": "abc"},
                         "1": {"name": "a", "organization_id": "6"}, "3": {"timezone": null}},
            "workspaces": {"7": {"name": "x"}}}}"#;
        assert_eq!(shown(text).unwrap(), ["3 - - - -", "1 a - - -", "2 b Org *** US/Pacific eu"]);
        assert_eq!(shown(r#"{"results": {"projects": {}}}"#), Ok(vec![]));
    }

    #[test]
    fn other_shapes_are_no_empty_lists() {
        for text in [
            "{}",
            "[]",
            r#"{"results": []}"#,
            r#"{"results": {}}"#,
            r#"{"results": {"projects": []}}"#,
            r#"{"results": {"projects": {"x": {"name": "a"}}}}"#,
            r#"{"results": {"projects": {"1": ["a"]}}}"#,
        ] {
            assert_eq!(shown(text).map_err(|error| error.code()), Err(Code::UnexpectedResponse), "{text}");
        }
        let error = shown(r#"{"error": "no hunter2"}"#).unwrap_err().to_string();
        assert!(error.contains("no ***"), "{error}");
    }
}
