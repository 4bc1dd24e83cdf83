//! How does the text of the accounts file change, and what stays as it was?
//!
//! Text in, text out: comments, order and unknown keys of what is not touched
//! stay as their author left them. [`super::store`] does the writing.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use super::account::Account;
use crate::contract::{Code, Error, Result};

/// Adds an account at the end. The first account becomes the default.
///
/// Errors: `Internal` where the text is not what [`super::file::Accounts::parse`] accepted.
pub(super) fn add(text: &str, name: &str, account: &Account) -> Result<String> {
    let mut document = parse(text)?;
    let mut fields = Table::new();
    let pairs = [
        ("username", account.username.as_deref()),
        ("secret", account.secret.as_ref().map(|secret| secret.expose())),
        ("token", account.token.as_ref().map(|token| token.expose())),
        ("project_id", account.project_id.as_deref()),
        ("region", Some(account.region.as_str())),
    ];
    for (key, text) in pairs {
        if let Some(text) = text {
            fields.insert(key, value(text));
        }
    }
    let accounts = accounts(&mut document)?;
    let first = accounts.is_empty();
    match accounts {
        Accounts::Table(table) => {
            // Without this a file that says only `[accounts.x]` would grow an empty `[accounts]`.
            if first {
                table.set_implicit(true);
            }
            table.insert(name, Item::Table(fields));
        }
        Accounts::Inline(table) => {
            table.insert(name, Value::InlineTable(fields.into_inline_table()));
        }
    }
    if first {
        set_default(&mut document, name);
    }
    Ok(document.to_string())
}

/// Removes an account. Where it was the default, the first that remains becomes it.
pub(super) fn remove(text: &str, name: &str) -> Result<String> {
    let mut document = parse(text)?;
    let accounts = accounts(&mut document)?;
    let next = match accounts {
        Accounts::Table(table) => remove_from(table, name),
        Accounts::Inline(table) => remove_from(table, name),
    };
    if document.get("default").and_then(Item::as_str) == Some(name) {
        match next {
            Some(next) => set_default(&mut document, &next),
            None => remove_default(&mut document),
        }
    }
    Ok(document.to_string())
}

/// Makes an account the default.
pub(super) fn select(text: &str, name: &str) -> Result<String> {
    let mut document = parse(text)?;
    set_default(&mut document, name);
    Ok(document.to_string())
}

fn parse(text: &str) -> Result<DocumentMut> {
    text.parse().map_err(|_| Error::new(Code::Internal, "the accounts file changed its form between two reads"))
}

/// The table of accounts, in either of TOML's spellings.
enum Accounts<'a> {
    Table(&'a mut Table),
    Inline(&'a mut InlineTable),
}

impl Accounts<'_> {
    fn is_empty(&self) -> bool {
        match self {
            Accounts::Table(table) => table.is_empty(),
            Accounts::Inline(table) => table.is_empty(),
        }
    }
}

fn accounts(document: &mut DocumentMut) -> Result<Accounts<'_>> {
    match document.entry("accounts").or_insert_with(|| Item::Table(Table::new())) {
        Item::Table(table) => Ok(Accounts::Table(table)),
        Item::Value(Value::InlineTable(table)) => Ok(Accounts::Inline(table)),
        _ => Err(Error::new(Code::Internal, "accounts is not a table")),
    }
}

/// Removes an entry and names the first that remains.
fn remove_from(table: &mut dyn TableLike, name: &str) -> Option<String> {
    table.remove(name);
    table.iter().next().map(|(name, _)| name.to_owned())
}

fn set_default(document: &mut DocumentMut, name: &str) {
    let mut default = Value::from(name);
    match document.get_mut("default") {
        // In place, so that the comments above it and behind it stay.
        Some(item) => {
            if let Some(old) = item.as_value() {
                *default.decor_mut() = old.decor().clone();
            }
            *item = Item::Value(default);
        }
        None => {
            document.insert("default", Item::Value(default));
        }
    }
}

