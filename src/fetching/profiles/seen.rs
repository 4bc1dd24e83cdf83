//! Which profiles came already?

use std::collections::{HashMap, HashSet};

/// A hash of 128 bits: among a billion of them no two are alike by accident.
pub type Fingerprint = u128;

/// What a profile is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Its id.
    Id(Fingerprint),
    /// All it has, for want of an id. Several that look alike are several all the same.
    Content(Fingerprint),
}

/// The profiles of one call.
#[derive(Debug, Default)]
pub struct Seen {
    /// Came in this session.
    now: HashSet<Fingerprint>,
    /// Came, and were handed out, in other sessions: of other questions, or ones that the server has forgotten.
    before: HashSet<Fingerprint>,
    /// How often profiles of such a content came in this session.
    alike: HashMap<Fingerprint, u128>,
    /// The question that is asked.
    question: u128,
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

/// A profile that came, as [`Seen`] judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    pub novelty: Novelty,
    /// Whether the session had none before that looks like it.
    pub is_first_alike: bool,
}

impl Seen {
    pub fn add(&mut self, identity: Identity) -> Came {
        let (key, is_first_alike) = match identity {
            Identity::Id(key) => (key, true),
            // The second of a kind is the second one again when a session is begun anew. In two questions a kind is two.
            Identity::Content(content) => {
                let alike = self.alike.entry(content).or_default();
                *alike += 1;
                (content.wrapping_add(self.question << 64).wrapping_add(*alike), *alike == 1)
            }
        };
        let novelty = match (self.now.insert(key), self.before.contains(&key)) {
            (false, _) => Novelty::Repeated,
            (true, true) => Novelty::Known,
            (true, false) => Novelty::New,
        };
        Came { novelty, is_first_alike: is_first_alike && novelty != Novelty::Repeated }
    }

    /// A session begins, of the same question or another one.
    pub fn begin(&mut self, question: usize) {
        self.before.extend(self.now.drain());
        self.alike.clear();
        self.question = question as u128;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a session finds of profiles that are all known by the same.
    fn session(
        seen: &mut Seen,
        question: usize,
        identity: fn(Fingerprint) -> Identity,
        keys: [Fingerprint; 3],
    ) -> [Novelty; 3] {
        seen.begin(question);
        keys.map(|key| seen.add(identity(key)).novelty)
    }

    #[test]
    fn each_is_new_once() {
        let mut seen = Seen::default();
        let mut come = |question, ids| session(&mut seen, question, Identity::Id, ids);
        assert_eq!(come(0, [1, 2, 1]), [Novelty::New, Novelty::New, Novelty::Repeated]);
        assert_eq!(come(0, [1, 3, 1]), [Novelty::Known, Novelty::New, Novelty::Repeated]);
        assert_eq!(come(1, [2, 3, 4]), [Novelty::Known, Novelty::Known, Novelty::New]);
    }

    #[test]
    fn those_without_an_id_are_counted() {
        let mut seen = Seen::default();
        let mut come = |question, contents| session(&mut seen, question, Identity::Content, contents);
        assert_eq!(come(0, [7, 7, 1 << 100]), [Novelty::New; 3]);
        // The same question again has one more of them.
        assert_eq!(come(0, [7, 7, 7]), [Novelty::Known, Novelty::Known, Novelty::New]);
        assert_eq!(come(1, [7, 7, 7]), [Novelty::New; 3]);
    }

    #[test]
    fn a_repetition_shows() {
        let mut seen = Seen::default();
        let first = [Identity::Id(1), Identity::Id(1), Identity::Content(1), Identity::Content(1)];
        assert_eq!(first.map(|identity| seen.add(identity).is_first_alike), [true, false, true, false]);
    }
}
