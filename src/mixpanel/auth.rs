//! How do credentials travel?
//!
//! In the `Authorization` header and nowhere else. Sources: Mixpanel's
//! `reference/service-accounts`, `reference/project-secret`.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::header::HeaderValue;

use crate::{
    config::Credentials,
    contract::{Code, Error, Result},
};

/// The header's value, marked so that nothing prints it.
///
/// Errors: `InvalidConfig` where a token holds what no header may hold.
pub(super) fn authorization(credentials: &Credentials) -> Result<HeaderValue> {
    let text = match credentials {
        Credentials::OAuthToken(token) => format!("Bearer {}", token.expose()),
        basic => format!("Basic {}", STANDARD.encode(pair(basic))),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|error| {
        Error::new(
            Code::InvalidConfig,
            "the token contains a line break or another character that is not valid in a token",
        )
        .fix("Copy the token again")
        .caused_by(error)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What the header's Base64 stands for.
pub(super) fn pair(credentials: &Credentials) -> String {
    match credentials {
        Credentials::ServiceAccount { username, secret } => format!("{username}:{}", secret.expose()),
        // The secret is the user and the password is empty.
        Credentials::ProjectSecret(secret) | Credentials::OAuthToken(secret) => format!("{}:", secret.expose()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn header(credentials: &Credentials) -> String {
        authorization(credentials).unwrap().to_str().unwrap().to_owned()
    }

    fn service_account() -> Credentials {
        Credentials::ServiceAccount { username: "sa".into(), secret: Secret::new("hunter2") }
    }

    #[test]
    fn one_header_for_each_kind() {
        assert_eq!(header(&service_account()), "Basic c2E6aHVudGVyMg==");
        assert_eq!(header(&Credentials::ProjectSecret(Secret::new("hunter2"))), "Basic aHVudGVyMjo=");
        assert_eq!(header(&Credentials::OAuthToken(Secret::new("hunter2"))), "Bearer hunter2");
    }

    #[test]
    fn nothing_prints_it() {
        let value = authorization(&service_account()).unwrap();
        assert_eq!(format!("{value:?}"), "Sensitive");
        let error = authorization(&Credentials::OAuthToken(Secret::new("hunter2\n"))).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
