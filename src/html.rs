//! What does a web page say?
//!
//! Something between this machine and Mixpanel may answer in Mixpanel's place,
//! with a page for browsers. Users should read its sentence, not its markup.

/// So much of a page is looked at, in bytes: its sentence is at the top.
const TOP: usize = 64 << 10;

/// Whether a text is a page, or holds one.
pub fn is_markup(text: &str) -> bool {
    let text = top(text);
    if let Some(tag) = text.trim_start_matches('\u{feff}').trim_start().strip_prefix('<') {
        return tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '/' | '?'));
    }
    let lower = text.to_ascii_lowercase();
    ["<!doctype", "<html", "<head", "<body"].iter().any(|tag| lower.contains(tag))
}

/// A page's title, else its heading, else its text: without markup, on one line.
pub fn text(page: &str) -> String {
    let page = top(page);
    // ASCII letters keep their places, so positions in one are positions in the other.
    let lower = page.to_ascii_lowercase();
    let inside = |tag: &str| {
        let open = lower.find(&format!("<{tag}"))?;
        let start = open + lower.get(open..)?.find('>')? + 1;
        let end = start + lower.get(start..)?.find(&format!("</{tag}"))?;
        Some(visible(page.get(start..end)?)).filter(|text| !text.is_empty())
    };
    inside("title").or_else(|| inside("h1")).unwrap_or_else(|| visible(page))
}

fn top(text: &str) -> &str {
    // A character has four bytes at most.
    (TOP - 3..=TOP).rev().find_map(|end| text.get(..end)).unwrap_or(text)
}

/// What stands between the tags, but for what no browser shows.
fn visible(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let end = match tag {
            _ if tag.starts_with("!--") => "-->",
            _ if is(tag, "script") => "</script",
            _ if is(tag, "style") => "</style",
            _ => "",
        };
        let after = if end.is_empty() { Some(tag) } else { behind(tag, end) };
        rest = match after {
            // A comment ends with its sign, all else with the tag that is found.
            Some(after) if end == "-->" => after,
            Some(after) => behind(after, ">").unwrap_or(""),
            None => "",
        };
    }
    text.push_str(rest);
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    let text = entities.into_iter().fold(text, |text, (entity, character)| text.replace(entity, character));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a tag has that name.
fn is(tag: &str, name: &str) -> bool {
    let found = tag.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
    found && !tag[name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// What follows the first of that, in either case.
fn behind<'a>(text: &'a str, sign: &str) -> Option<&'a str> {
    let at = text.to_ascii_lowercase().find(sign)?;
    text.get(at + sign.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_heading_or_text() {
        for (page, expected) in [
            ("<html><TITLE>\n502 &amp; gone</title><h1>x</h1>", "502 & gone"),
            ("<html><title></title><h1 class=a>Bad <b>gateway</b></h1>", "Bad gateway"),
            ("<p>Just</p><p>text", "Just text"),
            ("<!-- <p>no</p> --><style>p { a: b }</style><SCRIPT src=x>if (1 < 2) go()</Script ><p>Log in", "Log in"),
            ("<styles>yes</styles><p>and</p>", "yes and"),
            ("Gateway said <html><body>no", "Gateway said no"),
            ("<script>never ends <p>", ""),
            ("<!-- never ends <p>", ""),
            ("<html>", ""),
            ("", ""),
        ] {
            assert_eq!(text(page), expected, "{page}");
        }
    }

    #[test]
    fn markup_is_told_from_text() {
        for page in ["<!DOCTYPE html>", " \n<html>", "\u{feff}<p>", "</p>", "<?xml?>", "it broke: <HTML><body>"] {
            assert!(is_markup(page), "{page}");
        }
        for other in ["", "<", "< 5", "<5 days", "1 < 2", "where a<b", "{\"a\": \"<b>\"}", "<é"] {
            assert!(!is_markup(other), "{other}");
        }
    }

    #[test]
    fn endless_pages_are_read_from_the_top() {
        let page = format!("<p>Log in</p>{}", "<script>é</script>".repeat(1 << 20));
        assert_eq!(text(&page), "Log in");
        assert!(is_markup(&page) && !is_markup(&"é".repeat(1 << 20)));
    }

    proptest::proptest! {
        #[test]
        fn any_tag_soup_is_survived(page in "(<title>|</title|<h1 |</h1>|<!--|-->|<script|</script|<|>|é|İ|&amp;| ){0,12}") {
            is_markup(&page);
            let text = text(&page);
            proptest::prop_assert_eq!(text.trim(), &text);
        }
    }
}
