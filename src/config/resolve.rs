//! Which credentials, project and region does this call use?
//!
//! An account named in the call wins over the environment, the environment wins
//! over the accounts file's default, and without a default the only account there
//! is will do. A project or region of the environment without credentials goes
//! with the default's. What the call says about project, region and workspace wins
//! over all of it. Nothing here makes a request.

use std::{path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{
    BaseUrl, Credentials, Keeping, KeepingSettings, Kind, Region, Secret,
    account::{Account, ENVIRONMENT_ACCOUNT, Field, Source, check_id, shown},
    base_url,
    environment::{Environment, OAUTH_TOKEN, PROJECT_ID, REGION, SECRET, USERNAME},
    file::Accounts,
    hints, keeping, store,
    testing::{self, Testing},
};
use crate::contract::{Code, Error, Journal, Result};

/// What a call says about its target, as SQL gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    pub account: Option<String>,
    pub project_id: Option<String>,
    pub region: Option<String>,
    pub workspace_id: Option<String>,
    pub keeping: KeepingSettings,
    pub max_wait: Option<Duration>,
    pub max_age: Option<SignedDuration>,
}

/// What chose the region of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionFrom {
    Call,
    /// `MP_REGION`.
    Variable,
    /// The account in the accounts file.
    File,
    /// Nothing: it is the one that is asked then.
    Nothing,
}

/// Everything that requests need to know about where they go.
#[derive(Debug, Clone)]
pub struct Target {
    pub credentials: Credentials,
    /// `None` only with a project's secret, which implies its project.
    pub project_id: Option<String>,
    pub region: Region,
    /// What chose it.
    pub region_from: RegionFrom,
    /// The data view that the query API's answers are restricted to.
    pub workspace_id: Option<String>,
    /// The account's name in the accounts file; `None` for credentials of the environment.
    pub account: Option<String>,
    /// `MP_API_BASE_URL`.
    pub base_url: Option<BaseUrl>,
    /// What is not wrong but should be known: sentences without full stop.
    pub warnings: Vec<String>,
    /// The likely mistake in the credentials, also among the warnings: said where Mixpanel refuses them.
    pub hint: Option<String>,
    pub keeping: Keeping,
    /// How long to wait where the hour is used up.
    pub max_wait: Duration,
    /// How old an answer may be that was given before, where the call says so.
    pub max_age: Option<SignedDuration>,
    pub testing: Testing,
    /// Where the requests of the call are written down; whoever resolves for a call sets it.
    pub journal: Journal,
}

impl Target {
    /// Whose credentials these are, as messages say it.
    pub fn owner(&self) -> String {
        match &self.account {
            Some(name) => format!("account '{name}'"),
            None => "the environment".to_owned(),
        }
    }

    /// The time, as everything that is done for this target has it.
    pub fn now(&self) -> Timestamp {
        self.testing.clock.now()
    }

    /// How to choose a region for all calls, as messages say it.
    pub fn choose_region(&self, region: &str) -> String {
        match &self.account {
            Some(name) if self.region_from != RegionFrom::Variable => {
                format!("set region = \"{region}\" for account '{name}' in the accounts file")
            }
            _ => format!("set MP_REGION='{region}'"),
        }
    }
}

/// Finds the target of a call.
///
/// Errors: `MissingCredentials`, `AccountNotFound`, `InvalidConfig` for what files and variables hold,
/// `InvalidArgument` for what the call says, `IoError` where the accounts file can't be read.
pub fn resolve(environment: &Environment, overrides: &Overrides) -> Result<Target> {
    let account = choose(environment, overrides.account.as_deref())?;
    let credentials = account.credentials()?;
    let project_id = match &overrides.project_id {
        Some(id) => Some(override_id("project_id", id)?),
        None => account.project_id()?,
    };
    if project_id.is_none() && credentials.kind().needs_project_id() {
        return Err(account.project_id_missing());
    }
    let variable_counts = account.name().is_none() || overrides.account.is_none();
    let (region, region_from) = match (&overrides.region, account.region) {
        (Some(text), _) => (text.parse().map_err(|problem| Error::argument("region", problem))?, RegionFrom::Call),
        (None, Some(region)) if variable_counts && environment.text(REGION)?.is_some() => {
            (region, RegionFrom::Variable)
        }
        (None, Some(region)) => (region, RegionFrom::File),
        (None, None) => (Region::default(), RegionFrom::Nothing),
    };
    let workspace_id = overrides.workspace_id.as_deref().map(|id| override_id("workspace_id", id)).transpose()?;
    let base_url = base_url::read(environment)?;
    let testing = testing::read(environment, base_url.as_ref())?;
    let keeping = keeping::read(environment, &overrides.keeping, base_url.is_none())?;
    let name = account.name().map(str::to_owned);
    let file = name.as_ref().and_then(|_| environment.accounts_file());
    let hint = hints::hint(&credentials);
    let warnings = warnings(Some(&credentials), file.as_deref(), hint.as_deref());
    Ok(Target {
        credentials,
        project_id,
        region,
        region_from,
        workspace_id,
        account: name,
        base_url,
        warnings,
        hint,
        keeping,
        max_wait: overrides.max_wait.unwrap_or_default(),
        max_age: overrides.max_age,
        testing,
        journal: Journal::default(),
    })
}

