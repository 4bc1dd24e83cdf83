//! `mixpanel_account_test(...)`: does an account work, and for what?
//!
//! One request of each API, and where none of them knows credentials or project,
//! one of each other region: a wrong region refuses good credentials.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array};
use jiff::{ToSpan, civil::Date, tz::TimeZone};

use crate::{
    config::{Config, Region, Target},
    contract::{
        Arguments, BoundTable, Code, Columns, Documentation, Error, Parameter, Reason, Result, Session, SqlType,
        TableFunction, list_of_texts, rows, texts,
    },
    functions::{account_parameters, discovery::project_request, overrides},
    known::event_names_anew,
    mixpanel::{Api, Client, Request, block_on},
};

pub struct Test;

impl TableFunction for Test {
    fn name(&self) -> &'static str {
        "mixpanel_account_test"
    }

    fn documentation(&self) -> Documentation {
        Documentation {
            description: "What an account can read, tried with one request of each API. Where it can read nothing, the other regions are tried too. A failure is a row, not an error.",
            example: "SELECT success, account, project_id, region, export_ok, query_ok, app_ok, error FROM mixpanel_account_test(account := 'prod');",
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        account_parameters().into()
    }

    fn bind(&self, arguments: Arguments, session: Session) -> Result<Box<dyn BoundTable>> {
        session.require_external_access()?;
        let call = overrides(&arguments)?;
        let target = match Config::process().resolve(&call) {
            // What is wrong with the call itself.
            Err(error) if error.code() == Code::InvalidArgument => return Err(error),
            Err(error) if error.code() == Code::AccountNotFound && call.account.is_some() => return Err(error),
            target => target,
        };
        let columns = Columns::new([
            ("success", SqlType::Boolean),
            ("account", SqlType::Varchar),
            ("project_id", SqlType::Varchar),
            ("region", SqlType::Varchar),
            ("export_ok", SqlType::Boolean),
            ("query_ok", SqlType::Boolean),
            ("app_ok", SqlType::Boolean),
            ("events_found", SqlType::BigInt),
            ("error", SqlType::Varchar),
            ("warnings", SqlType::List(Box::new(SqlType::Varchar))),
        ]);
        Ok(rows(columns, move || {
            Ok(match &target {
                Ok(target) => tested(target, &Outcome::of(target)),
                Err(error) => {
                    row([false; 4], [call.account.as_deref(), None, None, Some(&error.to_string())], None, Vec::new())
                }
            })
        }))
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
                "Region '{region}' answers: add region := '{region}' to the call, or {}",
                target.choose_region(region.as_str())
            )),
            _ => None,
        };
        let mut text = match (is_one, answering) {
            // In the place of advice that is for those who don't know the region.
            (true, Some(answering)) => (*first).clone().fix(answering).to_string(),
            (true, None) => first.to_string(),
            (false, answering) => {
                let each = errors.iter().map(|(api, error)| format!("{}: {error}", api.as_str()));
                each.chain(answering.map(|answering| answering + ".")).collect::<Vec<_>>().join(" ")
            }
        };
        let others: Vec<_> = Region::ALL.iter().filter(|region| **region != target.region).collect();
        if let (Some(Elsewhere::Silent), [one, other]) = (&self.elsewhere, others.as_slice()) {
            text.push_str(&format!(" Neither '{one}' nor '{other}' takes these credentials for this project."));
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

fn tested(target: &Target, outcome: &Outcome) -> Vec<ArrayRef> {
    let found = outcome.query.as_ref().ok().copied();
    let mut warnings = target.warnings.clone();
    if found == Some(0) {
        warnings.push(format!(
            "no events were found in region '{}'; where the project has some, the region is another",
            target.region
        ));
    }
    let ok = [outcome.success(), outcome.export.is_ok(), outcome.query.is_ok(), outcome.app.is_ok()];
    let (region, error) = (target.region.to_string(), outcome.error(target));
    let said = [target.account.as_deref(), target.project_id.as_deref(), Some(region.as_str()), error.as_deref()];
    row(ok, said, found, warnings)
}

fn row(ok: [bool; 4], said: [Option<&str>; 4], found: Option<i64>, warnings: Vec<String>) -> Vec<ArrayRef> {
    let [success, export, query, app] = ok.map(|ok| Arc::new(BooleanArray::from(vec![ok])) as ArrayRef);
    let [account, project_id, region, error] = said.map(|text| texts([text]));
    let found = Arc::new(Int64Array::from(vec![found]));
    vec![success, account, project_id, region, export, query, app, found, error, list_of_texts([Some(warnings)])]
}
