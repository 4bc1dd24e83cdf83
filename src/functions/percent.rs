//! Percent-escapes of URLs, undone.

/// The text that an escaped one stands for; `None` where a `%` is not followed by two hexadecimal digits, or where the
/// bytes are no UTF-8.
pub fn decode(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        // `from_str_radix` takes a sign for a digit.
        let digits = str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
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
