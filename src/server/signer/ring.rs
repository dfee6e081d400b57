//! Keys of a signer, and when each of them signs.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::verify::SigningKey;

/// Keys in the order in which they sign.
#[derive(Debug)]
pub(super) struct Ring {
    keys: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    key: Arc<SigningKey>,
    /// Time from which it signs, until the next one does; `None` if it never signs.
    from: Option<SystemTime>,
}

impl Ring {
    /// Returns a ring whose only key has always signed.
    pub(super) fn of(key: SigningKey) -> Self {
        Self { keys: vec![Entry { key: Arc::new(key), from: Some(SystemTime::UNIX_EPOCH) }] }
    }

    /// Adds a key that signs from this time on, or never.
    pub(super) fn add(&mut self, key: SigningKey, from: Option<SystemTime>) -> Result<(), &'static str> {
        if self.keys.iter().any(|entry| entry.key.id() == key.id()) {
            return Err("a key that the signer has");
        }
        self.keys.push(Entry { key: Arc::new(key), from });
        // Stable: of two keys of one time, the later one signs.
        self.keys.sort_by_key(|entry| entry.from);
        Ok(())
    }

    /// Returns the key that signs at this time.
    pub(super) fn signing(&self, now: SystemTime) -> Option<Arc<SigningKey>> {
        let signing = self.keys.iter().rfind(|entry| entry.from.is_some_and(|from| from <= now));
        signing.map(|entry| Arc::clone(&entry.key))
    }

    /// Returns the keys that verify tokens at this time, and those that will sign. A key is kept
    /// for this time after the next one began to sign.
    pub(super) fn published(&self, now: SystemTime, kept: Duration) -> Vec<Arc<SigningKey>> {
        let published = (0..self.keys.len()).filter(|at| !self.is_over(*at, now, kept));
        published.filter_map(|at| self.keys.get(at)).map(|entry| Arc::clone(&entry.key)).collect()
    }

    /// Removes the keys that are not published any more.
    pub(super) fn forget(&mut self, now: SystemTime, kept: Duration) {
        let over = (0..self.keys.len()).rev().filter(|at| self.is_over(*at, now, kept));
        for at in over.collect::<Vec<_>>() {
            self.keys.remove(at);
        }
    }

    /// Returns `true` if a key has signed, and its last token has expired.
    fn is_over(&self, at: usize, now: SystemTime, kept: Duration) -> bool {
        let signed = self.keys.get(at).is_some_and(|entry| entry.from.is_some());
        let next = self.keys.get(at + 1).and_then(|next| next.from);
        signed && next.and_then(|from| from.checked_add(kept)).is_some_and(|end| end <= now)
    }
}
