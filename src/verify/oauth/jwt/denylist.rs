//! Tokens that were revoked before they expired.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use thiserror::Error;

use super::denied::Denied;
use crate::clock::{Clock, Moment};
use crate::credential::fingerprint::AlreadyRandom;
use crate::credential::{Fingerprint, FingerprintKey};

/// JWTs that were revoked before they expired, by `jti` or by the signed text, each until it would
/// have expired.
///
/// Clones share one list; give one to several verifiers to revoke a token in all of them. The list
/// is in the memory of this process. Other processes need each revocation, too, and so does this
/// one after a restart.
///
/// A token is forgotten only if another one needs its room and no verifier of the list could accept
/// it any more, even if clocks change. For that, it must have expired by all clocks of the
/// verifiers. And as much time as its whole life must have passed by a clock that cannot be set. If
/// [`deny`](Self::deny) does not know the life, a day must have passed.
///
/// A list in which no token can be forgotten is full, and accepts no other token. A revocation is
/// then [`Unavailable`](crate::VerifyError::Unavailable), and the token stays good. Choose a
/// capacity for all revocations in the longest life of a token, and for all denials by `jti` in a
/// day.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_principal::verify::Denylist;
///
/// let denylist = Denylist::with_capacity(10_000)?;
/// // At log-out, from the session's own records:
/// denylist.deny(
///     "https://issuer.example",
///     "a-jti",
///     SystemTime::now() + Duration::from_secs(3600),
/// )?;
/// assert_eq!(denylist.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Denylist(Arc<Inner>);

struct Inner {
    key: FingerprintKey,
    capacity: usize,
    /// Avoids the lock if no token is denied.
    used: AtomicBool,
    list: RwLock<HashMap<Fingerprint, Denied, AlreadyRandom>>,
    judges: Mutex<Judges>,
}

/// The times by which the verifiers of a list judge tokens.
struct Judges {
    clocks: Vec<Weak<dyn Clock>>,
    /// Longer than the leeways of all of them, before a token's life and after it.
    leeway: Duration,
    /// No verifier accepts a longer life.
    lifetime: Duration,
}

/// An error: a token could not be added to a [`Denylist`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DenylistError {
    /// The list has no room for another token, because tokens that may still be good are not
    /// forgotten.
    #[error("the denylist is full")]
    Full,
}

impl Denylist {
    /// Makes an empty list for this number of tokens. A full list uses 56 to 115 bytes for each.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system provides no randomness.
    pub fn with_capacity(capacity: usize) -> io::Result<Self> {
        let (used, list) = (AtomicBool::new(false), RwLock::default());
        let judges = Mutex::new(Judges { clocks: Vec::new(), leeway: LEEWAY, lifetime: LONGEST });
        Ok(Self(Arc::new(Inner { key: FingerprintKey::random()?, capacity, used, list, judges })))
    }

    /// Denies an issuer's token with this `jti` until this time, when it expires (`exp`), plus the
    /// leeway of the verifiers.
    ///
    /// # Errors
    ///
    /// Returns [`DenylistError::Full`] if there is no room after all tokens that cannot be accepted
    /// any more were forgotten.
    pub fn deny(&self, issuer: &str, jti: &str, until: SystemTime) -> Result<(), DenylistError> {
        self.put(self.by_id(issuer, jti), until, None)
    }

    /// Returns the number of denied tokens, including those that have expired since.
    pub fn len(&self) -> usize {
        self.0.list.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns true if no token is denied.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn is_used(&self) -> bool {
        self.0.used.load(Ordering::Acquire)
    }

    pub(super) fn holds(&self, token: Fingerprint) -> bool {
        self.0.list.read().unwrap_or_else(PoisonError::into_inner).contains_key(&token)
    }

    /// Denies a token that expires at this time, with the length of its whole life if that is
    /// known.
    pub(super) fn put(
        &self,
        token: Fingerprint,
        until: SystemTime,
        life: Option<Duration>,
    ) -> Result<(), DenylistError> {
        self.put_at(self.now(), token, until, life)
    }

    /// Adds a verifier that judges tokens of this list by this clock, with this leeway, and accepts
    /// lives of this length. If its times are longer than those known before, tokens in the list
    /// stay longer by the difference.
    pub(super) fn judged_by(&self, clock: &Arc<dyn Clock>, leeway: Duration, lifetime: Duration) {
        let mut judges = self.judges();
        let clock = Arc::downgrade(clock);
        judges.clocks.retain(|known| known.strong_count() > 0 && !known.ptr_eq(&clock));
        judges.clocks.push(clock);
        let more_leeway = (leeway * 2).saturating_sub(judges.leeway);
        let more_life = lifetime.saturating_sub(judges.lifetime);
        judges.leeway += more_leeway;
        judges.lifetime += more_life;
        drop(judges);
        if !(more_leeway + more_life).is_zero() {
            let mut list = self.0.list.write().unwrap_or_else(PoisonError::into_inner);
            list.values_mut().for_each(|denied| denied.extend(more_leeway, more_life));
        }
    }

    fn judges(&self) -> MutexGuard<'_, Judges> {
        self.0.judges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // A list of revoked JWTs is full rather than forgetful. An entry is removed only when another
    // token needs its room and the first token has expired. It must have expired by the clocks of
    // all verifiers of the list and by a monotonic clock. A clock that may be wrong does not decide
    // the remaining life of a token. The monotonic clock therefore has to count the token's whole
    // life. If that life is not known, because the token is denied by its `jti`, another time
    // counts. It is the longest life that a verifier of the list accepts, and at least a day.
    fn put_at(
        &self,
        now: Moment,
        token: Fingerprint,
        until: SystemTime,
        life: Option<Duration>,
    ) -> Result<(), DenylistError> {
        let denied = {
            let judges = self.judges();
            Denied::new(now, until, life.unwrap_or(judges.lifetime), judges.leeway)
        };
        let mut list = self.0.list.write().unwrap_or_else(PoisonError::into_inner);
        if list.len() >= self.0.capacity && !list.contains_key(&token) {
            list.retain(|_, denied| !denied.is_over(now));
            if list.len() >= self.0.capacity {
                return Err(DenylistError::Full);
            }
        }
        list.entry(token).and_modify(|known| *known = known.longest(denied)).or_insert(denied);
        self.0.used.store(true, Ordering::Release);
        Ok(())
    }

    fn now(&self) -> Moment {
        let clocks = self.judges().clocks.clone();
        let times = clocks.iter().filter_map(|clock| Some(clock.upgrade()?.now()));
        Moment::at(times.min().unwrap_or_else(SystemTime::now))
    }

    pub(super) fn by_id(&self, issuer: &str, jti: &str) -> Fingerprint {
        self.0.key.of(&[b"jti", issuer.as_bytes(), jti.as_bytes()])
    }

    /// Without the signature, because one message may have several valid ones (ECDSA).
    pub(super) fn by_message(&self, issuer: &str, signed: &str) -> Fingerprint {
        self.0.key.of(&[b"message", issuer.as_bytes(), signed.as_bytes()])
    }
}

/// Twice the leeway of verifiers, at least, that a list assumes.
const LEEWAY: Duration = Duration::from_secs(60);

/// The longest life that verifiers accept, at least, that a list assumes.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl fmt::Debug for Denylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denylist").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const LIFE: Duration = Duration::from_secs(300);

