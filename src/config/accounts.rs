//! Which accounts exist, and how are they added, removed and chosen?
//!
//! The functions behind `mixpanel_accounts()` and `CALL mixpanel_account_*`.

use std::cell::Cell;

use super::{
    Credentials, Environment, Keeping, KeepingSettings, Kind, Overrides, Region, Secret, Target,
    account::{Account, ENVIRONMENT_ACCOUNT, Source},
    base_url, edit,
    environment::{PROJECT_ID, REGION},
    file::Accounts,
    hints, keeping, resolve, store, testing,
};
use crate::contract::{Clock, Code, Error, Result};

/// Accounts and credentials, as one environment shows them.
#[derive(Debug, Clone)]
pub struct Config {
    environment: Environment,
}

/// An account, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountInfo {
    /// The name in the accounts file, or [`ENVIRONMENT_ACCOUNT`].
    pub name: String,
    /// `service account`, `project secret` or `oauth token`; `None` for an account that holds none of them.
    pub kind: Option<Kind>,
    /// Why calls can't use it, where they can't: a sentence.
    pub problem: Option<String>,
    /// What is not wrong but should be known: sentences without full stop.
    pub warnings: Vec<String>,
    pub username: Option<String>,
    pub project_id: Option<String>,
    pub region: Option<Region>,
    /// Whether calls that name no account use this one.
    pub is_default: bool,
}

/// An account to add, as SQL gave it.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    pub name: String,
    pub username: Option<String>,
    pub secret: Option<Secret>,
    pub token: Option<Secret>,
    pub project_id: Option<String>,
    /// `us` where not given.
    pub region: Option<String>,
}

/// What a change of the accounts file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The default account of the file from now on.
    pub default: Option<String>,
    /// What is not wrong but should be known: sentences without full stop.
    pub warnings: Vec<String>,
}

impl Config {
    /// What this process's environment says now. Cheap: make one for each call, so that changes show.
    pub fn process() -> Self {
        Self::new(Environment::process())
    }

    pub fn new(environment: Environment) -> Self {
        Self { environment }
    }

    /// The clock of calls that are about no account. What is wrong with the environment, others say.
    pub fn clock(&self) -> Clock {
        let base_url = base_url::read(&self.environment).ok().flatten();
        testing::read(&self.environment, base_url.as_ref()).unwrap_or_default().clock
    }

    /// Finds credentials, project and region of a call. Makes no request.
    ///
    /// Errors: `MissingCredentials`, `AccountNotFound`, `InvalidConfig` for what files and variables hold,
    /// `InvalidArgument` for what the call says, `IoError` where the accounts file can't be read.
    pub fn resolve(&self, overrides: &Overrides) -> Result<Target> {
        resolve::resolve(&self.environment, overrides)
    }

    /// What is kept and how requests are counted, for calls that are about no account.
    ///
    /// Errors: `InvalidConfig` for a variable that says nothing usable.
    pub fn keeping(&self, settings: &KeepingSettings) -> Result<Keeping> {
        let is_mixpanel = base_url::read(&self.environment)?.is_none();
        keeping::read(&self.environment, settings, is_mixpanel)
    }

    /// Every account: the environment's first, then the file's in its order.
    ///
    /// Errors: `InvalidConfig` and `IoError`, as [`Config::resolve`].
    pub fn list(&self) -> Result<Vec<AccountInfo>> {
        let environment = resolve::environment_account(&self.environment)
            .unwrap_or_else(|problem| Some(Account { problem: Some(problem), ..Account::empty(Source::Environment) }));
        let accounts = resolve::accounts(&self.environment)?;
        let default = if environment.is_some() { None } else { accounts.default_name() };
        let file = self.environment.accounts_file();
        let overriding = [PROJECT_ID, REGION].map(|name| Ok(self.environment.text(name)?.map(|_| name)));
        let overriding: Vec<_> = overriding.into_iter().filter_map(Result::transpose).collect::<Result<_>>()?;
        let info = |account: &Account| {
            let (name, is_default, file) = match account.name() {
                Some(name) => (name.to_owned(), default == Some(name), file.as_deref()),
                None => (ENVIRONMENT_ACCOUNT.to_owned(), true, None),
            };
            let credentials = account.credentials();
            let hint = credentials.as_ref().ok().and_then(hints::hint);
            let mut warnings = resolve::warnings(credentials.as_ref().ok(), file, hint.as_deref());
            if account.name().is_some() && is_default && !overriding.is_empty() {
                warnings.push(format!("{} of the environment overrides the accounts file", overriding.join(" and ")));
            }
            AccountInfo {
                name,
                kind: account.kind(),
                problem: credentials.err().or_else(|| account.project_id().err()).map(|error| error.to_string()),
                warnings,
                username: account.username.clone(),
                project_id: account.project_id.clone(),
                region: account.region.or(account.problem.is_none().then(Region::default)),
                is_default,
            }
        };
        Ok(environment.iter().chain(&accounts.list).map(info).collect())
    }

