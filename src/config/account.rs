//! What makes an account usable, wherever it was written down?
//!
//! The environment, the accounts file and a call of `mixpanel_account_add` all
//! give the same fields under different names, so they are checked once, here,
//! and each complaint names the field as its place spells it.

use super::{
    Credentials, Kind, Region, Secret,
    environment::{OAUTH_TOKEN, PROJECT_ID, REGION, SECRET, USERNAME},
    format::Format,
};
use crate::contract::{Code, Error, Result};

/// The name under which `mixpanel_accounts()` lists the environment's credentials. A call can ask for them by it.
pub const ENVIRONMENT_ACCOUNT: &str = "(environment)";

/// Where an account is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Environment,
    /// The accounts file, under this name.
    File(String, Format),
    /// The arguments of `mixpanel_account_add`.
    Call,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    Username,
    Secret,
    Token,
    ProjectId,
    Region,
}

impl Source {
    /// A field as its place spells it.
    pub fn spell(&self, field: Field) -> String {
        let (variable, key) = match field {
            Field::Username => (USERNAME, "username"),
            Field::Secret => (SECRET, "secret"),
            Field::Token => (OAUTH_TOKEN, "token"),
            Field::ProjectId => (
                PROJECT_ID,
                match self {
                    Source::File(_, format) => format.project_id(),
                    Source::Environment | Source::Call => "project_id",
                },
            ),
            Field::Region => (REGION, "region"),
        };
        match self {
            Source::Environment => variable.to_owned(),
            Source::File(name, _) => format!("{key} of account '{name}'"),
            Source::Call => key.to_owned(),
        }
    }

    /// How to give a field that is missing.
    fn give(&self, field: Field) -> String {
        match self {
            Source::Environment => format!("Set {}", self.spell(field)),
            Source::File(name, format) => {
                let key = match field {
                    Field::ProjectId => format.project_id().to_owned(),
                    _ => Source::Call.spell(field),
                };
                format!("Add {key} under [accounts.{name}] in the accounts file")
            }
            Source::Call => format!("Add {} := '...'", self.spell(field)),
        }
    }

    pub fn error(&self, problem: String) -> Error {
        let code = if *self == Source::Call { Code::InvalidArgument } else { Code::InvalidConfig };
        Error::new(code, problem)
    }
}

/// The fields as they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub source: Source,
    pub username: Option<String>,
    pub secret: Option<Secret>,
    pub token: Option<Secret>,
    /// The variable of the environment that holds the token.
    pub token_variable: Option<String>,
    pub project_id: Option<String>,
    /// `None` where nothing is said, or something that is none of Mixpanel's, which `problem` says.
    pub region: Option<Region>,
    /// Why it can't be used, where its place says so: a kind that is not known here, a field of the wrong type.
    pub problem: Option<Error>,
}

impl Account {
    pub fn empty(source: Source) -> Self {
        Self {
            source,
            username: None,
            secret: None,
            token: None,
            token_variable: None,
            project_id: None,
            region: None,
            problem: None,
        }
    }

    /// The name in the accounts file.
    pub fn name(&self) -> Option<&str> {
        match &self.source {
            Source::File(name, _) => Some(name),
            Source::Environment | Source::Call => None,
        }
    }

    /// The kind that the fields amount to, complete or not. `None` where there is nothing at all.
    pub fn kind(&self) -> Option<Kind> {
        match (&self.token, &self.username, &self.secret) {
            (Some(_), ..) => Some(Kind::OAuthToken),
            (None, Some(_), _) => Some(Kind::ServiceAccount),
            (None, None, Some(_)) => Some(Kind::ProjectSecret),
            (None, None, None) => None,
        }
    }

    /// The credentials, where the fields make exactly one kind.
    pub fn credentials(&self) -> Result<Credentials> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let spell = |field| self.source.spell(field);
        let missing = |field, because: String| {
            Err(self.source.error(format!("{} is missing{because}", spell(field))).fix(self.source.give(field)))
        };
        match (&self.token, &self.username, &self.secret) {
            (Some(token), None, None) => Ok(Credentials::OAuthToken(bearer(token))),
            (None, Some(username), Some(secret)) => {
                Ok(Credentials::ServiceAccount { username: username.clone(), secret: secret.clone() })
            }
            (None, None, Some(secret)) => Ok(Credentials::ProjectSecret(secret.clone())),
            (None, Some(_), None) => {
                missing(Field::Secret, format!(": {} alone is not enough", spell(Field::Username)))
            }
            (None, None, None) => missing(Field::Secret, String::new()),
            (Some(_), username, secret) => {
                let others = [(Field::Username, username.is_some()), (Field::Secret, secret.is_some())];
                let others: Vec<_> = others.into_iter().filter(|other| other.1).map(|other| spell(other.0)).collect();
                let problem = format!("{} and {} are both given", spell(Field::Token), others.join(" and "));
                Err(self
                    .source
                    .error(problem)
                    .fix("Keep the token, or the service account's username and secret, not both"))
            }
        }
    }

    /// The project id, where it is a number and not one of the other things that the project's settings show.
    pub fn project_id(&self) -> Result<Option<String>> {
        let Some(text) = &self.project_id else { return Ok(None) };
        match check_id(text) {
            Ok(()) => Ok(Some(text.clone())),
            Err(problem) => Err(self.source.error(format!("{} {problem}", self.source.spell(Field::ProjectId)))),
        }
    }

    /// The complaint where a service account or a token says no project.
    pub fn project_id_missing(&self) -> Error {
        let kind = self.kind().map_or("account", Kind::as_str);
        let fix = match self.source {
            Source::Call => self.source.give(Field::ProjectId),
            _ => format!("{}, or add project_id := '...' to the call", self.source.give(Field::ProjectId)),
        };
        let problem = format!("{} is missing: {kind}s can read several projects", self.source.spell(Field::ProjectId));
        self.source.error(problem).fix(format!("{fix}. Mixpanel shows the number under Settings > Project Settings"))
    }
}

