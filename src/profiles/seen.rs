//! Which profiles came already?

use std::collections::HashSet;

/// A profile's identity, as a hash of 128 bits: among a billion of them no two are alike by accident.
pub type Key = u128;

/// The profiles of one question.
#[derive(Debug, Default)]
pub struct Seen {
    /// Came in this session.
    now: HashSet<Key>,
    /// Came, and were handed out, in sessions that the server has forgotten since.
    before: HashSet<Key>,
}

/// What is known of a profile that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    New,
    /// New in this session, but handed out before.
    Known,
    /// Not the first of its identity in this session.
    Repeated,
}

impl Seen {
    pub fn add(&mut self, key: Key) -> Novelty {
        match (self.now.insert(key), self.before.contains(&key)) {
            (false, _) => Novelty::Repeated,
            (true, true) => Novelty::Known,
            (true, false) => Novelty::New,
        }
    }

    /// Another session begins.
    pub fn restart(&mut self) {
        self.before.extend(self.now.drain());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_new_once() {
        let mut seen = Seen::default();
        assert_eq!([1, 2, 1].map(|key| seen.add(key)), [Novelty::New, Novelty::New, Novelty::Repeated]);
        seen.restart();
        assert_eq!([1, 3, 1].map(|key| seen.add(key)), [Novelty::Known, Novelty::New, Novelty::Repeated]);
        seen.restart();
        assert_eq!([1, 2, 3, 4].map(|key| seen.add(key) == Novelty::New), [false, false, false, true]);
    }
}
