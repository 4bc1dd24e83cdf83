//! Whose answers are these?
//!
//! Two accounts may see different properties of one project, so that an answer
//! serves only who asked for it. Names and secrets are hashed with the folder's
//! salt: nobody reads them out of a path.

use crate::{config::Credentials, hash};

/// Who asks, as the folder of their answers is called. A service account stays the same when its secret changes.
pub fn asker(credentials: &Credentials, salt: &[u8]) -> String {
    let (kind, name) = match credentials {
        Credentials::ServiceAccount { username, .. } => ("service account", username.as_str()),
        Credentials::ProjectSecret(secret) => ("project secret", secret.expose()),
        Credentials::OAuthToken(token) => ("token", token.expose()),
    };
    hash::hex(salt, format!("{kind}\n{name}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn a_rotated_secret_keeps_a_service_accounts_answers_and_no_others() {
        let account = |username: &str, secret: &str| {
            let credentials = Credentials::ServiceAccount { username: username.into(), secret: Secret::new(secret) };
            asker(&credentials, b"salt")
        };
        assert_eq!(account("me", "old"), account("me", "new"));
        assert_ne!(account("me", "old"), account("you", "old"));
        let secret = |secret| asker(&Credentials::ProjectSecret(Secret::new(secret)), b"salt");
        assert_ne!(secret("old"), secret("new"));
        assert_ne!(secret("old"), asker(&Credentials::OAuthToken(Secret::new("old")), b"salt"));
        assert_ne!(secret("old"), asker(&Credentials::ProjectSecret(Secret::new("old")), b"pepper"));
    }
}
