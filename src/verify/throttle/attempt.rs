//! One attempt, with the keys of its counters.

use crate::credential::{Credential, CredentialKind, Fingerprint, FingerprintKey};
use crate::rejection::DenialReason;

/// One attempt, with the keys of its counters.
pub(super) struct Attempt {
    pub(super) client: Fingerprint,
    /// The id of the credential, from this client; `None` if it has none.
    pub(super) id: Option<Fingerprint>,
    /// The credential with its secret, at this tenant and from this client.
    pub(super) whole: Fingerprint,
    is_token: bool,
    pub(super) now: u64,
}

impl Attempt {
    pub(super) fn of(
        credential: &Credential<'_>,
        tenant: &str,
        client: &[u8],
        key: &FingerprintKey,
        now: u64,
    ) -> Self {
        let kind = credential.kind().as_str().as_bytes();
        let id = credential.id();
        let whole = |secret: &str| {
            let (tenant, id) = (tenant.as_bytes(), id.unwrap_or_default().as_bytes());
            key.of(&[b"whole", client, tenant, kind, id, secret.as_bytes()])
        };
        Self {
            client: key.of(&[b"client", client]),
            id: id.map(|id| key.of(&[b"id", client, kind, id.as_bytes()])),
            whole: credential.with_secret(whole),
            is_token: matches!(credential.kind(), CredentialKind::AccessToken | CredentialKind::AppToken),
            now,
        }
    }

    /// Returns `true` if a denial for this reason is a failure. The holder of an expired or revoked
    /// token needs its 401. A denied password or key is an attempt to guess it, whatever the
    /// reason.
    // The throttle counts every denial, except that of a token that has expired or was revoked.
    // When a client's token has expired, the client must get its 401 to fetch a new one. If a
    // password or key is denied for any reason, that is an attempt at it. If only unknown ones
    // counted, a 401 without end would confirm the password of a disabled user. There is no count
    // by id alone, because outsiders could lock an account. There is none by tenant, because a
    // `Host` header would multiply the attempts.
    pub(super) const fn fails_by(&self, reason: DenialReason) -> bool {
        match reason {
            DenialReason::Expired | DenialReason::Revoked => !self.is_token,
            DenialReason::Throttled(_) => false,
            _ => true,
        }
    }
}

/// Calls a function if it is dropped before the attempt is over.
// No count precedes the outcome, because parallel requests would then be failures. A burst of
// parallel guesses is paid back, because each failure adds to the time that has to pass. If a
// client leaves, its attempt is a failure, because its hash cost as much. It is no failure if the
// credential has succeeded from there. If the attempt ends at the layer's deadline, it is an
// outage.
pub(super) struct Pending<F: FnMut()>(Option<F>);

impl<F: FnMut()> Pending<F> {
    pub(super) const fn new(left: F) -> Self {
        Self(Some(left))
    }

    pub(super) fn finish(mut self) {
        self.0 = None;
    }
}

impl<F: FnMut()> Drop for Pending<F> {
    fn drop(&mut self) {
        // A panic of the verifier does not mean that the client left.
        if let Some(left) = self.0.as_mut().filter(|_| !std::thread::panicking()) {
            left();
        }
    }
}
