//! In which format is the accounts file, and what has a place in it?
//!
//! The file is shared. Mixpanel's own client, `mixpanel_headless` (since 0.4 also
//! under its old name `mixpanel_data`), has this format and refuses the whole file
//! where it finds an account that is not like these:
//!
//! ```toml
//! [active]
//! account = "prod"
//!
//! [accounts.prod]
//! type = "service_account"        # or "oauth_token", with token or token_env; or "oauth_browser"
//! region = "us"
//! default_project = "1234567"
//! username = "etl.1a2b3c.mp-service-account"
//! secret = "..."
//! ```
//!
//! Older versions of `mixpanel_data` have another one, of service accounts only:
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
//! Both are read. A file is written in the format that it has, a new one in the
//! newer. What that has no place for, a project's secret or a name with a space,
//! goes into a table that no other program reads, `[duckdb.accounts.x]`, and
//! becomes the default by `[duckdb] default`.

use toml_edit::{Item, TableLike};

use super::{Kind, account::Account};

/// The table that is this extension's own.
pub(super) const OWN: &str = "duckdb";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Newer,
    Older,
}

impl Format {
    /// The one of a file, by its root.
    pub fn of(root: &dyn TableLike) -> Self {
        let accounts = root.get("accounts").and_then(Item::as_table_like);
        let any = |is_so: fn(&dyn TableLike) -> bool| {
            accounts.is_some_and(|accounts| accounts.iter().filter_map(|(_, item)| item.as_table_like()).any(is_so))
        };
        let is_newer = root.contains_key("active") || any(|account| account.contains_key("type"));
        let is_older = root.contains_key("default") || any(|account| !account.contains_key("default_project"));
        if is_older && !is_newer { Format::Older } else { Format::Newer }
    }

    /// What the project's id is called.
    pub fn project_id(self) -> &'static str {
        match self {
            Format::Newer => "default_project",
            Format::Older => "project_id",
        }
    }

    /// Whether other programs can have the account under that name among theirs.
    pub fn holds(self, name: &str, account: &Account) -> bool {
        match (self, account.kind()) {
            (Format::Newer, Some(Kind::ServiceAccount | Kind::OAuthToken)) => is_plain(name),
            (Format::Older, Some(Kind::ServiceAccount)) => true,
            _ => false,
        }
    }
}

/// Whether the newer format allows the name.
fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use toml_edit::DocumentMut;

    use super::*;

    #[test]
    fn by_what_the_file_has() {
        for (text, format) in [
            ("", Format::Newer),
            ("# mine\n", Format::Newer),
            ("[settings]\nx = 1\n", Format::Newer),
            ("[active]\nworkspace = 3\n", Format::Newer),
            ("[accounts.x]\ntype = 'oauth_browser'\n", Format::Newer),
            ("[accounts.x]\ndefault_project = '1'\n", Format::Newer),
            ("accounts = { x = { type = 'service_account' } }", Format::Newer),
            ("[duckdb.accounts.x]\nsecret = 's'\n", Format::Newer),
            // As this extension left such files before it knew the format.
            ("[active]\naccount = 'x'\n[accounts.y]\nproject_id = '1'\n", Format::Newer),
            ("default = 'x'\n", Format::Older),
            ("[accounts.x]\nsecret = 's'\n", Format::Older),
            ("accounts = { x = { secret = 's' } }", Format::Older),
        ] {
            let document: DocumentMut = text.parse().unwrap();
            assert_eq!(Format::of(document.as_table()), format, "{text}");
        }
    }

    #[test]
    fn names_of_the_newer_one() {
        for (name, plain) in [("prod-EU_2", true), ("", false), ("a b", false), ("größe", false), ("a.b", false)] {
            assert_eq!(is_plain(name), plain, "{name}");
        }
        assert!(is_plain(&"x".repeat(64)) && !is_plain(&"x".repeat(65)));
    }
}
