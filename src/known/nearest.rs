//! Which name did the user mean?

/// So many at most, the nearest first.
const MOST: usize = 5;

/// From here on two names look alike, where 1 is the same and 0 has nothing in common.
const ALIKE: f64 = 0.6;

/// The names that come nearest to one that does not exist: the same but for case, spaces and punctuation; then those
/// that contain it or are contained in it, shortest first; then those that look alike.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = fold(wanted);
    let mut ranked: Vec<_> = names.into_iter().filter_map(|name| Some((rank(&wanted, &fold(name))?, name))).collect();
    ranked.sort_by(|a, b| a.0.0.cmp(&b.0.0).then(b.0.1.total_cmp(&a.0.1)).then(a.1.cmp(b.1)));
    ranked.into_iter().map(|(_, name)| name).take(MOST).collect()
}

/// Better ranks have smaller first numbers, then greater second ones.
fn rank(wanted: &str, name: &str) -> Option<(u8, f64)> {
    if wanted == name {
        return Some((0, 0.0));
    }
    if !wanted.is_empty() && !name.is_empty() && (name.contains(wanted) || wanted.contains(name)) {
        let difference = name.chars().count().abs_diff(wanted.chars().count());
        return Some((1, -(difference as f64)));
    }
    // The one finds slips of the finger, the other words in another order.
    let similarity = strsim::normalized_damerau_levenshtein(wanted, name).max(strsim::sorensen_dice(wanted, name));
    (similarity >= ALIKE).then_some((2, similarity))
}

/// Letters and digits in lower case; the text itself where it has none.
fn fold(text: &str) -> String {
    let folded: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if folded.is_empty() { text.to_owned() } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 8] =
        ["Login", "Sign Up", "sign_up_complete", "Purchase", "Product Viewed", "購入 🛒", "🛒", "Logout"];

    #[test]
    fn case_then_parts_then_looks() {
        for (wanted, expected) in [
            ("sign up", vec!["Sign Up", "sign_up_complete"]),
            ("SIGN-UP COMPLETE", vec!["sign_up_complete", "Sign Up"]),
            ("Purchsae", vec!["Purchase"]),
            ("View Product", vec!["Product Viewed"]),
            ("log in", vec!["Login"]),
            ("購入", vec!["購入 🛒"]),
            ("🛒", vec!["🛒"]),
            ("Nothing of the kind", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(nearest(wanted, NAMES), expected, "{wanted}");
        }
    }

    #[test]
    fn no_more_than_five() {
        let names: Vec<String> = (0..20).map(|number| format!("Sign Up {number}")).collect();
        let found = nearest("sign up", names.iter().map(String::as_str));
        assert_eq!(found, ["Sign Up 0", "Sign Up 1", "Sign Up 2", "Sign Up 3", "Sign Up 4"]);
    }

    proptest::proptest! {
        #[test]
        fn any_names_can_be_compared(wanted: String, names: Vec<String>) {
            let found = nearest(&wanted, names.iter().map(String::as_str));
            proptest::prop_assert!(found.len() <= MOST);
            let itself = nearest(&wanted, [wanted.as_str()]);
            proptest::prop_assert_eq!(itself, vec![wanted.as_str()]);
        }
    }
}
