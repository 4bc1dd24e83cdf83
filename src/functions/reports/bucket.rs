//! The labels of numeric buckets.

/// Both ends of a bucket: `2,000 - 2,100`, `-10 - -5`, `0.5 - 1`. `None` for a label that says no such thing.
pub fn range(label: &str) -> Option<(f64, f64)> {
    let (low, rest) = number(label.trim())?;
    let (high, rest) = number(rest.trim_start().strip_prefix('-')?.trim_start())?;
    (rest.is_empty() && low.is_finite() && high.is_finite()).then_some((low, high))
}

/// The number that a text begins with, and the rest. Commas count only between thousands, so that a decimal comma is
/// not taken for one.
fn number(text: &str) -> Option<(f64, &str)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let length = unsigned.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(unsigned.len());
    let (digits, rest) = unsigned.split_at_checked(length)?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let grouped = whole.contains(',');
    let is_number = !first.is_empty() && (!grouped || first.len() <= 3) && groups.all(|group| group.len() == 3);
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !is_fraction {
        return None;
    }
    let value: f64 = digits.replace(',', "").parse().ok()?;
    Some((if unsigned.len() < text.len() { -value } else { value }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_every_kind() {
        for (label, ends) in [
            ("2,000 - 2,100", (2000.0, 2100.0)),
            ("0 - 100", (0.0, 100.0)),
            ("-10 - -5", (-10.0, -5.0)),
            ("-1,000 - 0", (-1000.0, 0.0)),
            ("0.5 - 1.25", (0.5, 1.25)),
            ("1,234,567.5 - 2,000,000", (1_234_567.5, 2_000_000.0)),
            ("2000 - 2100", (2000.0, 2100.0)),
            ("0-100", (0.0, 100.0)),
            (" 1 -  2 ", (1.0, 2.0)),
        ] {
            assert_eq!(range(label.trim()), Some(ends), "{label}");
        }
    }

    #[test]
    fn other_labels_are_none() {
        for label in [
            "",
            "-",
            "undefined",
            "null",
            "5",
            "1 - ",
            " - 2",
            "1,5 - 2,5",
            "1,0000 - 2",
            "1234,567 - 2",
            "1 - 2 - 3",
            "1. - 2",
            ".5 - 1",
            "1.2.3 - 4",
            "1 to 2",
            "1 - 2 EUR",
            "1e3 - 2e3",
            "١ - ٢",
            "1 – 2",
            ",1 - 2",
        ] {
            assert_eq!(range(label), None, "{label}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_thousands_separators_make_of_numbers_is_undone(low: i32, high: i32) {
            let grouped = |number: i32| {
                let digits = number.unsigned_abs().to_string();
                let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| str::from_utf8(g).unwrap()).collect();
                format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
            };
            let label = format!("{} - {}", grouped(low), grouped(high));
            proptest::prop_assert_eq!(range(&label), Some((low.into(), high.into())));
        }

        #[test]
        fn any_label_is_survived(label: String) {
            let _ = range(&label);
        }
    }
}
