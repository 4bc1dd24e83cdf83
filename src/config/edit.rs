//! How does the text of the accounts file change, and what stays as it was?
//!
//! Text in, text out: comments, order and unknown keys of what is not touched
//! stay as their author left them. An account goes where the file's format has a
//! place for it, and otherwise into a table of our own (see [`super::format`]).
//! [`super::store`] does the writing.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value, value};

use super::{
    Kind,
    account::Account,
    format::{Format, OWN},
};
use crate::contract::{Code, Error, Result};

/// Adds an account at the end. The first account becomes the default.
///
/// Errors: `Internal` where the text is not what [`super::file::Accounts::parse`] accepted.
pub(super) fn add(text: &str, name: &str, account: &Account) -> Result<String> {
    let mut file = File::parse(text)?;
    let place = if file.format.holds(name, account) { Place::Shared } else { Place::Own };
    if file.first().is_none() {
        // Before its account, as people read it.
        file.choose(name, place)?;
    }
    let fields = fields(account, file.format, place);
    file.accounts(place)?.insert(name, Item::Table(fields));
    Ok(file.document.to_string())
}

/// Removes an account. Where it was a default, the first that remains becomes it.
///
/// Errors: `InvalidConfig` where something else in the file needs the account.
pub(super) fn remove(text: &str, name: &str) -> Result<String> {
    let mut file = File::parse(text)?;
    file.refuse_if_wanted(name)?;
    let place = file.place_of(name);
    file.accounts(place)?.remove(name);
    for (place, default) in file.defaults() {
        if default == name {
            // Also a default of other programs, while ours is another.
            match file.names(place).first() {
                Some(next) => file.set_default(&next.clone(), place)?,
                None => file.forget_default(place),
            }
        }
    }
    if file.defaults().is_empty()
        && let Some((next, place)) = file.first()
    {
        file.choose(&next, place)?;
    }
    Ok(file.document.to_string())
}

/// Makes an account the default.
pub(super) fn select(text: &str, name: &str) -> Result<String> {
    let mut file = File::parse(text)?;
    let place = file.place_of(name);
    file.choose(name, place)?;
    Ok(file.document.to_string())
}

/// Where an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Among those of all programs.
    Shared,
    /// In our own table.
    Own,
}

struct File {
    document: DocumentMut,
    format: Format,
}

impl File {
    fn parse(text: &str) -> Result<Self> {
        let document: DocumentMut = text
            .parse()
            .map_err(|_| Error::new(Code::Internal, "the accounts file changed its format between two reads"))?;
        let format = Format::of(document.as_table());
        Ok(Self { document, format })
    }

    fn names(&self, place: Place) -> Vec<String> {
        let root = match place {
            Place::Shared => Some(self.document.as_table() as &dyn TableLike),
            Place::Own => self.document.get(OWN).and_then(Item::as_table_like),
        };
        let accounts = root.and_then(|root| root.get("accounts")?.as_table_like());
        accounts.into_iter().flat_map(|accounts| accounts.iter().map(|(name, _)| name.to_owned())).collect()
    }

    /// The first of all accounts.
    fn first(&self) -> Option<(String, Place)> {
        [Place::Shared, Place::Own].into_iter().find_map(|place| Some((self.names(place).first()?.clone(), place)))
    }

    fn place_of(&self, name: &str) -> Place {
        if self.names(Place::Shared).iter().any(|other| other == name) { Place::Shared } else { Place::Own }
    }

    /// The table of accounts, in either of TOML's spellings.
    fn accounts(&mut self, place: Place) -> Result<&mut dyn TableLike> {
        let root: &mut dyn TableLike = self.document.as_table_mut();
        let root = if place == Place::Own { table(root, OWN)? } else { root };
        table(root, "accounts")
    }

    /// The table and key that name a default.
    fn default_entry(&mut self, place: Place) -> Result<(&mut dyn TableLike, &'static str)> {
        let root: &mut dyn TableLike = self.document.as_table_mut();
        match (place, self.format) {
            (Place::Own, _) => Ok((table(root, OWN)?, "default")),
            (Place::Shared, Format::Newer) => Ok((table(root, "active")?, "account")),
            (Place::Shared, Format::Older) => Ok((root, "default")),
        }
    }

