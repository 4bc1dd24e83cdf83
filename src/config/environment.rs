//! What does the process's environment say about Mixpanel?
//!
//! Everything that reads a variable takes it from here, so that tests bring
//! their own environment and nothing else in the crate touches `std::env`.

use std::{collections::BTreeMap, ffi::OsString, fmt, path::PathBuf};

use crate::contract::{Code, Error, Result};

pub(super) const USERNAME: &str = "MP_USERNAME";
pub(super) const SECRET: &str = "MP_SECRET";
pub(super) const PROJECT_ID: &str = "MP_PROJECT_ID";
pub(super) const REGION: &str = "MP_REGION";
pub(super) const OAUTH_TOKEN: &str = "MP_OAUTH_TOKEN";
pub(super) const CONFIG_PATH: &str = "MP_CONFIG_PATH";
pub(super) const API_BASE_URL: &str = "MP_API_BASE_URL";
pub(super) const RETRY_BASE_MS: &str = "MP_RETRY_BASE_MS";
pub(super) const TIMEOUT_MS: &str = "MP_TIMEOUT_MS";
pub(super) const RATE_LIMITS: &str = "MP_RATE_LIMITS";
pub(super) const TEST_CLOCK: &str = "MP_TEST_CLOCK";
pub(super) const ARCHIVE: &str = "MP_ARCHIVE";
pub(super) const MAX_AGE: &str = "MP_MAX_AGE";
pub(super) const HOURLY_LIMIT: &str = "MP_HOURLY_LIMIT";
pub(super) const CACHE_HOME: &str = "XDG_CACHE_HOME";
pub(super) const STATE_HOME: &str = "XDG_STATE_HOME";
pub(super) const LOCAL_APP_DATA: &str = "LOCALAPPDATA";

const VARIABLES: [&str; 17] = [
    USERNAME,
    SECRET,
    PROJECT_ID,
    REGION,
    OAUTH_TOKEN,
    CONFIG_PATH,
    API_BASE_URL,
    RETRY_BASE_MS,
    TIMEOUT_MS,
    RATE_LIMITS,
    TEST_CLOCK,
    ARCHIVE,
    MAX_AGE,
    HOURLY_LIMIT,
    CACHE_HOME,
    STATE_HOME,
    LOCAL_APP_DATA,
];

/// The variables that this extension knows, as they were at one moment.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<&'static str, OsString>,
    home: Option<PathBuf>,
    /// Whether other variables may be looked up too.
    is_process: bool,
}

impl Environment {
    /// The environment of this process, now.
    pub fn process() -> Self {
        let variables = VARIABLES.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect();
        let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
        Self { variables, home, is_process: true }
    }

    /// An environment made up for a test.
    pub fn of(variables: &[(&'static str, &str)], home: Option<PathBuf>) -> Self {
        let variables = variables.iter().map(|&(name, value)| (name, value.into())).collect();
        Self { variables, home, is_process: false }
    }

    /// A variable's text without white space around it; an empty one counts as not set.
    ///
    /// Errors: `InvalidConfig` where it is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        let Some(value) = self.variables.get(name) else { return Ok(None) };
        let text =
            value.to_str().ok_or_else(|| Error::new(Code::InvalidConfig, format!("{name} is not UTF-8 text")))?;
        Ok(Some(text.trim()).filter(|text| !text.is_empty()))
    }

    /// A token in a variable that the accounts file names.
    pub(super) fn token(&self, name: &str) -> Option<String> {
        // A name that no variable can have would end the process.
        let is_name = !name.is_empty() && !name.contains(['=', '\0']);
        let value = match self.variables.get(name) {
            Some(value) => Some(value.clone()),
            None if self.is_process && is_name => std::env::var_os(name),
            None => None,
        };
        let text = value?.into_string().ok()?.trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    }

    /// The accounts file: `MP_CONFIG_PATH`, else `~/.mp/config.toml`. `None` where neither is known.
    pub fn accounts_file(&self) -> Option<PathBuf> {
        match self.variables.get(CONFIG_PATH).filter(|path| !path.is_empty()) {
            Some(path) => Some(self.expanded(PathBuf::from(path))),
            None => Some(self.home.as_ref()?.join(".mp").join("config.toml")),
        }
    }

    /// A path without its tilde. Where a shell did not expand that (a quoted value, a service's unit file), we do.
    pub(super) fn expanded(&self, path: PathBuf) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path,
        }
    }

    /// Where this user's programs keep what can be had again. `None` where the home is not known.
    pub(super) fn cache_folder(&self) -> Option<PathBuf> {
        self.folder(CACHE_HOME, if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" }, "cache")
    }

    /// Where this user's programs keep what they know from one run to the next.
    pub(super) fn state_folder(&self) -> Option<PathBuf> {
        let in_home = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/state" };
        self.folder(STATE_HOME, in_home, "state")
    }

    /// Ours among them: by the variable of the XDG base directories, else where the system has it.
    fn folder(&self, variable: &str, in_home: &str, on_windows: &str) -> Option<PathBuf> {
        const OURS: &str = "mixpanel-duckdb";
        let absolute = |name: &str| self.variables.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        if let Some(path) = absolute(variable) {
            return Some(path.join(OURS));
        }
        match cfg!(windows) {
            true => Some(absolute(LOCAL_APP_DATA)?.join(OURS).join(on_windows)),
            false => Some(self.home.as_ref()?.join(in_home).join(OURS)),
        }
    }
}

/// Names only: some of the values are secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_is_not_set() {
        let environment = Environment::of(&[(SECRET, "  "), (USERNAME, " me ")], None);
        assert_eq!(environment.text(SECRET), Ok(None));
        assert_eq!(environment.text(USERNAME), Ok(Some("me")));
        assert_eq!(environment.text(REGION), Ok(None));
    }

    #[test]
    fn the_file_is_in_the_home_unless_said_otherwise() {
        let home = Some(PathBuf::from("/home/me"));
        let file = |variables: &[_]| Environment::of(variables, home.clone()).accounts_file();
        assert_eq!(file(&[]), Some("/home/me/.mp/config.toml".into()));
        assert_eq!(file(&[(CONFIG_PATH, "/etc/mp.toml")]), Some("/etc/mp.toml".into()));
        assert_eq!(file(&[(CONFIG_PATH, "~/x.toml")]), Some("/home/me/x.toml".into()));
        assert_eq!(Environment::of(&[], None).accounts_file(), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn folders_are_where_this_users_programs_have_theirs() {
        let home = Some(PathBuf::from("/home/me"));
        let folders = |variables: &[_], home: &Option<PathBuf>| {
            let environment = Environment::of(variables, home.clone());
            (environment.cache_folder(), environment.state_folder())
        };
        let cache = |path: &str| Some(PathBuf::from(path).join("mixpanel-duckdb"));
        assert_eq!(folders(&[], &home), (cache("/home/me/.cache"), cache("/home/me/.local/state")));
        assert_eq!(
            folders(&[(CACHE_HOME, "/c"), (STATE_HOME, "relative")], &home),
            (cache("/c"), cache("/home/me/.local/state"))
        );
        assert_eq!(folders(&[], &None), (None, None));
    }

    #[test]
    fn debug_shows_no_values() {
        assert_eq!(format!("{:?}", Environment::of(&[(SECRET, "hunter2")], None)), r#"{"MP_SECRET"}"#);
    }
}
