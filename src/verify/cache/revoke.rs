//! Revokes a credential, and evicts it in every spelling.

use std::panic::resume_unwind;
use std::sync::{Arc, OnceLock};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::store::Store;
use super::{Cached, SharedCalls};
use crate::credential::{Credential, Fingerprint};
use crate::deadline::{Bounded, Unfinished, timer};
use crate::principal::Principal;
use crate::rejection::DenialReason;
use crate::verify::{Verifier, VerifyContext, VerifyError};

type Outcome = Result<Result<(), VerifyError>, Unfinished>;

/// Revokes in the verifier, and evicts the answers about the credential. If there is a runtime, it
/// is a task of its own. The reason is that a revocation may go on in the verifier after its caller
/// has left. An answer from before the end of the revocation must not be stored.
pub(super) async fn revoke<V: Verifier>(
    cached: &Cached<V>,
    credential: &Credential<'_>,
    context: &VerifyContext<'_>,
) -> Result<(), VerifyError> {
    let revocation = Arc::new(Revocation {
        inner: Arc::clone(&cached.inner),
        store: Arc::clone(&cached.store),
        shared: Arc::clone(&cached.shared),
        key: cached.keys.of(credential, context),
        is_kept: cached.key(credential, context).is_some(),
        whose: OnceLock::new(),
    });
    let mut caller = Caller { revocation: Arc::clone(&revocation), is_waiting: true };
    let outcome = match Handle::try_current() {
        Err(_) => revocation.run(credential, context).await,
        Ok(runtime) => {
            let (credential, context) = (credential.reborrow().into_owned(), context.detached());
            let (answer, answered) = oneshot::channel();
            runtime.spawn(async move {
                let outcome = revocation.run(&credential, &context).await;
                let is_over =
                    matches!(outcome, Ok(Ok(()) | Err(VerifyError::Denied(_) | VerifyError::Unsupported)));
                let _ = answer.send(outcome);
                // The revocation may still be under way somewhere, so evict again when that must be
                // over.
                if !is_over && let Some(deadline) = timer(revocation.store.settings().deadline) {
                    deadline.await;
                    revocation.forget();
                }
            });
            answered.await.unwrap_or(Err(Unfinished::Late))
        }
    };
    caller.is_waiting = false;
    match outcome {
        Ok(revoked) => revoked,
        Err(Unfinished::Late) => Err(VerifyError::unavailable("verifier timed out")),
        // A panic of the verifier is passed on, as it would be without the cache.
        Err(Unfinished::Panicked) => resume_unwind(Box::new("cached verifier panicked")),
    }
}

/// The caller of a revocation. If it leaves early, the verifier may have revoked already.
struct Caller<V: Verifier> {
    revocation: Arc<Revocation<V>>,
    is_waiting: bool,
}

impl<V: Verifier> Drop for Caller<V> {
    fn drop(&mut self) {
        if self.is_waiting {
            self.revocation.forget();
        }
    }
}

// If no answer names the principal, the cache asks the verifier for it before it passes the
// revocation on. If the verifier cannot answer, the revocation is not passed on, and that is an
// outage. All of this is a task, because a call may continue in a database after its caller has
// left.
struct Revocation<V> {
    inner: Arc<V>,
    store: Arc<Store>,
    shared: Arc<SharedCalls>,
    key: Fingerprint,
    /// `true` if answers about such a credential are kept at all.
    is_kept: bool,
    /// The principal of the credential, as soon as it is known.
    whose: OnceLock<Principal>,
}

impl<V: Verifier> Revocation<V> {
    async fn run(&self, credential: &Credential<'_>, context: &VerifyContext<'_>) -> Outcome {
        // Find the principal before the revocation: afterwards the verifier only returns *revoked*.
        match self.whose(credential, context).await {
            Ok(Some(principal)) => _ = self.whose.set(principal),
            Ok(None) => {}
            // Revoking now might end the credential while other spellings remain valid in the
            // cache.
            Err(error) => return Ok(Err(error)),
        }
        let deadline = self.store.settings().deadline;
        let outcome = Bounded::new(self.inner.revoke(credential, context), deadline).await;
        match outcome {
            // The verifier has not revoked anything.
            Ok(Err(VerifyError::Unsupported)) => self.forget_key(),
            _ => self.forget(),
        }
        outcome
    }

    /// Returns the principal of the credential. Returns `None` if no answer about it can have been
    /// good, and an error if the verifier cannot answer now. A stored refusal is not used: one
    /// spelling may have been too early, and another not.
    async fn whose(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Option<Principal>, VerifyError> {
        if !self.is_kept {
            return Ok(None);
        }
        if let Some(principal) = self.store.principal(self.key) {
            return Ok(Some(principal));
        }
        let answer = Bounded::new(self.inner.verify(credential, context), self.store.settings().deadline);
        match answer.await {
            Ok(Ok(principal)) => Ok(Some(principal)),
            Ok(Err(VerifyError::Denied(DenialReason::Throttled(_)) | VerifyError::Unavailable(_)))
            | Err(_) => Err(VerifyError::unavailable(
                "the principal of the credential to revoke cannot be verified \
                now",
            )),
            Ok(Err(_)) => Ok(None),
        }
    }

    /// Evicts the answers. Call it after the verifier's revocation, or a verification in between
    /// would bring them back.
    fn forget(&self) {
        if let Some(principal) = self.whose.get() {
            self.store.end(principal);
            // One of these may be about another spelling.
            self.shared.close_all();
        }
        self.forget_key();
    }

    fn forget_key(&self) {
        self.store.evict(self.key);
        self.shared.close(self.key);
    }
}
