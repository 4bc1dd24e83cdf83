//! Which kinds of credentials does Mixpanel take for reading?
//!
//! Three (`mixpanel-api.md` §4, from Mixpanel's `reference/authentication`):
//! a service account, which is what a user should have; a project's secret,
//! which retires; and a bearer token. A project *token* is for sending events
//! and can't read.

use super::Secret;

/// What goes into the `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Reads every project in which the account has a role; says with each request which one.
    ServiceAccount { username: String, secret: Secret },
    /// Reads its one project, but not the app API. Mixpanel retires it on 3 March 2027.
    ProjectSecret(Secret),
    /// An OAuth access token; says with each request which project.
    OAuthToken(Secret),
}

impl Credentials {
    pub fn kind(&self) -> Kind {
        match self {
            Credentials::ServiceAccount { .. } => Kind::ServiceAccount,
            Credentials::ProjectSecret(_) => Kind::ProjectSecret,
            Credentials::OAuthToken(_) => Kind::OAuthToken,
        }
    }

    pub fn secret(&self) -> &Secret {
        match self {
            Credentials::ServiceAccount { secret, .. }
            | Credentials::ProjectSecret(secret)
            | Credentials::OAuthToken(secret) => secret,
        }
    }
}

/// The kind of credentials, without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ServiceAccount,
    ProjectSecret,
    OAuthToken,
}

impl Kind {
    /// As `mixpanel_accounts()` shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::ServiceAccount => "service account",
            Kind::ProjectSecret => "project secret",
            Kind::OAuthToken => "oauth token",
        }
    }

    /// A project's secret implies its project; the others serve many.
    pub fn needs_project_id(self) -> bool {
        self != Kind::ProjectSecret
    }
}
