//! Maps with a bounded total weight.

use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use crate::credential::Fingerprint;
use crate::credential::fingerprint::AlreadyRandom;

/// A map with room for many small values or fewer large ones. The least used are evicted first.
// The cache decides nothing. It stores the principal of a credential and no policy's answer,
// because another route has another requirement. Good answers and refusals are two bounded maps, so
// that a flood of bad tokens evicts no good answer. A good answer counts as one for each 2 KiB of
// its size, because an authorization server may return 64 KiB about a token.
pub(super) struct Bounded<T: Clone>(Cache<Fingerprint, Weighed<T>, ByWeight, AlreadyRandom>);

#[derive(Clone)]
struct Weighed<T> {
    value: T,
    weight: u64,
}

#[derive(Clone)]
struct ByWeight;

/// The bytes of one unit. A larger value counts as several units.
const UNIT: usize = 2 * 1024;

impl<T: Clone> Bounded<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let lifecycle = DefaultLifecycle::default();
        Self(Cache::with(capacity, capacity as u64, ByWeight, AlreadyRandom::default(), lifecycle))
    }

    #[inline]
    pub(super) fn get(&self, key: Fingerprint) -> Option<T> {
        self.0.get(&key).map(|found| found.value)
    }

    /// Inserts a value that holds `bytes` elsewhere. A value larger than the map is not kept.
    pub(super) fn insert(&self, key: Fingerprint, value: T, bytes: usize) {
        self.0.insert(key, Weighed { value, weight: 1 + (bytes / UNIT) as u64 });
    }

    /// Removes a value, and returns `true` if there was one.
    pub(super) fn remove(&self, key: Fingerprint) -> bool {
        self.0.remove(&key).is_some()
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Iterates over the values without a lock while a value is looked at.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Fingerprint, T)> {
        self.0.iter().map(|(key, found)| (key, found.value))
    }
}

impl<T> Weighter<Fingerprint, Weighed<T>> for ByWeight {
    fn weight(&self, _: &Fingerprint, found: &Weighed<T>) -> u64 {
        found.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::FingerprintKey;

    #[test]
    fn req_54_large_values_count_as_several() {
        let key = FingerprintKey::random().unwrap();
        for (bytes, most) in [(0, 1_000), (2_047, 1_000), (2_048, 500), (20_000, 100), (10_000_000, 0)] {
            let map = Bounded::new(1_000);
            (0..5_000_u32).for_each(|at| map.insert(key.of(&[&at.to_ne_bytes()]), at, bytes));
            // The shards are full a little earlier.
            assert!(map.len() <= most + 32 && map.len() >= most * 3 / 4, "{bytes}: {}", map.len());
        }
    }
}
