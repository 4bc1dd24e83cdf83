//! What does the accounts file say?
//!
//! Its formats are in [`super::format`]. Besides what they hold, `secret` without
//! `username` is a project's secret. Keys that mean nothing here are left alone.
//! What is wrong with one account is that account's problem, not the file's:
//! another program may know kinds of accounts that this one does not. Complaints
//! give the file and line, and never the line itself: a secret may stand on it.

use std::{fs::Metadata, io::ErrorKind, ops::Range, path::Path};

use toml_edit::{Document, Item, TableLike, Value};

use super::{
    Secret,
    account::{Account, Source, shown},
    format::{Format, OWN},
};
use crate::contract::{Code, Error, Result};

/// The file's accounts, in its order: those that other programs read, then our own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Accounts {
    pub format: Format,
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
            // The message alone: the error itself quotes the line, which may hold a secret. So it is no source either.
            Error::new(Code::InvalidConfig, format!("{}{place}: {}", path.display(), one_line(error.message())))
                .fix("Correct the file by hand")
        })?;
        let root = document.as_table();
        let reader = Reader { text, path, format: Format::of(root) };
        let (active, own) = (reader.table(root, "active")?, reader.table(root, OWN)?);
        let default = |table: Option<&dyn TableLike>, key: &str, spelled: &str| match table {
            Some(table) => reader.string(table, key, spelled),
            None => Ok(None),
        };
        let mut accounts = Accounts {
            format: reader.format,
            default: default(own, "default", "default of [duckdb]")?
                .or(default(active, "account", "account of [active]")?)
                .or(default(Some(root), "default", "default")?),
            list: Vec::new(),
        };
        for place in [Some(root as &dyn TableLike), own].into_iter().flatten() {
            for (name, item) in reader.table(place, "accounts")?.into_iter().flat_map(|table| table.iter()) {
                accounts.list.push(reader.account(name, item));
            }
        }
        Ok(accounts)
    }

    pub fn get(&self, name: &str) -> Option<&Account> {
        self.list.iter().find(|account| account.name() == Some(name))
    }

    /// The accounts' names, in the file's order.
    pub fn names(&self) -> Vec<&str> {
        self.list.iter().filter_map(Account::name).collect()
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
///
/// Errors: `InvalidConfig` for what is no file, before it is opened: a pipe would never end. `IoError`.
pub(super) fn text(path: &Path) -> Result<String> {
    let reading =
        |error: std::io::Error| Error::from(error).context(format!("cannot read the accounts file {}", path.display()));
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(found) => {
            let problem = format!("{} is {}, not a file", path.display(), kind(&found));
            return Err(Error::new(Code::InvalidConfig, problem)
                .fix("Move it away, or set MP_CONFIG_PATH to the path of an accounts file"));
        }
        // Also where a link leads nowhere.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(reading(error)),
    }
    String::from_utf8(std::fs::read(path).map_err(reading)?)
        // Where it is none, without the file's bytes.
        .map_err(|error| error.utf8_error())
        .map_err(|error| {
            Error::new(Code::InvalidConfig, format!("{} is not UTF-8 text", path.display())).caused_by(error)
        })
}

fn kind(found: &Metadata) -> &'static str {
    if found.is_dir() { "a folder" } else { "a device or pipe" }
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    format: Format,
}

