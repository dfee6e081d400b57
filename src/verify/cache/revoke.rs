//! Ends a credential's life, and forgets it however it was shown.

use super::Cached;
use crate::credential::Credential;
use crate::deadline::Bounded;
use crate::fingerprint::Fingerprint;
use crate::principal::Principal;
use crate::verify::{Context, Reason, Verifier, VerifyError};

/// Tells the verifier, and forgets what is known of the credential.
pub(super) async fn revoke<V: Verifier>(
    cached: &Cached<V>,
    credential: &Credential<'_>,
    context: &Context<'_>,
) -> Result<(), VerifyError> {
    let key = cached.keys.of(credential, context);
    // The verifier is asked whose it is before it is told: afterwards it only knows that it was revoked.
    let mut forgets = Forgets { cached, key, whose: Whose::Nobodys };
    forgets.whose = whose(cached, key, credential, context).await;
    let revoked = cached.inner.revoke(credential, context).await;
    match revoked {
        // Nothing has ended.
        Err(VerifyError::Unsupported) => forgets.whose = Whose::Nobodys,
        Ok(()) if matches!(forgets.whose, Whose::Unclear) => _ = cached.evict_where(|_| true),
        _ => {}
    }
    revoked
}

/// Whose credential is revoked.
enum Whose {
    Known(Principal),
    /// No answer can have been good.
    Nobodys,
    /// The verifier cannot tell now.
    Unclear,
}

/// Takes no refusal of lately for an answer: one spelling may have been too early, and another not.
async fn whose<V: Verifier>(
    cached: &Cached<V>,
    key: Fingerprint,
    credential: &Credential<'_>,
    context: &Context<'_>,
) -> Whose {
    if cached.key(credential, context).is_none() {
        return Whose::Nobodys;
    }
    if let Some(principal) = cached.store.principal(key) {
        return Whose::Known(principal);
    }
    let asked = Bounded::new(cached.inner.verify(credential, context), cached.store.settings().deadline);
    match asked.await {
        Ok(Ok(principal)) => Whose::Known(principal),
        Ok(Err(VerifyError::Denied(Reason::Throttled(_)) | VerifyError::Unavailable(_))) | Err(_) => {
            Whose::Unclear
        }
        Ok(Err(_)) => Whose::Nobodys,
    }
}

/// Forgets a credential when it is dropped: after the verifier was told, or a verification in between would
/// bring it back; and also when revoking is given up half-way.
struct Forgets<'c, V: Verifier> {
    cached: &'c Cached<V>,
    key: Fingerprint,
    whose: Whose,
}

impl<V: Verifier> Drop for Forgets<'_, V> {
    fn drop(&mut self) {
        if let Whose::Known(principal) = &self.whose {
            self.cached.store.end(principal);
            // One of these may be about another spelling.
            self.cached.flights.close_all();
        }
        self.cached.forget(self.key);
    }
}
