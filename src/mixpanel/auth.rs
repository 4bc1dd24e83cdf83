//! How do credentials travel?
//!
//! In the `Authorization` header and nowhere else. Sources: Mixpanel's
//! `reference/service-accounts`, `reference/project-secret`.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use memchr::memmem;
use reqwest::header::HeaderValue;

use crate::{
    config::{Credentials, Secret},
    contract::{Code, Error, Result},
};

/// The header's value, marked so that nothing prints it.
///
/// Errors: `InvalidConfig` where a token holds what no header may hold.
pub(super) fn authorization(credentials: &Credentials) -> Result<HeaderValue> {
    let text = match credentials {
        Credentials::OAuthToken(token) => format!("Bearer {}", token.expose()),
        basic => format!("Basic {}", basic_token(basic).expose()),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        Error::new(Code::InvalidConfig, "the token holds a line break or another character that no token has")
            .fix("Copy the token again")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// `text` without the credentials, as they are and as the header carries them: for words of a server or proxy that
/// repeat what they were sent.
pub fn redact(credentials: &Credentials, text: &str) -> String {
    credentials.secret().redact(&basic_token(credentials).redact(text))
}

/// The same for a whole answer, which is nearly always returned as it came. Something as short as no secret of Mixpanel's
/// is would be found in many an answer by chance, and stays.
pub(super) fn without_credentials(credentials: &Credentials, answer: Bytes) -> Bytes {
    let (secret, token) = (credentials.secret().clone(), basic_token(credentials));
    let repeats = |secret: &Secret| {
        let secret = secret.expose().as_bytes();
        secret.len() >= SHORTEST_SECRET && memmem::find(&answer, secret).is_some()
    };
    match repeats(&secret) || repeats(&token) {
        true => redact(credentials, &String::from_utf8_lossy(&answer)).into(),
        false => answer,
    }
}

const SHORTEST_SECRET: usize = 8;

fn basic_token(credentials: &Credentials) -> Secret {
    let pair = match credentials {
        Credentials::ServiceAccount { username, secret } => format!("{username}:{}", secret.expose()),
        // The secret is the user and the password is empty.
        Credentials::ProjectSecret(secret) | Credentials::OAuthToken(secret) => format!("{}:", secret.expose()),
    };
    Secret::new(STANDARD.encode(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn answers_do_not_repeat_it() {
        let account = Credentials::ServiceAccount { username: "sa".into(), secret: Secret::new("0123456789abcdef") };
        let token = header(&account).replace("Basic ", "");
        let echo = Bytes::from(format!(r#"{{"you": ["0123456789abcdef", "{token}"], "n": 1.50}}"#));
        assert_eq!(without_credentials(&account, echo), r#"{"you": ["***", "***"], "n": 1.50}"#);
        let fine = Bytes::from_static(b"\xff 0123456789abcde");
        assert_eq!(without_credentials(&account, fine.clone()), fine);
        assert_eq!(without_credentials(&service_account(), "hunter2".into()), "hunter2");
    }

    #[test]
    fn nothing_prints_it() {
        let value = authorization(&service_account()).unwrap();
        assert_eq!(format!("{value:?}"), "Sensitive");
        assert_eq!(redact(&service_account(), "Basic c2E6aHVudGVyMg==, hunter2"), "Basic ***, ***");
        let error = authorization(&Credentials::OAuthToken(Secret::new("hunter2\n"))).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
