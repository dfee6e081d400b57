//! A map that is read without a lock and can change while it is read.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;

use crate::credential::Fingerprint;
use crate::credential::fingerprint::AlreadyRandom;

/// A map by fingerprint, in many small parts. A reader takes no lock; a change copies one part and
/// swaps it in.
// The memory verifier is 512 small maps behind `arc-swap`. Readers take no lock; a change copies
// one small map.
pub(super) struct Shards<T> {
    parts: Box<[ArcSwap<Part<T>>]>,
    /// `true` after the first entry was added.
    used: AtomicBool,
}

type Part<T> = HashMap<Fingerprint, T, AlreadyRandom>;

/// A change copies one part, so many parts keep changes cheap.
const PARTS: usize = 512;

impl<T: Clone> Shards<T> {
    /// Passes the value of a fingerprint, if there is one, to `show`.
    #[inline(always)]
    pub(super) fn read<R>(&self, fingerprint: Fingerprint, show: impl FnOnce(Option<&T>) -> R) -> R {
        match self.part(fingerprint) {
            Some(part) => show(part.load().get(&fingerprint)),
            None => show(None),
        }
    }

    /// Returns `true` if an entry was ever added.
    pub(super) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn insert(&self, fingerprint: Fingerprint, value: T) {
        let Some(part) = self.part(fingerprint) else { return };
        change(part, |entries| entries.insert(fingerprint, value.clone()));
        self.used.store(true, Ordering::Relaxed);
    }

    /// Changes the value of a fingerprint. Returns `true` if there is one.
    pub(super) fn update(&self, fingerprint: Fingerprint, update: impl Fn(&mut T)) -> bool {
        let known = self.read(fingerprint, |value| value.is_some());
        match self.part(fingerprint) {
            Some(part) if known => {
                change(part, |entries| entries.get_mut(&fingerprint).map(&update)).is_some()
            }
            _ => false,
        }
    }

    /// Passes every value to `update`. Returns how many it reports as changed.
    pub(super) fn update_all(&self, update: impl Fn(&mut T) -> bool) -> usize {
        let update_part = |part| {
            change(part, |entries| entries.values_mut().map(&update).filter(|changed| *changed).count())
        };
        self.parts.iter().map(update_part).sum()
    }

    /// Keeps only the values that pass. Returns the number of removed ones.
    pub(super) fn retain(&self, keep: impl Fn(&T) -> bool) -> usize {
        let retain_part = |part| {
            change(part, |entries| {
                let before = entries.len();
                entries.retain(|_, value| keep(value));
                before - entries.len()
            })
        };
        self.parts.iter().map(retain_part).sum()
    }

    fn part(&self, fingerprint: Fingerprint) -> Option<&ArcSwap<Part<T>>> {
        self.parts.get(place(fingerprint))
    }
}

impl<T> FromIterator<(Fingerprint, T)> for Shards<T> {
    fn from_iter<I: IntoIterator<Item = (Fingerprint, T)>>(entries: I) -> Self {
        let mut parts: Vec<Part<T>> = (0..PARTS).map(|_| Part::default()).collect();
        let mut used = false;
        for (fingerprint, value) in entries {
            if let Some(part) = parts.get_mut(place(fingerprint)) {
                part.insert(fingerprint, value);
                used = true;
            }
        }
        Self { parts: parts.into_iter().map(ArcSwap::from_pointee).collect(), used: used.into() }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "any bits will do")]
const fn place(fingerprint: Fingerprint) -> usize {
    fingerprint.spread() as usize % PARTS
}

/// Copies, changes and swaps in a part. Repeats this if another thread has swapped meanwhile.
fn change<T: Clone, R>(part: &ArcSwap<Part<T>>, mut change: impl FnMut(&mut Part<T>) -> R) -> R {
    let mut current = part.load_full();
    loop {
        let mut next = Part::clone(&current);
        let result = change(&mut next);
        let previous = part.compare_and_swap(&current, Arc::new(next));
        if Arc::ptr_eq(&previous, &current) {
            return result;
        }
        current = arc_swap::Guard::into_inner(previous);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::FingerprintKey;

    #[test]
    fn changes_from_several_threads_are_all_kept() {
        let key = FingerprintKey::random().unwrap();
        let shards: Shards<usize> = Shards::from_iter([]);
        assert!(!shards.is_used());
        let name = |thread: usize, n: usize| key.of(&[&thread.to_ne_bytes(), &n.to_ne_bytes()]);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let shards = &shards;
                scope.spawn(move || (0..500).for_each(|n| shards.insert(name(thread, n), n)));
            }
        });
        assert!(shards.is_used());
        for thread in 0..4 {
            assert!((0..500).all(|n| shards.read(name(thread, n), |found| found == Some(&n))));
        }
        assert_eq!(shards.retain(|n| *n < 100), 1600);
        assert_eq!(shards.update_all(|n| *n == 7), 4);
        assert!(shards.update(name(0, 5), |n| *n = 1000) && !shards.update(name(0, 300), |_| ()));
        assert!(shards.read(name(0, 5), |found| found == Some(&1000)));
    }
}