impl Reader<'_> {
    fn account(&self, name: &str, item: &Item) -> Account {
        let mut account = Account::empty(Source::File(name.to_owned(), self.format));
        let read = match item.as_table_like() {
            Some(fields) => self.fields(name, fields, &mut account),
            None => Err(self.error(item, format!("account '{name}' must be a table, like [accounts.{name}]"))),
        };
        account.problem = read.err();
        account
    }

    /// As much as can be read, and the first thing that can't.
    fn fields(&self, name: &str, fields: &dyn TableLike, account: &mut Account) -> Result<()> {
        let string = |key| self.string(fields, key, &format!("{key} of account '{name}'"));
        account.username = string("username")?;
        account.secret = string("secret")?.map(Secret::new);
        account.token = string("token")?.map(Secret::new);
        account.token_variable = string("token_env")?;
        for key in ["project_id", "default_project"] {
            account.project_id = self.id(fields, key, name)?.or(account.project_id.take());
        }
        account.region = match string("region")? {
            None => None,
            Some(text) => Some(text.parse().map_err(|problem| {
                self.error(fields.get("region").unwrap_or(&Item::None), format!("region of account '{name}' {problem}"))
            })?),
        };
        let unusable = |problem: &str| Error::new(Code::InvalidConfig, format!("account '{name}' {problem}"));
        match string("type")?.as_deref() {
            None | Some("service_account") => Ok(()),
            Some("oauth_token") if account.token.is_some() && account.token_variable.is_some() => {
                Err(unusable("has both token and token_env").fix("Keep one of them"))
            }
            Some("oauth_token") => Ok(()),
            Some("oauth_browser") => Err(unusable(
                "is a browser login (oauth_browser), whose tokens only the program that created it can renew",
            )
            .fix("Use a service account, or set MP_OAUTH_TOKEN to a token of that program")),
            Some(other) => {
                Err(unusable(&format!("has the unknown type '{}'", shown(other))).fix("Use a service account"))
            }
        }
    }

    /// A table, in either of TOML's spellings.
    fn table<'b>(&self, table: &'b dyn TableLike, key: &str) -> Result<Option<&'b dyn TableLike>> {
        let Some(item) = table.get(key) else { return Ok(None) };
        let example = if key == "accounts" { "must be tables, like [accounts.prod]" } else { "must be a table" };
        item.as_table_like().map(Some).ok_or_else(|| self.error(item, format!("{key} {example}")))
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
    use super::super::{Kind, Region};
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
        assert_eq!((accounts.format, accounts.get("prod").unwrap().region), (Format::Older, Some(Region::Eu)));
        assert_eq!(accounts.get("dev").unwrap().project_id().unwrap().as_deref(), Some("678"));
    }

    #[test]
    fn reads_what_mixpanel_headless_wrote() {
        let accounts = parse(
            "[active]\naccount = \"prod\"\nworkspace = 3\n\
             [accounts.prod]\ntype = \"service_account\"\nregion = \"eu\"\ndefault_project = \"12345\"\nusername = \"sa\"\nsecret = \"s\"\n\
             [accounts.ci]\ntype = \"oauth_token\"\nregion = \"us\"\ntoken = \"t\"\n\
             [accounts.agent]\ntype = \"oauth_token\"\nregion = \"in\"\ntoken_env = \"MY_TOKEN\"\n\
             [accounts.me]\ntype = \"oauth_browser\"\nregion = \"us\"\ndefault_project = \"7\"\n\
             [accounts.new]\ntype = \"passkey\"\nregion = \"moon\"\n\
             [targets.t]\naccount = \"ci\"\nproject = \"1\"\n\
             [duckdb.accounts.\"my old\"]\nsecret = \"p\"\n",
        )
        .unwrap();
        assert_eq!(accounts.names(), ["prod", "ci", "agent", "me", "new", "my old"]);
        assert_eq!((accounts.format, accounts.default_name()), (Format::Newer, Some("prod")));
        let get = |name| accounts.get(name).unwrap();
        assert_eq!((get("prod").project_id.as_deref(), get("prod").region), (Some("12345"), Some(Region::Eu)));
        assert_eq!(get("ci").credentials().map(|credentials| credentials.kind()), Ok(Kind::OAuthToken));
        assert_eq!(get("agent").token_variable.as_deref(), Some("MY_TOKEN"));
        assert_eq!(get("my old").credentials().map(|credentials| credentials.kind()), Ok(Kind::ProjectSecret));
        let problem = |name| get(name).credentials().unwrap_err().to_string();
        assert!(problem("me").contains("account 'me' is a browser login"), "{}", problem("me"));
        assert!(problem("new").contains("region of account 'new' must be"), "{}", problem("new"));
        assert_eq!((get("me").project_id.as_deref(), get("new").region), (Some("7"), None));
    }

    #[test]
    fn our_own_default_goes_before_the_others() {
        let both = "[duckdb]\ndefault = 'mine'\n[active]\naccount = 'theirs'\n";
        assert_eq!(parse(both).unwrap().default_name(), Some("mine"));
        let kinds = "default = 'older'\n[active]\naccount = 'newer'\n";
        assert_eq!(parse(kinds).unwrap().default_name(), Some("newer"));
        assert_eq!(parse("[active]\nworkspace = 3\n").unwrap().default_name(), None);
    }

    #[test]
    fn inline_tables_and_odd_names_are_fine() {
        let accounts = parse("accounts = { 'my prod' = { secret = 's' } }").unwrap();
        assert_eq!(accounts.default_name(), Some("my prod"));
    }

    #[test]
    fn nothing_is_no_accounts() {
        for text in ["", "# only a comment\n", "[other]\nx = 1\n", "[accounts]\n", "[duckdb]\n"] {
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
            ("\nduckdb = 3\n", "line 2", "duckdb must be a table"),
            ("active = 'x'\n", "line 1", "active must be a table"),
            ("[active]\naccount = 1\n", "line 2", "account of [active] must be a text in quotes"),
            ("[accounts]\nx = \"hunter2\"\n", "line 2", "account 'x' must be a table"),
            ("[accounts.x]\nproject_id = 1.5\n", "line 2", "project_id of account 'x'"),
            ("[accounts.x]\ntype = 3\n", "line 2", "type of account 'x'"),
            ("[accounts.x]\nsecret = \"a\"\nsecret = \"hunter2\"\n", "line 3", ""),
        ] {
            let error =
                parse(text).map(|accounts| accounts.list[0].problem.clone().unwrap()).unwrap_or_else(|error| error);
            assert_eq!(error.code(), Code::InvalidConfig);
            let message = error.to_string();
            assert!(message.contains(at) && message.contains(problem) && !message.contains("hunter2"), "{message}");
        }
    }
}
