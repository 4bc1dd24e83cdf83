//! How does a secret stay secret?
//!
//! It travels in a type that has no `Display`, whose `Debug` says nothing, and
//! that only gives up its text where somebody writes `expose`.

use std::fmt;

/// The secret of a service account or project, or a bearer token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself: for the `Authorization` header and the accounts file, nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` without this secret, for words of others that may repeat it.
    pub fn redact(&self, text: &str) -> String {
        // Taking out a secret of one or two characters would eat the text and hide nothing.
        if self.0.len() < 4 { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(***)");
    }

    #[test]
    fn words_of_others_lose_the_secret() {
        assert_eq!(Secret::new("hunter2").redact("bad key hunter2!"), "bad key ***!");
        assert_eq!(Secret::new("").redact("bad key"), "bad key");
    }
}
