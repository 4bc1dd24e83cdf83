//! Percent-escapes of URLs, undone.

use percent_encoding::percent_decode_str;

/// The text that an escaped one stands for; `None` where a `%` is not followed by two hexadecimal digits, or where the
/// bytes are no UTF-8.
pub fn decode(escaped: &str) -> Option<String> {
    // Undoing them leaves what is no escape as it is.
    let is_escape = |after: &str| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    let is_escaped = escaped.split('%').skip(1).all(is_escape);
    is_escaped.then(|| percent_decode_str(escaped).decode_utf8().ok().map(String::from))?
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_are_undone_once() {
        for (escaped, text) in [
            ("plain", Some("plain")),
            ("a%2Fb%20c%25", Some("a/b c%")),
            ("%252e", Some("%2e")),
            ("%F0%9F%9B%92+", Some("🛒+")),
            ("größer", Some("größer")),
            ("100%", None),
            ("%2", None),
            ("%zz", None),
            ("%+1", None),
            ("%é", None),
            ("%ff", None),
        ] {
            assert_eq!(decode(escaped).as_deref(), text, "{escaped}");
        }
    }
}