    /// Those that are set, ours first.
    fn defaults(&self) -> Vec<(Place, String)> {
        let root = self.document.as_table();
        let text = |table: &str, key: &str| Some(root.get(table)?.as_table_like()?.get(key)?.as_str()?.to_owned());
        let shared = match self.format {
            Format::Newer => text("active", "account"),
            Format::Older => root.get("default").and_then(Item::as_str).map(str::to_owned),
        };
        let own = text(OWN, "default").map(|name| (Place::Own, name));
        own.into_iter().chain(shared.map(|name| (Place::Shared, name))).collect()
    }

    /// Makes an account what calls use that name none.
    fn choose(&mut self, name: &str, place: Place) -> Result<()> {
        if place == Place::Shared {
            // It would win.
            self.forget_default(Place::Own);
        }
        self.set_default(name, place)
    }

    fn set_default(&mut self, name: &str, place: Place) -> Result<()> {
        let (table, key) = self.default_entry(place)?;
        let mut default = Value::from(name);
        let Some(item) = table.get_mut(key) else {
            table.insert(key, Item::Value(default));
            return Ok(());
        };
        let is_another = item.as_str() != Some(name);
        // In place, so that the comments above it and behind it stay.
        if let Some(old) = item.as_value() {
            *default.decor_mut() = old.decor().clone();
        }
        *item = Item::Value(default);
        if is_another {
            // A data view belongs to the account that it was chosen for.
            table.remove("workspace");
        }
        Ok(())
    }

    fn forget_default(&mut self, place: Place) {
        if self.defaults().iter().all(|(other, _)| *other != place) {
            return;
        }
        match (place, self.format) {
            (Place::Shared, Format::Older) => self.forget_older_default(),
            _ => {
                if let Ok((table, key)) = self.default_entry(place) {
                    table.remove(key);
                    table.remove("workspace");
                }
            }
        }
    }

    /// Removes `default`, but not the comments above it: they are mostly the file's heading.
    fn forget_older_default(&mut self) {
        let document = &mut self.document;
        let heading = document.key("default").and_then(|key| key.leaf_decor().prefix()?.as_str()).unwrap_or_default();
        let trailing = format!("{heading}{}", document.trailing().as_str().unwrap_or_default());
        document.remove("default");
        document.set_trailing(trailing);
    }

    /// Another program's targets name accounts.
    fn refuse_if_wanted(&self, name: &str) -> Result<()> {
        let targets = self.document.get("targets").and_then(Item::as_table_like);
        let wanting = |(target, item): (&str, &Item)| {
            let is_wanting = item.as_table_like()?.get("account")?.as_str()? == name;
            is_wanting.then(|| format!("'{target}'"))
        };
        let wanting: Vec<_> = targets.into_iter().flat_map(|targets| targets.iter().filter_map(wanting)).collect();
        if wanting.is_empty() {
            return Ok(());
        }
        let problem = format!("the file's targets {} need account '{name}'", wanting.join(", "));
        Err(Error::new(Code::InvalidConfig, problem).fix("Remove these targets first with mp target remove"))
    }
}

/// A table within another, made where it is missing.
fn table<'a>(parent: &'a mut dyn TableLike, key: &str) -> Result<&'a mut dyn TableLike> {
    if !parent.contains_key(key) {
        let mut table = Table::new();
        // Without this a file that says only `[accounts.x]` would grow an empty `[accounts]`.
        table.set_implicit(true);
        parent.insert(key, Item::Table(table));
    }
    let table = parent.get_mut(key).and_then(Item::as_table_like_mut);
    table.ok_or_else(|| Error::new(Code::Internal, format!("{key} is not a table")))
}

/// An account as its place has it.
fn fields(account: &Account, format: Format, place: Place) -> Table {
    let project_id = (format.project_id(), account.project_id.as_deref());
    let region = ("region", account.region.map(|region| region.as_str()));
    let credentials = [
        ("username", account.username.as_deref()),
        ("secret", account.secret.as_ref().map(|secret| secret.expose())),
        ("token", account.token.as_ref().map(|token| token.expose())),
    ];
    let kind = match account.kind() {
        Some(Kind::ServiceAccount) => "service_account",
        Some(Kind::OAuthToken) => "oauth_token",
        Some(Kind::ProjectSecret) | None => "",
    };
    // Each format's own order.
    let pairs: Vec<_> = match format {
        Format::Newer => {
            let kind = ("type", Some(kind).filter(|kind| place == Place::Shared && !kind.is_empty()));
            [kind, region, project_id].into_iter().chain(credentials).collect()
        }
        Format::Older => credentials.into_iter().chain([project_id, region]).collect(),
    };
    let mut fields = Table::new();
    for (key, text) in pairs {
        if let Some(text) = text {
            fields.insert(key, value(text));
        }
    }
    fields
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
