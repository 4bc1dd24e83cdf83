//! `mixpanel_account_test(...)`: does an account work, and for what?
//!
//! One request of each API, and where none of them knows credentials or project,
//! one of each other region: a wrong region refuses good credentials.

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use crate::{
    config::{Region, Target},
    contract::{Arguments, BoundTable, Code, Error, Function, Reason, Result, Session, Table, still_waited_for},
    functions::{self, discovery::project_request, parameters::TARGET},
    known::event_names_anew,
    mixpanel::{Api, Client, Request, block_on},
};

pub const TEST: Function = Function {
    name: "mixpanel_account_test",
    description: "Tests what an account can read, with one request to each API. If it can read nothing, tests the \
                  other regions too. Returns failures as rows, not as errors.",
    example: "SELECT success, account, project_id, region, export_ok, query_ok, app_ok, error FROM mixpanel_account_test(account := 'prod');",
    parameters: TARGET,
    bind,
    ..Function::PLAIN
};

fn bind(arguments: Arguments, session: &Session) -> Result<Box<dyn BoundTable>> {
    session.require_external_access()?;
    let account = arguments.text("account")?.map(str::to_owned);
    let target = match functions::target(&arguments, session) {
        // What is wrong with the call itself.
        Err(error) if error.code() == Code::InvalidArgument => return Err(error),
        Err(error) if error.code() == Code::AccountNotFound && account.is_some() => return Err(error),
        target => target,
    };
    Ok(Table::new()
        .boolean("success", |row: &Row| row.success)
        .text_ref("account", |row| row.account.as_deref())
        .text_ref("project_id", |row| row.project_id.as_deref())
        .text_ref("region", |row| row.region.as_deref())
        .boolean("export_ok", |row| row.export)
        .boolean("query_ok", |row| row.query)
        .boolean("app_ok", |row| row.app)
        .bigint("events_found", |row| row.events_found)
        .text_ref("error", |row| row.error.as_deref())
        .texts("warnings", |row| row.warnings.clone())
        .asking(move || {
            Ok(vec![match &target {
                Ok(target) => Row::of(target, &Outcome::of(target)),
                Err(error) => Row { account: account.clone(), error: Some(error.to_string()), ..Row::default() },
            }])
        }))
}

/// What is said of an account.
#[derive(Default)]
struct Row {
    success: bool,
    account: Option<String>,
    project_id: Option<String>,
    region: Option<String>,
    export: bool,
    query: bool,
    app: bool,
    events_found: Option<i64>,
    error: Option<String>,
    warnings: Vec<String>,
}

impl Row {
    fn of(target: &Target, outcome: &Outcome) -> Self {
        let events_found = outcome.query.as_ref().ok().copied();
        let mut warnings = target.warnings.clone();
        if events_found == Some(0) {
            warnings.push(format!(
                "region '{}' has no events of the project. If the project has events, it is in another region",
                target.region
            ));
        }
        Self {
            success: outcome.success(),
            account: target.account.clone(),
            project_id: target.project_id.clone(),
            region: Some(target.region.to_string()),
            export: outcome.export.is_ok(),
            query: outcome.query.is_ok(),
            app: outcome.app.is_ok(),
            events_found,
            error: outcome.error(target),
            warnings,
        }
    }
}

/// What came of each API's request.
struct Outcome {
    export: Result<()>,
    /// How many events there are.
    query: Result<i64>,
    app: Result<()>,
    /// What the other regions say, where they were asked.
    elsewhere: Option<Elsewhere>,
}

enum Elsewhere {
    Answers(Region),
    Silent,
}

impl Outcome {
    fn of(target: &Target) -> Self {
        let (export, query) = (export(target), query(target));
        // The same host does not answer either.
        let app = match &query {
            Err(error) if error.code() == Code::NetworkError => Err(error.clone()),
            _ => app(target),
        };
        let mut outcome = Self { export, query, app, elsewhere: None };
        if !outcome.success() && outcome.errors().iter().any(|(_, error)| may_be_the_region(error)) {
            outcome.elsewhere = elsewhere(target);
        }
        outcome
    }

