//! Tokens that ended before their time.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use thiserror::Error;

use crate::fingerprint::{AlreadyRandom, Fingerprint, FingerprintKey};

/// JWTs that ended before their time, by `jti` or by what was signed, each until it would have expired.
///
/// Clones are the same list; give one to several verifiers to end a token in all of them. It is in memory
/// and of this process: what was revoked has to be told to other processes, and again after a restart.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_principal::verify::Denylist;
///
/// let denylist = Denylist::with_capacity(10_000)?;
/// // At log-out, from the session's own records:
/// denylist.deny("https://issuer.example", "a-jti", SystemTime::now() + Duration::from_secs(3600))?;
/// assert_eq!(denylist.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Denylist(Arc<Inner>);

struct Inner {
    key: FingerprintKey,
    capacity: usize,
    /// Spares those who deny nothing the lock.
    used: AtomicBool,
    until: RwLock<HashMap<Fingerprint, SystemTime, AlreadyRandom>>,
}

/// There is no room for another token: nothing is ever forgotten before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the denylist is full")]
#[non_exhaustive]
pub struct DenylistFull;

impl Denylist {
    /// An empty list for so many tokens, some 50 bytes each.
    ///
    /// # Errors
    ///
    /// When the operating system has no randomness to give.
    pub fn with_capacity(capacity: usize) -> io::Result<Self> {
        let (used, until) = (AtomicBool::new(false), RwLock::default());
        Ok(Self(Arc::new(Inner { key: FingerprintKey::random()?, capacity, used, until })))
    }

    /// Denies an issuer's token of this `jti` until then, when it has expired.
    ///
    /// # Errors
    ///
    /// [`DenylistFull`] where there is no room though what has expired was forgotten.
    pub fn deny(&self, issuer: &str, jti: &str, until: SystemTime) -> Result<(), DenylistFull> {
        self.put(self.by_id(issuer, jti), until, SystemTime::now())
    }

    /// How many tokens are denied, those that have expired since among them.
    pub fn len(&self) -> usize {
        self.0.until.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none is denied.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn is_used(&self) -> bool {
        self.0.used.load(Ordering::Acquire)
    }

    pub(super) fn holds(&self, token: Fingerprint) -> bool {
        self.0.until.read().unwrap_or_else(PoisonError::into_inner).contains_key(&token)
    }

    pub(super) fn put(
        &self,
        token: Fingerprint,
        until: SystemTime,
        now: SystemTime,
    ) -> Result<(), DenylistFull> {
        let mut list = self.0.until.write().unwrap_or_else(PoisonError::into_inner);
        if list.len() >= self.0.capacity && !list.contains_key(&token) {
            list.retain(|_, until| *until > now);
            if list.len() >= self.0.capacity {
                return Err(DenylistFull);
            }
        }
        let kept = list.entry(token).or_insert(until);
        *kept = until.max(*kept);
        self.0.used.store(true, Ordering::Release);
        Ok(())
    }

    pub(super) fn by_id(&self, issuer: &str, jti: &str) -> Fingerprint {
        self.0.key.of(&[b"jti", issuer.as_bytes(), jti.as_bytes()])
    }

    /// Not of the signature: of one message there may be several that verify (ECDSA).
    pub(super) fn by_message(&self, issuer: &str, signed: &str) -> Fingerprint {
        self.0.key.of(&[b"message", issuer.as_bytes(), signed.as_bytes()])
    }
}

impl fmt::Debug for Denylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denylist").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_full_list_forgets_what_has_expired_and_nothing_else() {
        let list = Denylist::with_capacity(2).unwrap();
        let now = SystemTime::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let [one, two, three] = ["1", "2", "3"].map(|id| list.by_id("i", id));
        list.put(one, at(10), now).unwrap();
        list.put(two, at(20), now).unwrap();
        assert_eq!(list.put(three, at(30), now), Err(DenylistFull));
        list.put(one, at(5), now).unwrap();
        assert_eq!(list.put(three, at(30), at(6)), Err(DenylistFull), "a shorter time does not shorten it");
        list.put(three, at(30), at(11)).unwrap();
        assert!(!list.holds(one) && list.holds(two) && list.holds(three));
    }

    #[test]
    fn one_jti_of_two_issuers_is_two_tokens() {
        let list = Denylist::with_capacity(2).unwrap();
        assert_ne!(list.by_id("a", "bc"), list.by_id("ab", "c"));
        assert_ne!(list.by_id("a", "b"), list.by_message("a", "b"));
    }
}