/// Whether a text can be the id of a project or workspace: what is wrong with it, to be said after its name.
pub fn check_id(text: &str) -> Result<(), String> {
    if !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    // A project token or secret pasted into the wrong place must not come back in an error.
    if is_hex_key(text) {
        return Err("looks like a project's token or secret. The id is a number, like 1234567".into());
    }
    Err(format!("must be a number, like 1234567, not '{}'", shown(text)))
}

/// Whether a text may be an account's name and not, by mistake, what belongs into the account.
pub fn check_account_name(text: &str) -> Result<(), String> {
    match is_hex_key(text) {
        true => Err("looks like a token or secret. Use the name of an account".into()),
        false => Ok(()),
    }
}

/// A text of a user's in a message: without line breaks and other control characters, and not endless.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect()
}

/// Project tokens and project secrets are 32 hexadecimal digits.
pub(super) fn is_hex_key(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The token itself, where the whole value of an `Authorization` header was pasted.
fn bearer(token: &Secret) -> Secret {
    match token.expose().split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer ") => Secret::new(rest.trim()),
        _ => token.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(source: Source, username: &str, secret: &str, token: &str) -> Account {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Account {
            source,
            username: text(username),
            secret: text(secret).map(Secret::new),
            token: text(token).map(Secret::new),
            token_variable: None,
            project_id: None,
            region: Some(Region::Us),
            problem: None,
        }
    }

    #[test]
    fn three_kinds() {
        let kind = |u, s, t| account(Source::Call, u, s, t).credentials().map(|credentials| credentials.kind());
        assert_eq!(kind("me", "secret", ""), Ok(Kind::ServiceAccount));
        assert_eq!(kind("", "secret", ""), Ok(Kind::ProjectSecret));
        assert_eq!(kind("", "", "token"), Ok(Kind::OAuthToken));
    }

    #[test]
    fn complaints_spell_the_field_as_its_place_does() {
        let message = |source| account(source, "me", "", "").credentials().unwrap_err().to_string();
        assert!(message(Source::Environment).contains("MP_SECRET is missing: MP_USERNAME alone"));
        assert!(message(Source::Environment).contains("Set MP_SECRET"));
        assert!(message(Source::File("x".into(), Format::Older)).contains("secret of account 'x' is missing"));
        assert!(message(Source::Call).contains("Add secret := '...'"));
    }

    #[test]
    fn a_project_is_called_what_its_place_calls_it() {
        let message =
            |format| account(Source::File("x".into(), format), "me", "s", "").project_id_missing().to_string();
        let newer = message(Format::Newer);
        assert!(
            newer.contains("default_project of account 'x' is missing") && newer.contains("Add default_project under"),
            "{newer}"
        );
        assert!(message(Format::Older).contains("project_id of account 'x' is missing"));
    }

    #[test]
    fn two_kinds_at_once_are_none() {
        let error = account(Source::Environment, "me", "", "token").credentials().unwrap_err();
        assert!(error.to_string().contains("MP_OAUTH_TOKEN and MP_USERNAME are both given"), "{error}");
    }

    #[test]
    fn a_pasted_header_becomes_its_token() {
        let credentials = account(Source::Call, "", "", "Bearer abc").credentials();
        assert_eq!(credentials, Ok(Credentials::OAuthToken(Secret::new("abc"))));
        assert_eq!(bearer(&Secret::new("ünïcödé")), Secret::new("ünïcödé"));
    }

    #[test]
    fn ids_are_numbers_and_keys_are_not_repeated() {
        assert_eq!(check_id("1234567"), Ok(()));
        for bad in ["", "-1", "12a", "１２", "999999999999999999999"] {
            assert!(check_id(bad).is_err(), "{bad}");
        }
        let key = "0123456789abcdef0123456789abcdef";
        assert!(!check_id(key).unwrap_err().contains(key));
    }
}