    fn success(&self) -> bool {
        self.export.is_ok() || self.query.is_ok() || self.app.is_ok()
    }

    fn errors(&self) -> Vec<(Api, &Error)> {
        let errors = [
            (Api::Export, self.export.as_ref().err()),
            (Api::Query, self.query.as_ref().err()),
            (Api::App, self.app.as_ref().err()),
        ];
        errors.into_iter().filter_map(|(api, error)| Some((api, error?))).collect()
    }

    /// What is wrong, also where it is not much.
    fn error(&self, target: &Target) -> Option<String> {
        let errors = self.errors();
        let (_, first) = errors.first()?;
        let is_one = !self.success() && errors.iter().all(|(_, error)| error.code() == first.code());
        let answering = match self.elsewhere {
            Some(Elsewhere::Answers(region)) => Some(format!(
                "Region '{region}' works. Add region := '{region}' to the call, or {}",
                target.choose_region(region.as_str())
            )),
            _ => None,
        };
        let mut text = match (is_one, answering) {
            // In the place of advice that is for those who don't know the region.
            (true, Some(answering)) => (*first).clone().fix(answering).to_string(),
            (true, None) if matches!(self.elsewhere, Some(Elsewhere::Silent)) => {
                (*first).clone().fix("Check the credentials and the project's id").to_string()
            }
            (true, None) => first.to_string(),
            (false, answering) => {
                let each = errors.iter().map(|(api, error)| format!("{}: {error}", api.as_str()));
                each.chain(answering.map(|answering| answering + ".")).collect::<Vec<_>>().join(" ")
            }
        };
        let others: Vec<_> = Region::ALL.iter().filter(|region| **region != target.region).collect();
        if let (Some(Elsewhere::Silent), [one, other]) = (&self.elsewhere, others.as_slice()) {
            text.push_str(&format!(
                " Regions '{one}' and '{other}' do not accept these credentials for this project either."
            ));
        }
        Some(text)
    }
}

/// Whether a refusal is one that a wrong region gives.
fn may_be_the_region(error: &Error) -> bool {
    matches!(error.code(), Code::AuthenticationFailed | Code::PermissionDenied | Code::NotFound)
}

/// One row: yesterday has begun in every zone.
fn export(target: &Target) -> Result<()> {
    let now = target.now();
    let yesterday: Date = TimeZone::UTC.to_datetime(now.saturating_sub(24.hours()).unwrap_or(now)).date();
    let request = Request::get(Api::Export, "export")
        .query("from_date", yesterday.to_string())
        .query("to_date", yesterday.to_string())
        .query("limit", "1");
    ask(target, &request)
}

fn query(target: &Target) -> Result<i64> {
    Ok(event_names_anew(target)?.len() as i64)
}

fn app(target: &Target) -> Result<()> {
    ask(target, &project_request(target, "workspaces/public")?)
}

fn ask(target: &Target, request: &Request) -> Result<()> {
    still_waited_for()?;
    block_on(Client::hasty(target)?.json(request))?.map(drop)
}

/// Whether another region knows credentials and project. Asked are Mixpanel's own hosts, or what stands for them by
/// region; a base URL that is the same for all is one host, which was asked.
fn elsewhere(target: &Target) -> Option<Elsewhere> {
    if target.base_url.as_ref().is_some_and(|base_url| !base_url.is_by_region()) {
        return None;
    }
    let others = Region::ALL.into_iter().filter(|region| *region != target.region);
    let answering = others.into_iter().find(|region| {
        let there = Target { region: *region, ..target.clone() };
        match query(&there) {
            Ok(_) => true,
            // The project is known there.
            Err(error) => {
                matches!(error.code(), Code::PaymentRequired | Code::RateLimited)
                    || matches!(error.reason(), Some(Reason::HistoryLimit(_)))
            }
        }
    });
    Some(answering.map_or(Elsewhere::Silent, Elsewhere::Answers))
}
