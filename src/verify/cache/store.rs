//! The answers about recently verified credentials.

use super::eviction_epochs::Generations;
use super::lifetime::Lifetime;
use super::revocation_epochs::{Endings, Part};
use super::settings::Settings;
use super::weighted_map::Bounded;
use crate::clock::Moment;
use crate::credential::{Fingerprint, FingerprintKey};
use crate::principal::Principal;
use crate::rejection::DenialReason;
use crate::verify::VerifyError;

/// Recent answers. Good and bad ones are apart, so bad credentials never displace good ones.
pub(super) struct Store {
    good: Bounded<KeptPrincipal>,
    bad: Bounded<KeptDenial>,
    generations: Generations,
    endings: Endings,
    settings: Settings,
}

#[derive(Clone)]
struct KeptPrincipal {
    principal: Principal,
    lifetime: Lifetime,
    part: Part,
    endings: u64,
}

#[derive(Clone)]
struct KeptDenial {
    reason: DenialReason,
    lifetime: Lifetime,
}

/// The start of a verification: its time, and the counts of evictions and revocations until then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    key: Fingerprint,
    began: Moment,
    generation: u64,
    endings: u64,
    refusals: bool,
}

impl Store {
    pub(super) fn new(settings: Settings, key: FingerprintKey) -> Self {
        Self {
            good: Bounded::new(settings.capacity),
            bad: Bounded::new(settings.negative_capacity),
            generations: Generations::new(),
            endings: Endings::new(key),
            settings,
        }
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the stored answer, if it is still valid.
    #[inline]
    pub(super) fn find(&self, key: Fingerprint) -> Option<Result<Principal, VerifyError>> {
        if let Some(good) = self.good.get(key)
            && good.lifetime.holds(self.now())
            && self.endings.is_current(good.part, good.endings)
        {
            return Some(Ok(good.principal));
        }
        let bad = self.bad.get(key)?;
        bad.lifetime.holds(self.now()).then_some(Err(VerifyError::Denied(bad.reason)))
    }

    /// Begins a verification. `refusals` allows a refusal to be stored.
    pub(super) fn begin(&self, key: Fingerprint, refusals: bool) -> Ticket {
        let endings = self.endings.count();
        Ticket { key, began: self.now(), generation: *self.generations.of(key), endings, refusals }
    }

    /// Stores an answer, unless it may not be stored or was evicted meanwhile.
    pub(super) fn keep(&self, ticket: Ticket, answer: &Result<Principal, VerifyError>) {
        let Ticket { key, began, generation, endings, refusals } = ticket;
        let now = self.generations.of(key);
        if *now != generation {
            return;
        }
        match answer {
            // A guest is invalid as a verifier's answer; the pipeline logs it each time.
            Ok(principal) if principal.is_guest() => {}
            Ok(principal) => {
                let Some(lifetime) = Lifetime::new(began, self.settings.ttl, principal.expires_at()) else {
                    return;
                };
                let part = self.endings.part(principal);
                // If it is revoked only now, it is stored and then found to be invalid.
                if self.endings.is_current(part, endings) {
                    let good = KeptPrincipal { principal: principal.clone(), lifetime, part, endings };
                    self.good.insert(key, good, principal.bytes());
                }
            }
            Err(VerifyError::Denied(reason)) if lasts(*reason) => {
                // If the clock were set back, the old answer would be valid again.
                self.good.remove(key);
                let lifetime = Lifetime::new(began, self.settings.negative_ttl, None);
                if let Some(lifetime) = lifetime.filter(|_| refusals) {
                    self.bad.insert(key, KeptDenial { reason: *reason, lifetime }, 0);
                }
            }
            Err(_) => {}
        }
    }

    /// Evicts one answer, also a pending one. Returns `true` if a good one was stored.
    pub(super) fn evict(&self, key: Fingerprint) -> bool {
        self.generations.advance(key);
        self.bad.remove(key);
        self.good.remove(key)
    }

    /// Returns the principal of the last good answer, even if it is no longer valid.
    pub(super) fn principal(&self, key: Fingerprint) -> Option<Principal> {
        self.good.get(key).map(|good| good.principal)
    }

    /// Ends the good answers about a principal's credential, in every spelling. The answers of
    /// running verifications end, too.
    pub(super) fn end(&self, principal: &Principal) {
        self.endings.end(self.endings.part(principal));
    }

    /// Evicts the good answers about matching principals, also pending ones. Yields `true` for each
    /// evicted answer, else `false`. Answers are looked at only as the iterator is advanced.
    pub(super) fn evict_where(&self, matches: impl Fn(&Principal) -> bool) -> impl Iterator<Item = bool> {
        self.generations.advance_all();
        // Not by `retain`, which would run foreign code under a lock.
        self.good.iter().map(move |(key, good)| matches(&good.principal) && self.good.remove(key))
    }

    pub(super) fn evict_all(&self) {
        self.generations.advance_all();
        self.good.clear();
        self.bad.clear();
    }

    /// Returns the numbers of good and of bad answers, including expired ones.
    pub(super) fn stored(&self) -> (usize, usize) {
        (self.good.len(), self.bad.len())
    }

    fn now(&self) -> Moment {
        Moment::now(&*self.settings.clock)
    }
}

/// Returns `true` if a verification soon afterwards would give the same answer.
const fn lasts(reason: DenialReason) -> bool {
    match reason {
        DenialReason::Unknown | DenialReason::Expired | DenialReason::Revoked | DenialReason::Disabled => {
            true
        }
        DenialReason::Throttled(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::clock::Clock;
    use crate::credential::FingerprintKey;
    use crate::principal::{Guest, OAuthUser};

    #[derive(Debug)]
    struct Set(AtomicU64);

    impl Clock for Set {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
        }
    }

    fn store() -> (Store, Arc<Set>, Fingerprint) {
        let clock = Arc::new(Set(AtomicU64::new(1_000)));
        let settings = Settings { clock: Arc::clone(&clock) as _, ..Settings::default() };
        let key = FingerprintKey::random().unwrap();
        (Store::new(settings, key.clone()), clock, key.of(&[b"x"]))
    }

    fn otto(expires_at: Option<u64>) -> Result<Principal, VerifyError> {
        let otto = OAuthUser::new("otto");
        Ok(match expires_at {
            Some(at) => otto.with_expires_at(SystemTime::UNIX_EPOCH + Duration::from_secs(at)).into(),
            None => otto.into(),
        })
    }

    #[test]
    fn req_52_only_what_lasts_is_kept() {
        let denied = |reason| Err(VerifyError::Denied(reason));
        for (answer, kept) in [
            (otto(None), true),
            (otto(Some(1_001)), true),
            (otto(Some(1_000)), false),
            (Ok(Guest::new().into()), false),
            (denied(DenialReason::Unknown), true),
            (denied(DenialReason::Expired), true),
            (denied(DenialReason::Revoked), true),
            (denied(DenialReason::Disabled), true),
            (denied(DenialReason::Throttled(Duration::from_secs(9))), false),
            (Err(VerifyError::Unsupported), false),
            (Err(VerifyError::unavailable("on purpose")), false),
        ] {
            let (store, _, key) = store();
            store.keep(store.begin(key, true), &answer);
            assert_eq!(store.find(key).is_some(), kept, "{answer:?}");
            assert_eq!(store.find(key).is_some_and(|found| found.is_ok()), kept && answer.is_ok());
        }
    }

    #[test]
    fn req_52_good_answers_live_longer_than_bad_ones_and_neither_longer_than_the_credential() {
        let (store, clock, key) = store();
        let lives = |answer: Result<Principal, VerifyError>| {
            clock.0.store(1_000, Ordering::Relaxed);
            store.keep(store.begin(key, true), &answer);
            let lives = (0..60).take_while(|second| {
                clock.0.store(1_000 + second, Ordering::Relaxed);
                store.find(key).is_some()
            });
            let lives = lives.count();
            store.evict(key);
            lives
        };
        assert_eq!(lives(otto(None)), 30);
        assert_eq!(lives(otto(Some(1_007))), 7);
        assert_eq!(lives(otto(Some(9_999))), 30);
        assert_eq!(lives(Err(VerifyError::UNKNOWN)), 5);
    }

    #[test]
    fn a_refusal_ends_what_was_good() {
        let (store, clock, key) = store();
        store.keep(store.begin(key, true), &otto(None));
        clock.0.store(2_000, Ordering::Relaxed);
        store.keep(store.begin(key, false), &Err(VerifyError::Denied(DenialReason::Revoked)));
        clock.0.store(1_001, Ordering::Relaxed);
        assert!(store.find(key).is_none());
    }

    #[test]
    fn what_was_evicted_does_not_come_back_by_a_verification_that_began_before() {
        let evictions: [fn(&Store, Fingerprint); 3] = [
            |store, key| _ = store.evict(key),
            |store, _| drop(store.evict_where(|_| false)),
            |store, _| store.evict_all(),
        ];
        for evict in evictions {
            for answer in [otto(None), Err(VerifyError::UNKNOWN)] {
                let (store, _, key) = store();
                let ticket = store.begin(key, true);
                evict(&store, key);
                store.keep(ticket, &answer);
                assert!(store.find(key).is_none());
                store.keep(store.begin(key, true), &answer);
                assert!(store.find(key).is_some());
            }
        }
    }

    #[test]
    fn req_54_each_side_is_bounded_by_itself() {
        let settings = Settings { capacity: 100, negative_capacity: 50, ..Settings::default() };
        let key = FingerprintKey::random().unwrap();
        let store = Store::new(settings, key.clone());
        let name = |at: u32| key.of(&[&at.to_ne_bytes()]);
        (0..80).for_each(|at| store.keep(store.begin(name(at), true), &otto(None)));
        let good = |store: &Store| (0..80).filter(|at| matches!(store.find(name(*at)), Some(Ok(_)))).count();
        let before = good(&store);
        (1_000..9_000).for_each(|at| store.keep(store.begin(name(at), true), &Err(VerifyError::UNKNOWN)));
        assert_eq!(good(&store), before);
        assert!(store.stored().1 <= 64, "{:?}", store.stored());
        (10_000..20_000).for_each(|at| store.keep(store.begin(name(at), true), &otto(None)));
        assert!(store.stored().0 <= 128, "{:?}", store.stored());
        store.evict_all();
        assert_eq!(store.stored(), (0, 0));
    }
}