/// The account of the environment, if it holds credentials.
///
/// Errors: `InvalidConfig` where there is a user without its secret: using other credentials than the user believes to
/// have given would be worse than stopping.
pub(super) fn environment_account(environment: &Environment) -> Result<Option<Account>> {
    let text = |name| Ok::<_, Error>(environment.text(name)?.map(str::to_owned));
    let (token, secret) = (text(OAUTH_TOKEN)?, text(SECRET)?);
    if token.is_none() && secret.is_none() {
        return match environment.text(USERNAME)? {
            None => Ok(None),
            Some(_) => Err(Error::new(Code::InvalidConfig, format!("{SECRET} is missing: only {USERNAME} is set"))
                .fix(format!("Set {SECRET} (or {OAUTH_TOKEN}), or unset {USERNAME} to use the accounts file"))),
        };
    }
    Ok(Some(Account {
        source: Source::Environment,
        username: text(USERNAME)?,
        secret: secret.map(Secret::new),
        token: token.map(Secret::new),
        token_variable: None,
        project_id: text(PROJECT_ID)?,
        region: environment_region(environment)?,
        problem: None,
    }))
}

fn environment_region(environment: &Environment) -> Result<Option<Region>> {
    let refused =
        |problem| Error::new(Code::InvalidConfig, format!("{} {problem}", Source::Environment.spell(Field::Region)));
    environment.text(REGION)?.map(|text| text.parse().map_err(refused)).transpose()
}

/// The accounts of the file, where there is one, with the tokens that they have in variables.
pub(super) fn accounts(environment: &Environment) -> Result<Accounts> {
    let Some(path) = environment.accounts_file() else { return Ok(Accounts::default()) };
    let mut accounts = Accounts::read(&path)?;
    for account in &mut accounts.list {
        let Some(variable) = account.token_variable.as_deref().filter(|_| account.problem.is_none()) else { continue };
        account.token = environment.token(variable).map(Secret::new);
        if account.token.is_none() {
            let name = account.name().unwrap_or_default();
            let what =
                format!("account '{name}' takes its token from the variable {}, which is not set", shown(variable));
            account.problem = Some(Error::new(Code::InvalidConfig, what).fix("Set it before DuckDB starts"));
        }
    }
    Ok(accounts)
}

/// The file's default as the environment has it.
fn adjusted(mut account: Account, environment: &Environment) -> Result<Account> {
    if let Some(id) = environment.text(PROJECT_ID)? {
        check_id(id).map_err(|problem| Error::new(Code::InvalidConfig, format!("{PROJECT_ID} {problem}")))?;
        account.project_id = Some(id.to_owned());
    }
    account.region = environment_region(environment)?.or(account.region);
    Ok(account)
}

fn choose(environment: &Environment, named: Option<&str>) -> Result<Account> {
    match named {
        None => {}
        Some(ENVIRONMENT_ACCOUNT) => return environment_account(environment)?.ok_or_else(|| missing(environment)),
        Some(name) => {
            let accounts = accounts(environment)?;
            return accounts.get(name).cloned().ok_or_else(|| not_found(name, &accounts));
        }
    }
    if let Some(account) = environment_account(environment)? {
        return Ok(account);
    }
    let accounts = accounts(environment)?;
    match accounts.default_name() {
        Some(name) => {
            let account = accounts.get(name).cloned();
            adjusted(
                account.ok_or_else(|| not_found(name, &accounts).context("the accounts file's default"))?,
                environment,
            )
        }
        None if accounts.list.is_empty() => Err(missing(environment)),
        None => {
            let problem = format!("the accounts file names no default among {}", quoted(&accounts.names()));
            Err(Error::new(Code::InvalidConfig, problem)
                .fix("Choose one with CALL mixpanel_account_use('...'), or add account := '...' to the call"))
        }
    }
}

pub(super) fn not_found(name: &str, accounts: &Accounts) -> Error {
    let name = shown(name);
    let error = Error::new(Code::AccountNotFound, format!("there is no account '{name}'"));
    match accounts.names().as_slice() {
        [] => error
            .fix(format!("The accounts file is empty. Add the account with CALL mixpanel_account_add('{name}', ...)")),
        names => error.fix(format!("Use one of {}, or add it with CALL mixpanel_account_add(...)", quoted(names))),
    }
}

fn missing(environment: &Environment) -> Error {
    let file = environment.accounts_file().unwrap_or_else(|| Path::new("~/.mp/config.toml").to_owned());
    Error::new(Code::MissingCredentials, "no Mixpanel credentials were found").fix(format!(
        "Provide them in one of three ways:
  1. in the environment, before DuckDB starts:
       export MP_USERNAME='name.1a2b3c.mp-service-account' MP_SECRET='...' MP_PROJECT_ID='1234567' MP_REGION='us'
  2. in SQL, which writes them to the accounts file:
       CALL mixpanel_account_add('main', username := 'name.1a2b3c.mp-service-account', secret := '...',
                                 project_id := '1234567', region := 'us');
  3. in the accounts file itself, {}:
       [active]
       account = \"main\"
       [accounts.main]
       type = \"service_account\"
       region = \"us\"
       default_project = \"1234567\"
       username = \"name.1a2b3c.mp-service-account\"
       secret = \"...\"
Create service accounts in Mixpanel under Organization Settings > Service Accounts",
        file.display()
    ))
}

fn override_id(parameter: &str, id: &str) -> Result<String> {
    let id = id.trim();
    check_id(id).map_err(|problem| Error::argument(parameter, problem))?;
    Ok(id.to_owned())
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{}'", shown(name))).collect::<Vec<_>>().join(", ")
}

/// What to know about credentials, and about the file they came from.
pub(super) fn warnings(credentials: Option<&Credentials>, file: Option<&Path>, hint: Option<&str>) -> Vec<String> {
    let retires = credentials.is_some_and(|credentials| credentials.kind() == Kind::ProjectSecret).then(|| {
        "Mixpanel retires project secrets on 3 March 2027. Create a service account under Organization Settings > \
         Service Accounts before that"
            .to_owned()
    });
    let readable = file.and_then(store::warning);
    [retires, readable, hint.map(str::to_owned)].into_iter().flatten().collect()
}
