//! Removes entries from the cache.

use super::Cached;
use crate::credential::Credential;
use crate::principal::{Principal, PrincipalKind};
use crate::verify::{Verifier, VerifyContext};

impl<V: Verifier> Cached<V> {
    /// Evicts the answer for one credential in such a context, of which only the tenant counts.
    /// Returns `true` if a good answer was stored.
    ///
    /// The answer is found by the credential's exact text. To evict every spelling of it, call
    /// [`evict_principal`](Self::evict_principal) with its credential id.
    pub fn evict(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> bool {
        self.forget(self.keys.of(credential, context))
    }

    /// Evicts every good answer about one principal, by its kind and [id](Principal::id) or
    /// [credential id](Principal::credential_id). Returns the number of evicted answers. Takes a
    /// time in proportion to the number of all answers.
    pub fn evict_principal(&self, kind: PrincipalKind, id: &str) -> usize {
        let named =
            |principal: &Principal| principal.id() == Some(id) || principal.credential_id() == Some(id);
        self.evict_where(|principal| principal.kind() == kind && named(principal))
    }

    /// Evicts every good answer about matching principals, and returns their number. Takes a time
    /// in proportion to the number of all answers.
    pub fn evict_where(&self, matches: impl Fn(&Principal) -> bool) -> usize {
        let evicted = self.store.evict_where(matches).filter(|evicted| *evicted).count();
        self.flights.close_all();
        evicted
    }

    /// Evicts all answers, refusals too.
    pub fn evict_all(&self) {
        self.store.evict_all();
        self.flights.close_all();
    }
}
