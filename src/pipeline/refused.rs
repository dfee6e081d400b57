//! Credentials that this process refuses regardless of a verifier's answer.
//!
//! A verified credential that was shown over plain http is revoked in a store, which may be locked
//! or unavailable for some time. Until the store holds the revocation, the credential is listed
//! here. No layer of the process accepts it, regardless of its spelling or a cache.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::credential::fingerprint::AlreadyRandom;
use crate::credential::{Credential, Fingerprint, FingerprintKey};
use crate::principal::Principal;

type Marks = HashMap<Fingerprint, usize, AlreadyRandom>;

/// The number of marks of each fingerprint, because several layers may see one credential.
// No state is global, with two exceptions. The first is the key of the log's fingerprints, because
// lines of several layers have to be comparable. The second is the list of credentials that this
// process refuses (`pipeline/refused.rs`). They were shown over plain http, and the store does not
// hold their revocation yet. Clock, passwords, keys and tables are fields. The `metrics` facade has
// a global recorder of its own.
static MARKS: LazyLock<Mutex<Marks>> = LazyLock::new(Mutex::default);
static KEY: LazyLock<Option<FingerprintKey>> = LazyLock::new(|| FingerprintKey::random().ok());

/// The number of marked fingerprints. Every request reads it; usually that is the only cost here.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The maximum number of marks that are [kept](Mark::keep) until the process ends.
const KEPT: usize = 100_000;

/// A refusal of a credential that lasts until this is dropped.
#[derive(Debug)]
pub(crate) struct Mark {
    places: [Option<Fingerprint>; 2],
}

impl Mark {
    /// Refuses a credential from now on, by its text and by the principal that the verifier found.
    pub(crate) fn set(credential: &Credential<'_>, principal: &Principal, tenant: Option<&str>) -> Self {
        let places = [of_text(credential), of_principal(principal, tenant)];
        let mut marks = marks();
        places.iter().flatten().for_each(|place| *marks.entry(*place).or_default() += 1);
        COUNT.store(marks.len(), Ordering::Release);
        Self { places }
    }

    /// Refuses the credential until the process ends.
    pub(crate) fn keep(mut self) {
        if COUNT.load(Ordering::Acquire) < KEPT {
            self.places = [None; 2];
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let mut marks = marks();
        for place in self.places.iter().flatten() {
            let left = marks.get_mut(place).map(|count| {
                *count = count.saturating_sub(1);
                *count
            });
            if left == Some(0) {
                marks.remove(place);
            }
        }
        COUNT.store(marks.len(), Ordering::Release);
    }
}

/// Returns true if any credential is currently refused.
#[inline]
pub(crate) fn is_any() -> bool {
    COUNT.load(Ordering::Acquire) > 0
}

/// Returns true if this credential is refused. The verifier returned `principal` for it.
pub(crate) fn refuses(credential: &Credential<'_>, principal: &Principal, tenant: Option<&str>) -> bool {
    let places = [of_text(credential), of_principal(principal, tenant)];
    let marks = marks();
    places.iter().flatten().any(|place| marks.contains_key(place))
}

/// Ignores the tenant: a secret that was shown in clear text is exposed for all tenants.
fn of_text(credential: &Credential<'_>) -> Option<Fingerprint> {
    let (kind, id) = (credential.kind().as_str(), credential.id().unwrap_or_default());
    let key = KEY.as_ref()?;
    Some(credential.with_secret(|secret| key.of(&["text", kind, id, secret].map(str::as_bytes))))
}

/// Fingerprints the principal, because a token may have several texts, such as a JWT whose
/// signature can be written in two ways. Returns `None` if the principal has no credential id,
/// because a user has other credentials as well.
fn of_principal(principal: &Principal, tenant: Option<&str>) -> Option<Fingerprint> {
    let credential = principal.credential_id().filter(|id| !id.is_empty())?;
    let (kind, identity) = (principal.kind().as_str(), principal.key()?);
    let parts = ["principal", tenant.unwrap_or_default(), kind, &identity, credential];
    Some(KEY.as_ref()?.of(&parts.map(str::as_bytes)))
}

fn marks() -> MutexGuard<'static, Marks> {
    MARKS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Secret;
    use crate::principal::OAuthUser;

    fn token(text: &str) -> Credential<'_> {
        Credential::AccessToken(Secret::borrowed(text))
    }

    fn user(credential: &str) -> Principal {
        OAuthUser::new("refused-otto").with_credential_id(credential).into()
    }

    #[test]
    fn a_mark_refuses_every_text_of_a_credential_until_the_last_one_is_dropped() {
        let (text, none) = ("refused-text", user(""));
        let marked = || refuses(&token(text), &none, None);
        let (one, two) =
            (Mark::set(&token(text), &user("a"), None), Mark::set(&token(text), &user("a"), None));
        assert!(marked() && is_any());
        assert!(refuses(&token(text), &none, Some("acme")), "the text is known, whatever the tenant");
        assert!(refuses(&token("another"), &user("a"), None), "another text of the same token");
        assert!(!refuses(&token("another"), &user("a"), Some("acme")), "another tenant's");
        assert!(!refuses(&token("another"), &user("b"), None) && !refuses(&token("another"), &none, None));
        drop(one);
        assert!(marked());
        drop(two);
        assert!(!marked() && !refuses(&token("another"), &user("a"), None));
    }

    #[test]
    fn a_mark_that_is_kept_stays() {
        Mark::set(&token("refused-for-good"), &user(""), None).keep();
        assert!(refuses(&token("refused-for-good"), &user(""), None));
    }
}
