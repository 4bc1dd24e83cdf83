//! In which of Mixpanel's data residencies does a project live?
//!
//! The hosts that belong to each are in [`crate::mixpanel`].

use std::{fmt, str::FromStr};

/// A data residency. A project belongs to exactly one, and asking another gives no redirect but an
/// authentication error, a 404 or nothing at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Region {
    #[default]
    Us,
    Eu,
    In,
}

impl Region {
    pub const ALL: [Region; 3] = [Region::Us, Region::Eu, Region::In];

    pub fn as_str(self) -> &'static str {
        match self {
            Region::Us => "us",
            Region::Eu => "eu",
            Region::In => "in",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Region {
    /// What is wrong, to be said after the name of the parameter, key or variable.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        Region::ALL.into_iter().find(|region| region.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
            // A long text is no mistyped region but another field's value, perhaps a secret: it is not repeated.
            let shown = if text.len() <= 12 { format!(", not '{}'", text.escape_default()) } else { String::new() };
            format!("must be 'us', 'eu' or 'in'{shown}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter() {
        assert_eq!("EU".parse(), Ok(Region::Eu));
        assert_eq!(" in ".parse(), Ok(Region::In));
    }

    #[test]
    fn others_are_refused_with_the_choice() {
        assert_eq!("asia".parse::<Region>(), Err("must be 'us', 'eu' or 'in', not 'asia'".into()));
        assert_eq!("a secret in the wrong place".parse::<Region>(), Err("must be 'us', 'eu' or 'in'".into()));
    }
}
