//! Eviction epochs: an evicted answer does not come back by a verification that began before.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::credential::Fingerprint;

/// Counts evictions, for each part of all keys. A verification remembers the number when it begins.
/// Its answer is stored while the part is locked, and only if the number is still the same.
///
/// Because of the parts, evicting one credential affects only credentials in the same part.
// An evicted answer does not return. Keys are in 64 parts that count evictions. An answer is
// stored, under its part's lock, only if nothing was evicted there since the verification began. If
// a request comes after an eviction, it does not join a verification that began before.
pub(super) struct Generations {
    parts: Box<[Mutex<u64>]>,
    last: Mutex<u64>,
}

const PARTS: u64 = 64;

impl Generations {
    pub(super) fn new() -> Self {
        Self { parts: (1..PARTS).map(|_| Mutex::default()).collect(), last: Mutex::default() }
    }

    /// Locks and returns the number of a key's part.
    pub(super) fn of(&self, key: Fingerprint) -> MutexGuard<'_, u64> {
        let place = usize::try_from(key.spread() % PARTS).unwrap_or_default();
        lock(self.parts.get(place).unwrap_or(&self.last))
    }

    pub(super) fn advance(&self, key: Fingerprint) {
        *self.of(key) += 1;
    }

    pub(super) fn advance_all(&self) {
        self.parts.iter().chain([&self.last]).for_each(|part| *lock(part) += 1);
    }
}

fn lock(part: &Mutex<u64>) -> MutexGuard<'_, u64> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::FingerprintKey;

    #[test]
    fn one_part_or_all_of_them_advance() {
        let (key, generations) = (FingerprintKey::random().unwrap(), Generations::new());
        let keys: Vec<_> = (0..2000_u32).map(|at| key.of(&[&at.to_ne_bytes()])).collect();
        let advanced = || keys.iter().filter(|key| *generations.of(**key) > 0).count();
        generations.advance(keys[0]);
        assert!((1..200).contains(&advanced()), "{}", advanced());
        assert_eq!(*generations.of(keys[0]), 1);
        generations.advance_all();
        assert_eq!((advanced(), *generations.of(keys[0])), (2000, 2));
    }
}