    /// Adds an account to the file; the first becomes the default.
    ///
    /// Errors: `AccountExists`, `InvalidArgument` for fields that make no account, `InvalidConfig` and `IoError` as
    /// [`Config::resolve`].
    pub fn add(&self, new: &NewAccount) -> Result<Written> {
        let name = check_name(&new.name)?;
        let account = new.account()?;
        let credentials = account.credentials()?;
        if account.project_id()?.is_none() && credentials.kind().needs_project_id() {
            return Err(account.project_id_missing());
        }
        let is_ours = Cell::new(false);
        let mut written = self.update(Some(&credentials), |text, accounts| {
            is_ours.set(!accounts.format.holds(name, &account));
            if accounts.get(name).is_some() {
                return Err(Error::new(Code::AccountExists, format!("account '{name}' already exists")).fix(format!(
                    "Choose another name, or remove it first with CALL mixpanel_account_remove('{name}')"
                )));
            }
            edit::add(text, name, &account)
        })?;
        if is_ours.get() {
            written.warnings.push(
                "only this extension can use this account: the file's shared format cannot hold an account of this \
                 name or kind"
                    .into(),
            );
        }
        Ok(written)
    }

    /// Removes an account from the file. Where it was the default, the first that remains becomes it.
    ///
    /// Errors: `AccountNotFound`, `InvalidConfig` and `IoError` as [`Config::resolve`].
    pub fn remove(&self, name: &str) -> Result<Written> {
        self.update(None, |text, accounts| {
            accounts.get(name).ok_or_else(|| resolve::not_found(name, accounts))?;
            edit::remove(text, name)
        })
    }

    /// Makes an account of the file its default.
    ///
    /// Errors: as [`Config::remove`].
    pub fn select(&self, name: &str) -> Result<Written> {
        self.update(None, |text, accounts| {
            accounts.get(name).ok_or_else(|| resolve::not_found(name, accounts))?;
            edit::select(text, name)
        })
    }

    fn update(
        &self,
        credentials: Option<&Credentials>,
        change: impl Fn(&str, &Accounts) -> Result<String>,
    ) -> Result<Written> {
        let path = store::required(self.environment.accounts_file())?;
        let default = store::update(&path, |text| {
            let text = change(text, &Accounts::parse(text, &path)?)?;
            let default = Accounts::parse(&text, &path)?.default_name().map(str::to_owned);
            Ok((text, default))
        })?;
        let mut warnings = resolve::warnings(credentials, None, credentials.and_then(hints::hint).as_deref());
        if !matches!(resolve::environment_account(&self.environment), Ok(None)) {
            warnings
                .push("the environment has credentials too (MP_*), which override the file's default account".into());
        }
        Ok(Written { default, warnings })
    }
}

impl NewAccount {
    fn account(&self) -> Result<Account> {
        let text =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let secret = |secret: &Option<Secret>| {
            secret.as_ref().map(|secret| secret.expose().trim()).filter(|text| !text.is_empty()).map(Secret::new)
        };
        let region = match &self.region {
            None => Region::default(),
            Some(text) => text.parse().map_err(|problem| Error::argument("region", problem))?,
        };
        Ok(Account {
            source: Source::Call,
            username: text(&self.username),
            secret: secret(&self.secret),
            token: secret(&self.token),
            token_variable: None,
            project_id: text(&self.project_id),
            region: Some(region),
            problem: None,
        })
    }
}

fn check_name(name: &str) -> Result<&str> {
    if name.trim().is_empty() {
        return Err(Error::argument("name", "must not be empty"));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::argument("name", "must not contain line breaks or other control characters"));
    }
    if name == ENVIRONMENT_ACCOUNT {
        return Err(Error::argument(
            "name",
            format!("'{ENVIRONMENT_ACCOUNT}' is reserved for the environment's credentials. Choose another name"),
        ));
    }
    Ok(name)
}