/// Removes `default`, but not the comments above it: they are mostly the file's heading.
fn remove_default(document: &mut DocumentMut) {
    let heading = document.key("default").and_then(|key| key.leaf_decor().prefix()?.as_str()).unwrap_or_default();
    let trailing = format!("{heading}{}", document.trailing().as_str().unwrap_or_default());
    document.remove("default");
    document.set_trailing(trailing);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Region, Secret, account::Source, file};
    use super::*;

    fn account() -> Account {
        Account {
            source: Source::Call,
            username: Some("sa".into()),
            secret: Some(Secret::new("s\"1")),
            token: None,
            project_id: Some("12345".into()),
            region: Region::Eu,
        }
    }

    #[test]
    fn the_first_account_is_the_default() {
        let text = add("", "prod", &account()).unwrap();
        assert_eq!(
            text,
            "default = \"prod\"\n\n[accounts.prod]\nusername = \"sa\"\nsecret = 's\"1'\nproject_id = \"12345\"\n\
             region = \"eu\"\n"
        );
    }

    #[test]
    fn what_is_not_touched_stays() {
        let old = "# Mixpanel\ndefault = \"a\"  # mine\nextra = [1,  2]\n\n# old\n[accounts.a]\nsecret = 'x' # odd\n";
        let added = add(old, "b c", &account()).unwrap();
        assert!(added.starts_with(old), "{added}");
        assert!(added.contains("\n[accounts.\"b c\"]\n"), "{added}");
        assert_eq!(remove(&added, "b c").unwrap(), old);
        let selected = select(&added, "b c").unwrap();
        assert!(selected.starts_with("# Mixpanel\ndefault = \"b c\"  # mine\nextra = [1,  2]\n"), "{selected}");
    }

    #[test]
    fn removing_the_default_makes_the_first_that_remains_the_default() {
        let text = "# Mixpanel\ndefault = \"b\"\n[accounts.a]\nsecret = 'x'\n[accounts.b]\nsecret = 'y'\n";
        let text = remove(text, "b").unwrap();
        assert_eq!(text, "# Mixpanel\ndefault = \"a\"\n[accounts.a]\nsecret = 'x'\n");
        let text = remove(&text, "a").unwrap();
        assert!(text.contains("# Mixpanel") && !text.contains("default"), "{text}");
        assert!(add(&text, "c", &account()).unwrap().contains("default = \"c\""));
    }

    #[test]
    fn inline_tables_stay_inline() {
        let text = add("accounts = { a = { secret = 'x' } }\n", "b", &account()).unwrap();
        assert!(
            text.starts_with("accounts = { a = { secret = 'x' }") && text.contains("b = { username = \"sa\""),
            "{text}"
        );
        let text = remove(&text, "a").unwrap();
        assert!(!text.contains("'x'") && text.contains("\"sa\""), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn any_account_is_read_as_it_was_written(name: String, secret: String, username: Option<String>) {
            let secret = Some(Secret::new(secret)).filter(|secret| !secret.expose().trim().is_empty());
            let given = Account { secret, username, ..account() };
            let text = add("# mine\n[accounts.'']\n", &name, &given).unwrap();
            let read = file::Accounts::parse(&text, Path::new("x")).unwrap();
            let read = read.get(&name).unwrap();
            let trimmed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            let secret = |account: &Account| account.secret.as_ref().and_then(|secret| trimmed(secret.expose()));
            proptest::prop_assert_eq!(secret(read), secret(&given));
            proptest::prop_assert_eq!(&read.username, &given.username.as_deref().and_then(trimmed));
            proptest::prop_assert!(remove(&text, &name).is_ok());
        }

        #[test]
        fn any_text_is_survived(text in "([a-z=\\[\\].\"'{}# \n]|accounts|default|secret|region){0,30}") {
            if file::Accounts::parse(&text, Path::new("x")).is_ok() {
                let added = add(&text, "new", &account()).unwrap();
                proptest::prop_assert!(file::Accounts::parse(&added, Path::new("x")).unwrap().get("new").is_some());
                proptest::prop_assert!(remove(&added, "new").is_ok());
            }
        }
    }
}
