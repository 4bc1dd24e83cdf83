//! Which properties does somebody ask for?

use super::{scan, span::Span};

/// The number of a wanted property.
pub(super) type Slot = usize;

/// The properties that are columns have the first slots; the one that tells a time is the first of them.
pub(super) const TIME: Slot = 0;
pub(super) const DISTINCT_ID: Slot = 1;
pub(super) const INSERT_ID: Slot = 2;

/// The keys of the wanted properties; by default none.
#[derive(Default)]
pub(super) struct WantedKeys {
    keys: Vec<String>,
    /// The first eight bytes of each key, which tell most keys apart, or as many as it has.
    heads: Vec<Head>,
    lengths: u64,
    /// So many slots from the first on are those of columns.
    taken: usize,
}

#[derive(Clone, Copy)]
struct Head {
    bytes: u64,
    mask: u64,
}

impl WantedKeys {
    /// The keys of an event's properties that are columns.
    pub fn of_events() -> Self {
        Self::taking(&["time", "distinct_id", "$insert_id"])
    }

    /// The one that tells when an event happened.
    pub fn of_times() -> Self {
        Self::taking(&["time"])
    }

    /// The one of a profile's properties.
    pub fn of_profiles() -> Self {
        Self::taking(&["$last_seen"])
    }

    /// Whatever there is: every key may be wanted, and none has a slot.
    pub fn all() -> Self {
        Self { lengths: u64::MAX, heads: vec![Head { bytes: 0, mask: 0 }], ..Self::default() }
    }

    fn taking(keys: &[&str]) -> Self {
        let mut wanted = Self { taken: keys.len(), ..Self::default() };
        for key in keys {
            wanted.add(key);
        }
        wanted
    }

    /// Whether a slot's property became a column.
    #[inline(always)]
    pub fn takes(&self, slot: Slot) -> bool {
        slot < self.taken
    }

    /// The slot of this key, a new one if it had none.
    pub fn add(&mut self, key: &str) -> Slot {
        if let Some(slot) = self.keys.iter().position(|known| known == key) {
            return slot;
        }
        let mask = u64::MAX.checked_shr(64_u32.saturating_sub(key.len() as u32 * 8)).unwrap_or(0);
        self.lengths |= 1 << (key.len() % 64);
        self.heads.push(Head { bytes: scan::word(key.as_bytes(), 0), mask });
        self.keys.push(key.to_owned());
        self.keys.len() - 1
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// A bit for each length of a key, modulo 64: a filter for the many keys that nobody wants.
    pub fn lengths(&self) -> u64 {
        self.lengths
    }

    /// Whether the key that stands there may be wanted.
    #[inline(always)]
    pub fn may_be(&self, block: &[u8], key: Span) -> bool {
        let word = scan::word(block, key.start);
        self.heads.iter().any(|head| word & head.mask == head.bytes)
    }

    /// The slot of a key, if it is wanted.
    #[inline(always)]
    pub fn slot(&self, key: &[u8]) -> Option<Slot> {
        self.keys.iter().position(|known| known.as_bytes() == key)
    }
}
