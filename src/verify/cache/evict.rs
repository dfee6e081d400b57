//! Removes entries from the cache.

use super::Cached;
use crate::credential::Credential;
use crate::principal::{Principal, PrincipalKind};
use crate::verify::{Verifier, VerifyContext};

impl<V: Verifier> Cached<V> {
    /// Forgets what is known of one credential in such a context, of which only the tenant counts. Whether
    /// a good answer was kept. By the text that was shown: for every spelling of it there is
    /// [`evict_principal`](Self::evict_principal), with its credential id.
    pub fn evict(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> bool {
        self.forget(self.keys.of(credential, context))
    }

    /// Forgets every good answer about one principal, by its kind and [id](Principal::id) or
    /// [credential id](Principal::credential_id), and says how many there were. Takes a time in proportion to
    /// the number of all answers.
    pub fn evict_principal(&self, kind: PrincipalKind, id: &str) -> usize {
        let named =
            |principal: &Principal| principal.id() == Some(id) || principal.credential_id() == Some(id);
        self.evict_where(|principal| principal.kind() == kind && named(principal))
    }

    /// Forgets every good answer about such principals, and says how many there were. Takes a time in
    /// proportion to the number of all answers.
    pub fn evict_where(&self, matches: impl Fn(&Principal) -> bool) -> usize {
        let evicted = self.store.evict_where(matches).filter(|evicted| *evicted).count();
        self.flights.close_all();
        evicted
    }

    /// Forgets everything, refusals too.
    pub fn evict_all(&self) {
        self.store.evict_all();
        self.flights.close_all();
    }
}
