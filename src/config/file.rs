//! What does the accounts file say?
//!
//! The format is that of the Python library `mixpanel_data`:
//!
//! ```toml
//! default = "prod"
//!
//! [accounts.prod]
//! username = "etl.1a2b3c.mp-service-account"
//! secret = "..."
//! project_id = "1234567"
//! region = "us"
//! ```
//!
//! besides which `token` holds a bearer token, and `secret` without `username` a
//! project's secret. Keys that mean nothing here are left alone. Complaints give
//! the file and line, and never the line itself: a secret may stand on it.

use std::{io::ErrorKind, ops::Range, path::Path};

use toml_edit::{Document, Item, TableLike, Value};

use super::{
    Region, Secret,
    account::{Account, Source},
};
use crate::contract::{Code, Error, Result};

/// The file's accounts, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Accounts {
    pub default: Option<String>,
    pub list: Vec<Account>,
}

impl Accounts {
    /// Reads the file; one that does not exist has no accounts.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(&text(path)?, path)
    }

    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let document = Document::parse(text).map_err(|error| {
            let place = line(text, error.span()).map(|line| format!(", line {line}")).unwrap_or_default();
            // The message alone: the error's `Display` would print the line.
            Error::new(Code::InvalidConfig, format!("{}{place}: {}", path.display(), one_line(error.message())))
                .fix("Correct the file by hand")
        })?;
        let reader = Reader { text, path };
        let root = document.as_table();
        let mut accounts = Accounts { default: reader.string(root, "default", "default")?, list: Vec::new() };
        let Some(item) = root.get("accounts") else { return Ok(accounts) };
        let table =
            item.as_table_like().ok_or_else(|| reader.error(item, "accounts must be tables, like [accounts.prod]"))?;
        for (name, item) in table.iter() {
            let fields = item.as_table_like().ok_or_else(|| {
                reader.error(item, format!("accounts.{name} must be a table, like [accounts.{name}]"))
            })?;
            accounts.list.push(reader.account(name, fields)?);
        }
        Ok(accounts)
    }

    pub fn get(&self, name: &str) -> Option<&Account> {
        self.list.iter().find(|account| account.source == Source::File(name.to_owned()))
    }

    /// The accounts' names, in the file's order.
    pub fn names(&self) -> Vec<&str> {
        let name = |account| match account {
            &Account { source: Source::File(ref name), .. } => Some(name.as_str()),
            _ => None,
        };
        self.list.iter().filter_map(name).collect()
    }

    /// The account that calls use which name none: the default, or the only one there is.
    pub fn default_name(&self) -> Option<&str> {
        match (&self.default, self.names().as_slice()) {
            (Some(default), _) => Some(default),
            (None, &[only]) => Some(only),
            (None, _) => None,
        }
    }
}

