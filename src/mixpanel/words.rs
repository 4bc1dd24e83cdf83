//! What did the server say, in one line?
//!
//! Bodies of failures are JSON of several shapes, plain text, or the HTML page of
//! something in between. Users should read the sentence, not the page.

use serde::Deserialize;
use serde_json::Value;

use crate::html;

/// Longer sentences are cut.
const LONGEST: usize = 300;

/// A body longer than this is an answer, not a complaint (see [`error_in_answer`]).
const LONGEST_COMPLAINT: usize = 64 * 1024;

/// The words of a failure's body, uncut: they may have to be rid of secrets first.
pub(super) fn find(content_type: &str, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let said = match serde_json::from_str::<Value>(text) {
        Ok(json) => complaint(&json).unwrap_or_else(|| text.to_owned()),
        Err(_) => text.to_owned(),
    };
    // Where something in between failed, Mixpanel may hand on what that said.
    let is_page = content_type.contains("html") || html::is_markup(&said);
    one_line(&if is_page { html::text(&said) } else { said })
}

/// Cuts words to a length that fits a message.
pub(super) fn clip(words: &str) -> String {
    if words.chars().count() <= LONGEST {
        return words.to_owned();
    }
    let cut: String = words.chars().take(LONGEST).collect();
    format!("{}…", cut.trim_end())
}

/// The complaint in a body that came with status 200: `{"error": "..."}` or `{"status": "error", ...}`.
pub fn error_in_answer(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        error: Option<Value>,
        status: Option<Value>,
    }

    if body.len() > LONGEST_COMPLAINT || !body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    // Only texts count: an event's property may be named "error", and `events/properties/top` answers with
    // `{"error": {"count": 3}}` then.
    let complains = !text(answer.error).trim().is_empty() || text(answer.status) == "error";
    complains.then(|| find("", body))
}

/// Whether a body is a web page, whatever its headers say.
pub(super) fn is_html(content_type: &str, body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    content_type.contains("html") || body.trim_ascii_start().starts_with(b"<")
}

/// The sentence of a JSON complaint: `error`, else `message` and its like, in the object or one level down.
fn complaint(json: &Value) -> Option<String> {
    let Value::Object(fields) = json else { return json.as_str().map(str::to_owned) };
    for key in ["error", "message", "error_message", "detail", "details", "errors"] {
        match fields.get(key) {
            Some(Value::String(text)) if !text.trim().is_empty() => return Some(text.clone()),
            Some(nested @ Value::Object(_)) => {
                return Some(complaint(nested).unwrap_or_else(|| nested.to_string()));
            }
            Some(Value::Array(items)) if !items.is_empty() => {
                let items = items.iter().map(|item| complaint(item).unwrap_or_else(|| item.to_string()));
                return Some(items.collect::<Vec<_>>().join("; "));
            }
            _ => {}
        }
    }
    None
}

/// White space and control characters become single spaces.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(body: &str) -> String {
        clip(&find("", body.as_bytes()))
    }

    #[test]
    fn json_of_every_shape() {
        for body in [
            r#"{"error": "It broke"}"#,
            r#"{"status": "error", "error": "It broke"}"#,
            r#"{"error": null, "message": "It broke"}"#,
            r#"{"error": {"code": 3, "message": "It\nbroke"}}"#,
            r#"{"errors": [{"message": "It broke"}]}"#,
            r#""It broke""#,
            "It   broke\r\n",
        ] {
            assert_eq!(words(body), "It broke", "{body}");
        }
        assert_eq!(words(r#"{"code": 3}"#), r#"{"code": 3}"#);
        assert_eq!(words(""), "");
    }

    #[test]
    fn pages_become_sentences() {
        for body in [
            "<p>Just</p><p>text",
            "\u{feff}<p>Just</p><p>text",
            r#"{"error": "<html><body><p>Just</p>\ntext"}"#,
            r#"{"message": "Just <html><body>text"}"#,
        ] {
            assert_eq!(words(body), "Just text", "{body}");
        }
        assert_eq!(words(r#"{"error": "1 < 2 and <b>"}"#), "1 < 2 and <b>");
        assert_eq!(find("text/html", b"Log in"), "Log in");
    }

    #[test]
    fn hostile_bodies_stay_short_and_on_one_line() {
        let long = clip(&find("", "é\n\u{1b}[31m\0".repeat(5000).as_bytes()));
        assert!(long.chars().count() <= LONGEST + 1 && !long.chars().any(char::is_control), "{long}");
        for body in ["<", "<title", "<title>", "<title>x", "<h1></title>", "{", "\u{feff}{}", "<é"] {
            words(body);
        }
        find("text/html", &[0xff, b'<', 0xfe, b'>', 0xfd]);
    }

    #[test]
    fn complaints_inside_an_answer_are_found() {
        assert_eq!(error_in_answer(br#" {"error": "invalid", "request": "/x"}"#).as_deref(), Some("invalid"));
        assert_eq!(error_in_answer(br#"{"status": "error", "message": "no"}"#).as_deref(), Some("no"));
        for fine in [
            r#"{"status": "ok", "error": null}"#,
            r#"{"error": {"count": 3}, "status": {"count": 1}}"#,
            r#"{"error": ""}"#,
            r#"[{"error": "x"}]"#,
            "",
            "{",
            "<p>",
        ] {
            assert_eq!(error_in_answer(fine.as_bytes()), None, "{fine}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_body_becomes_one_short_line(content_type in "(text/html|application/json|)", body: Vec<u8>) {
            let words = clip(&find(&content_type, &body));
            proptest::prop_assert!(words.chars().count() <= LONGEST + 1 && !words.chars().any(char::is_control));
            error_in_answer(&body);
        }
    }
}
