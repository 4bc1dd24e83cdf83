//! Which number does a text write, scaled to a power of ten and exact?
//!
//! One reading of decimal text serves event times, whole numbers and decimals.
//! It takes what DuckDB takes where it casts text: space around the number, a
//! sign, digits with single underscores between them, a point, an exponent.
//! Halves are rounded away from zero, as DuckDB does.

/// The number times `10^scale`, rounded; `None` if it is no number or beyond 38 digits.
pub(super) fn scaled(text: &[u8], scale: u8) -> Option<i128> {
    let number = Number::parse(text.trim_ascii())?;
    // So many of the number's digits, from the first that is not zero, stand before the point of the scaled number.
    let before_point = number.point.saturating_add(number.exponent).saturating_add(i64::from(scale));
    let mut digits = number.digits().enumerate().skip_while(|(_, digit)| *digit == 0);
    let Some((zeros, first)) = digits.next() else { return Some(0) };
    let length = before_point.saturating_sub(zeros as i64);
    if length < 0 {
        return Some(0);
    }
    if length > 38 {
        return None;
    }
    let mut value = 0_i128;
    let mut digits = std::iter::once(first).chain(digits.map(|(_, digit)| digit));
    for _ in 0..length {
        value = value * 10 + i128::from(digits.next().unwrap_or(0));
    }
    value += i128::from(digits.next().unwrap_or(0) >= 5);
    Some(if number.negative { -value } else { value })
}

/// A number as it is written.
struct Number<'a> {
    negative: bool,
    /// Digits, underscores and at most one point.
    mantissa: &'a [u8],
    /// How many digits stand before the point.
    point: i64,
    exponent: i64,
}

impl<'a> Number<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        let (negative, unsigned) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, text),
        };
        let length = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(unsigned.len());
        let (mantissa, exponent) = unsigned.split_at_checked(length)?;
        let exponent = match exponent.split_first() {
            Some((_, digits)) => parse_exponent(digits)?,
            None => 0,
        };
        let mut parts = mantissa.splitn(2, |byte| *byte == b'.');
        let (whole, fraction) = (parts.next()?, parts.next().unwrap_or_default());
        let digits = count_digits(whole)?;
        (digits + count_digits(fraction)? > 0).then_some(Self { negative, mantissa, point: digits, exponent })
    }

    fn digits(&self) -> impl Iterator<Item = u8> + 'a {
        self.mantissa.iter().filter(|byte| byte.is_ascii_digit()).map(|digit| digit - b'0')
    }
}

/// How many digits these are, if they are digits with single underscores between them, or nothing.
fn count_digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let mut count = 0;
    for group in text.split(|byte| *byte == b'_') {
        if group.is_empty() || !group.iter().all(u8::is_ascii_digit) {
            return None;
        }
        count += group.len() as i64;
    }
    Some(count)
}

/// An exponent; one that no `i32` holds is as good as the largest that does.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let limit = i64::from(i32::MAX);
    let size = digits.iter().fold(0, |size, digit| (size * 10 + i64::from(digit - b'0')).min(limit));
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::scaled;

    #[test]
    fn scales_and_rounds() {
        for (text, scale, expected) in [
            ("0", 0, Some(0)),
            ("-0", 2, Some(0)),
            ("7", 0, Some(7)),
            (" +7 ", 2, Some(700)),
            ("1_000.5", 1, Some(10005)),
            ("2.5", 0, Some(3)),
            ("-2.5", 0, Some(-3)),
            ("2.4999999999999999999999999999999999999999999", 0, Some(2)),
            ("0.05", 1, Some(1)),
            ("0.04", 1, Some(0)),
            ("0.005", 1, Some(0)),
            (".5", 0, Some(1)),
            ("5.", 0, Some(5)),
            ("1.5e1", 0, Some(15)),
            ("15e-1", 0, Some(2)),
            ("49e-2", 0, Some(0)),
            ("1e+3", 0, Some(1000)),
            ("0.0000000001e10", 0, Some(1)),
            ("100000000000000000000e-19", 0, Some(10)),
            ("00000000000000000000000000000000000000000012", 0, Some(12)),
            ("99999999999999999999999999999999999999", 0, Some(99_999_999_999_999_999_999_999_999_999_999_999_999)),
            ("100000000000000000000000000000000000000", 0, None),
            ("1e400", 0, None),
            ("0e400", 0, Some(0)),
            ("1e-400", 6, Some(0)),
            ("1e99999999999999999999", 0, None),
            ("1e-99999999999999999999", 0, Some(0)),
            ("", 0, None),
            (" ", 0, None),
            ("-", 0, None),
            (".", 0, None),
            ("1e", 0, None),
            ("1e+", 0, None),
            (".e1", 0, None),
            ("1..2", 0, None),
            ("1_", 0, None),
            ("_1", 0, None),
            ("1__0", 0, None),
            ("1_.5", 0, None),
            ("1e1_0", 0, None),
            ("1,5", 0, None),
            ("0x10", 0, None),
            ("NaN", 0, None),
            ("٣", 0, None),
        ] {
            assert_eq!(scaled(text.as_bytes(), scale), expected, "{text} at {scale}");
        }
    }
}
