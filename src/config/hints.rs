//! What did the user most likely mix up?
//!
//! Nothing here is certain enough to refuse a request. A hint is shown with the
//! account's test, and beside Mixpanel's refusal if it comes to that.

use super::{Credentials, account::is_hex_key};

/// How the username of every service account ends.
const SERVICE_ACCOUNT: &str = ".mp-service-account";

/// A likely mistake in credentials: a sentence without its full stop, without any secret in it.
pub(super) fn hint(credentials: &Credentials) -> Option<String> {
    match credentials {
        Credentials::ServiceAccount { username, secret } => {
            if secret.expose() == username {
                return Some(
                    "username and secret are the same text. Mixpanel shows the secret only once, when you \
                     create the service account"
                        .into(),
                );
            }
            if is_hex_key(username) {
                return Some(
                    "the username looks like an old API key, which Mixpanel no longer accepts. Create a service account"
                        .into(),
                );
            }
            if username.ends_with(SERVICE_ACCOUNT) && is_lower_hex_key(secret.expose()) {
                return Some(format!(
                    "the secret looks like a project's secret or token, but the username is a service account's \
                     ({SERVICE_ACCOUNT}), which has a secret of its own"
                ));
            }
            if username.contains('@') && !username.ends_with(SERVICE_ACCOUNT) {
                return Some(format!(
                    "the username looks like an e-mail address. A service account's username ends with \
                     {SERVICE_ACCOUNT}"
                ));
            }
            None
        }
        Credentials::ProjectSecret(secret) if !is_hex_key(secret.expose()) => Some(
            "a secret without a username counts as a project secret, but this one does not look like one (32 \
             hexadecimal digits). If it belongs to a service account, add its username"
                .into(),
        ),
        Credentials::OAuthToken(token) if is_hex_key(token.expose()) => {
            Some("the token looks like a project token, which can only send events. Use a service account".into())
        }
        Credentials::ProjectSecret(_) | Credentials::OAuthToken(_) => None,
    }
}

/// Keys of projects are written in lower case; a service account's secret mixes cases.
fn is_lower_hex_key(text: &str) -> bool {
    is_hex_key(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn service_account(username: &str, secret: &str) -> Option<String> {
        hint(&Credentials::ServiceAccount { username: username.into(), secret: Secret::new(secret) })
    }

    #[test]
    fn likely_mistakes_are_named_without_the_secret() {
        let hints = [
            service_account("etl.1a2b3c.mp-service-account", KEY),
            service_account("me@example.com", "x"),
            service_account(KEY, "x"),
            service_account("x", "x"),
            hint(&Credentials::ProjectSecret(Secret::new("S3rviceAccountSecret"))),
            hint(&Credentials::OAuthToken(Secret::new(KEY))),
        ];
        for hint in hints {
            let hint = hint.unwrap_or_default();
            assert!(!hint.is_empty() && !hint.contains(KEY) && !hint.contains("S3rvice"), "{hint}");
        }
    }

    #[test]
    fn good_looking_credentials_get_none() {
        assert_eq!(service_account("etl.1a2b3c.mp-service-account", "kQ3v8LmZpR5tXw2yB7nC4dF6gH9jK1sA"), None);
        assert_eq!(hint(&Credentials::ProjectSecret(Secret::new(KEY))), None);
        assert_eq!(hint(&Credentials::OAuthToken(Secret::new("eyJhbGciOi"))), None);
    }
}
