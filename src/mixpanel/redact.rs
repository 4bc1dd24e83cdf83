//! What must not come back in the words of others?
//!
//! A server, a proxy or a damaged answer may repeat what it was sent: the secret
//! as it is, or as headers, addresses and JSON carry it. Also a good part of it is
//! too much, where something cut the words off in the middle. Words are redacted
//! whole and cut only then.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use memchr::memmem;
use url::form_urlencoded;

use super::{auth, request};
use crate::config::Credentials;

/// Taking out something shorter would eat the text and hide nothing.
const SHORTEST: usize = 4;

/// So much of the beginning of a secret's form is not to be seen either.
const PART: usize = 12;

/// In whole answers, something as short as no secret of Mixpanel's is would be found by chance, and stays.
const SHORTEST_IN_ANSWERS: usize = 8;

/// `text` without the credentials in any of their forms.
pub fn redact(credentials: &Credentials, text: &str) -> String {
    let forms = forms(credentials);
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = forms.iter().filter_map(|form| rest.find(beginning(form))).min() {
        let (before, found) = rest.split_at(at);
        // Forms may begin alike.
        let length = forms.iter().map(|form| alike(found, form)).max().unwrap_or(0);
        kept.push_str(before);
        kept.push_str("***");
        rest = found.get(length..).unwrap_or_default().trim_start_matches('=');
    }
    kept.push_str(rest);
    kept
}

/// The same for a whole answer, which is nearly always returned as it came.
pub(super) fn without_credentials(credentials: &Credentials, answer: Bytes) -> Bytes {
    let repeats = |form: &String| form.len() >= SHORTEST_IN_ANSWERS && memmem::find(&answer, form.as_bytes()).is_some();
    match forms(credentials).iter().any(repeats) {
        true => redact(credentials, &String::from_utf8_lossy(&answer)).into(),
        false => answer,
    }
}

/// Each way in which the secret may be written. Base64 comes without its padding: what follows is eaten too.
fn forms(credentials: &Credentials) -> Vec<String> {
    let secret = credentials.secret().expose();
    let pair = auth::pair(credentials);
    let alone = [secret.to_owned(), format!("{secret}:")];
    let mut forms = vec![STANDARD_NO_PAD.encode(&pair), URL_SAFE_NO_PAD.encode(&pair)];
    if secret.len() >= SHORTEST {
        forms.extend(alone.iter().flat_map(|text| [STANDARD_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(text)]));
        let percent = request::encode(secret);
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        forms.extend(
            [percent.to_ascii_lowercase(), form.to_ascii_lowercase()].into_iter().filter(|_| percent != secret),
        );
        let json = serde_json::Value::from(secret).to_string();
        forms.extend([percent, form, json.trim_matches('"').to_owned(), secret.to_owned()]);
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort();
    forms.dedup();
    forms
}

/// As much of a form as tells it from other text.
fn beginning(form: &str) -> &str {
    form.char_indices().nth(PART).map_or(form, |(end, _)| form.get(..end).unwrap_or(form))
}

/// How many bytes of a text are alike with a form, where that is enough to tell it.
fn alike(text: &str, form: &str) -> usize {
    let common = text.chars().zip(form.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    if common >= beginning(form).len() { common } else { 0 }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;
    use crate::config::Secret;

    const SECRET: &str = "pa55 w~rd/+?>\"0123456789abcdef";

    fn account(secret: &str) -> Credentials {
        Credentials::ServiceAccount { username: "sa".into(), secret: Secret::new(secret) }
    }

    #[test]
    fn every_form_is_taken_out() {
        let pair = format!("sa:{SECRET}");
        for form in [
            SECRET.to_owned(),
            STANDARD.encode(SECRET),
            STANDARD_NO_PAD.encode(SECRET),
            URL_SAFE.encode(SECRET),
            STANDARD.encode(format!("{SECRET}:")),
            STANDARD.encode(&pair),
            STANDARD_NO_PAD.encode(&pair),
            URL_SAFE.encode(&pair),
            "pa55%20w~rd%2F%2B%3F%3E%220123456789abcdef".to_owned(),
            "pa55%20w~rd%2f%2b%3f%3e%220123456789abcdef".to_owned(),
            "pa55+w%7Erd%2F%2B%3F%3E%220123456789abcdef".to_owned(),
            "pa55 w~rd/+?>\\\"0123456789abcdef".to_owned(),
        ] {
            let text = redact(&account(SECRET), &format!("you sent <{form}> and {form}."));
            assert_eq!(text, "you sent <***> and ***.", "{form}");
            // Cut off by whoever repeated it.
            for length in PART..form.len() {
                let text = redact(&account(SECRET), &format!("you sent {}", &form[..length]));
                assert_eq!(text, "you sent ***", "{form} {length}");
                let text = redact(&account(SECRET), &format!("you sent {}... or so", &form[..length]));
                assert_eq!(text, "you sent ***... or so", "{form} {length}");
            }
        }
    }

    #[test]
    fn one_form_for_each_kind_of_credentials() {
        for credentials in
            [Credentials::ProjectSecret(Secret::new(SECRET)), Credentials::OAuthToken(Secret::new(SECRET))]
        {
            let token = STANDARD.encode(format!("{SECRET}:"));
            assert_eq!(redact(&credentials, &format!("Basic {token}, {SECRET}")), "Basic ***, ***");
        }
    }

    #[test]
    fn what_is_too_short_to_tell_stays() {
        assert_eq!(redact(&account("abc"), "abc"), "abc");
        assert_eq!(redact(&account("hunter2"), "Basic c2E6aHVudGVyMg==, hunter2, hunter3"), "Basic ***, ***, hunter3");
        assert_eq!(redact(&account(SECRET), &SECRET[..PART - 1]), &SECRET[..PART - 1]);
        assert_eq!(redact(&account(""), "any key"), "any key");
    }

    #[test]
    fn answers_do_not_repeat_it() {
        let account = account("0123456789abcdef");
        let token = STANDARD.encode("sa:0123456789abcdef");
        let echo = Bytes::from(format!(r#"{{"you": ["0123456789abcdef", "{token}"], "n": 1.50}}"#));
        assert_eq!(without_credentials(&account, echo), r#"{"you": ["***", "***"], "n": 1.50}"#);
        let fine = Bytes::from_static(b"\xff 0123456789abcde");
        assert_eq!(without_credentials(&account, fine.clone()), fine);
        assert_eq!(without_credentials(&self::account("hunter2"), "hunter2".into()), "hunter2");
    }

    proptest::proptest! {
        #[test]
        fn no_text_keeps_it(secret: String, before: String, after: String) {
            let text = redact(&account(&secret), &format!("{before}{secret}{after}"));
            proptest::prop_assert!(secret.len() < SHORTEST || "***".contains(&secret) || !text.contains(&secret) || before.contains(&secret) || after.contains(&secret));
        }
    }
}