/// The file's text; empty where there is no file.
pub(super) fn text(path: &Path) -> Result<String> {
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes)
            .map_err(|_| Error::new(Code::InvalidConfig, format!("{} is not UTF-8 text", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Error::from(error).context(format!("reading the accounts file {}", path.display()))),
    }
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Reader<'_> {
    fn account(&self, name: &str, fields: &dyn TableLike) -> Result<Account> {
        let string = |key| self.string(fields, key, &format!("{key} of account '{name}'"));
        let region = match string("region")? {
            None => Region::default(),
            Some(text) => text.parse().map_err(|problem| {
                let item = fields.get("region").unwrap_or(&Item::None);
                self.error(item, format!("region of account '{name}' {problem}"))
            })?,
        };
        Ok(Account {
            source: Source::File(name.to_owned()),
            username: string("username")?,
            secret: string("secret")?.map(Secret::new),
            token: string("token")?.map(Secret::new),
            project_id: self.id(fields, "project_id", name)?,
            region,
        })
    }

    /// A string without white space around it; an empty one counts as not given.
    fn string(&self, table: &dyn TableLike, key: &str, spelled: &str) -> Result<Option<String>> {
        let Some(item) = table.get(key) else { return Ok(None) };
        let text = item.as_str().ok_or_else(|| self.error(item, format!("{spelled} must be a text in quotes")))?;
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// A string or an integer: `mixpanel_data` wants the string, people write the number.
    fn id(&self, table: &dyn TableLike, key: &str, name: &str) -> Result<Option<String>> {
        match table.get(key) {
            Some(Item::Value(Value::Integer(number))) => Ok(Some(number.value().to_string())),
            _ => self.string(table, key, &format!("{key} of account '{name}'")),
        }
    }

    fn error(&self, item: &Item, problem: impl Into<String>) -> Error {
        let place = line(self.text, item.span()).map(|line| format!(", line {line}")).unwrap_or_default();
        Error::new(Code::InvalidConfig, format!("{}{place}: {}", self.path.display(), problem.into()))
            .fix("Correct the file by hand")
    }
}

/// The line, from 1, on which a span begins.
fn line(text: &str, span: Option<Range<usize>>) -> Option<usize> {
    let before = text.as_bytes().get(..span?.start)?;
    Some(1 + before.iter().filter(|&&byte| byte == b'\n').count())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    fn parse(text: &str) -> Result<Accounts> {
        Accounts::parse(text, Path::new("config.toml"))
    }

    #[test]
    fn reads_what_mixpanel_data_wrote() {
        let accounts = parse(
            "default = \"prod\"\n\
             [accounts.prod]\nusername = \"sa\"\nsecret = \"s\"\nproject_id = \"12345\"\nregion = \"eu\"\n\
             [accounts.dev]\ntoken = \"t\"\nproject_id = 678\n[accounts.old]\nsecret = \"p\"\n",
        )
        .unwrap();
        assert_eq!(accounts.names(), ["prod", "dev", "old"]);
        assert_eq!(accounts.default_name(), Some("prod"));
        let kinds: Vec<_> = accounts.list.iter().filter_map(Account::kind).collect();
        assert_eq!(kinds, [Kind::ServiceAccount, Kind::OAuthToken, Kind::ProjectSecret]);
        assert_eq!(accounts.get("prod").unwrap().region, Region::Eu);
        assert_eq!(accounts.get("dev").unwrap().project_id().unwrap().as_deref(), Some("678"));
    }

    #[test]
    fn inline_tables_and_odd_names_are_fine() {
        let accounts = parse("accounts = { 'my prod' = { secret = 's' } }").unwrap();
        assert_eq!(accounts.default_name(), Some("my prod"));
    }

    #[test]
    fn nothing_is_no_accounts() {
        for text in ["", "# only a comment\n", "[other]\nx = 1\n", "[accounts]\n"] {
            assert_eq!(parse(text), Ok(Accounts::default()), "{text}");
        }
    }

    #[test]
    fn complaints_have_a_line_and_no_secret() {
        for (text, at, problem) in [
            ("default = \"x\"\n[accounts.x]\nsecret = \"hunter2\n", "line 3", ""),
            ("[accounts.x]\nsecret = hunter2\n", "line 2", ""),
            ("[accounts.x]\nsecret = 12\n", "line 2", "secret of account 'x' must be a text in quotes"),
            ("[accounts.x]\n\nregion = \"asia\"\n", "line 3", "must be 'us', 'eu' or 'in', not 'asia'"),
            ("accounts = 3\n", "line 1", "accounts must be tables"),
            ("[accounts]\nx = \"hunter2\"\n", "line 2", "accounts.x must be a table"),
            ("[accounts.x]\nproject_id = 1.5\n", "line 2", "project_id of account 'x'"),
            ("[accounts.x]\nsecret = \"a\"\nsecret = \"hunter2\"\n", "line 3", ""),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code(), Code::InvalidConfig);
            let message = error.to_string();
            assert!(message.contains(at) && message.contains(problem) && !message.contains("hunter2"), "{message}");
        }
    }
}