    /// A list with room for two, with functions that make tokens and moments.
    fn list() -> (Denylist, impl Fn(&Denylist, &str) -> Fingerprint, impl Fn(u64, u64) -> Moment) {
        let start = Moment { wall: SystemTime::now(), steady: Instant::now() };
        let at = move |wall, steady| Moment {
            wall: start.wall + Duration::from_secs(wall),
            steady: start.steady + Duration::from_secs(steady),
        };
        (Denylist::with_capacity(2).unwrap(), |list: &Denylist, id: &str| list.by_id("i", id), at)
    }

    #[test]
    fn req_37_a_full_list_forgets_what_is_over_and_nothing_else() {
        let (list, token, at) = list();
        let until = |seconds| at(seconds, 0).wall;
        let [one, two, three] = ["1", "2", "3"].map(|id| token(&list, id));
        list.put_at(at(0, 0), one, until(100), Some(LIFE)).unwrap();
        list.put_at(at(0, 0), two, until(900), Some(LIFE)).unwrap();
        list.put_at(at(0, 0), one, until(50), Some(Duration::ZERO)).unwrap();
        let put = |now| list.put_at(now, three, until(999), Some(LIFE));
        for (wall, steady) in [
            (0, 0),
            (159, 359),
            (120, 9_999),
            // The clock is far ahead, and was so when the token seemed to expire soon.
            (9_999, 0),
            (9_999, 359),
        ] {
            assert_eq!(put(at(wall, steady)), Err(DenylistError::Full), "{wall} {steady}");
            assert!(list.holds(one) && list.holds(two) && !list.holds(three), "{wall} {steady}");
        }
        put(at(160, 360)).unwrap();
        assert!(!list.holds(one) && list.holds(two) && list.holds(three));
    }

    /// A `jti` alone does not show how long a token lives.
    #[test]
    fn req_37_what_is_denied_by_id_is_kept_for_a_day_by_a_clock_that_cannot_be_set() {
        let (list, token, at) = list();
        let one = token(&list, "1");
        list.deny("i", "1", at(0, 0).wall).unwrap();
        list.deny("i", "2", at(0, 0).wall).unwrap();
        let put = |now| list.put_at(now, token(&list, "3"), at(0, 0).wall, Some(LIFE));
        assert_eq!(put(at(1_000_000, 24 * 3600)), Err(DenylistError::Full));
        assert!(list.holds(one));
        put(at(1_000_000, 24 * 3600 + 70)).unwrap();
        assert!(!list.holds(one));
    }

    /// Verifiers that share a list may have different clocks.
    #[test]
    fn the_clock_that_is_behind_all_others_counts() {
        #[derive(Debug)]
        struct Ahead(Duration);
        impl Clock for Ahead {
            fn now(&self) -> SystemTime {
                SystemTime::UNIX_EPOCH + self.0
            }
        }
        let list = Denylist::with_capacity(1).unwrap();
        let clock = |seconds| Arc::new(Ahead(Duration::from_secs(seconds))) as Arc<dyn Clock>;
        let (slow, fast) = (clock(1), clock(2));
        let now = || list.now().wall.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        assert!(now() > 2, "the operating system's, where there is no verifier");
        [&fast, &slow, &slow, &fast]
            .into_iter()
            .for_each(|clock| list.judged_by(clock, Duration::ZERO, LIFE));
        assert_eq!((now(), list.judges().clocks.len()), (1, 2));
        drop(slow);
        assert_eq!(now(), 2);
    }

    #[test]
    fn one_jti_of_two_issuers_is_two_tokens() {
        let list = Denylist::with_capacity(2).unwrap();
        assert_ne!(list.by_id("a", "bc"), list.by_id("ab", "c"));
        assert_ne!(list.by_id("a", "b"), list.by_message("a", "b"));
    }
}
