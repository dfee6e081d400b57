//! The steps of one credential from being shown to being revoked.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::Fuse;
use super::window::Parties;
use crate::credential::Credential;
use crate::deadline::{Bounded, Unfinished, timer};
use crate::observe::audit::{self, Revoked};
use crate::pipeline::refused::Mark;
use crate::principal::Principal;
use crate::rejection::DenialReason;
use crate::trace;
use crate::verify::{Verifier, VerifyContext, VerifyError};

/// A credential that was shown over plain http.
// Revoking takes a definite verdict, a task of its own and a fixed time. A token is revoked only
// because of a plain listener's marker or an explicit header of a trusted proxy. A lost header must
// not revoke every live token, and a fuse stops revoking when it happens too often. An owner and a
// client each have only a share of its limit. If the store is busy or away, it is asked again for
// ten minutes. Meanwhile every layer of the process refuses the credential. The refusal is answered
// after the same 20 ms whether or not the credential was valid.
pub(super) struct Revoking<V> {
    pub(super) fuse: Arc<Fuse>,
    pub(super) verifier: Arc<V>,
    pub(super) credential: Credential<'static>,
    pub(super) context: VerifyContext<'static>,
    pub(super) deadline: Duration,
}

/// The maximum time in which a credential is verified, including the queue and retries of an
/// unavailable verifier.
const VERIFYING: Duration = Duration::from_secs(30);

/// The time for which a store is retried that currently cannot be changed.
const STORING: Duration = Duration::from_secs(600);

/// A delay that grows with each attempt, up to a limit.
struct Backoff {
    next: Duration,
    until: Option<Instant>,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(2);

    fn new(patience: Duration) -> Self {
        Self { next: Self::FIRST, until: Instant::now().checked_add(patience) }
    }

    fn is_over(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() >= until)
    }

    /// Waits before the next attempt. Returns `false` if the time is over or there is no timer.
    async fn wait(&mut self) -> bool {
        if self.is_over() {
            return false;
        }
        let Some(timer) = timer(self.next) else { return false };
        timer.await;
        self.next = self.next.saturating_mul(2).min(Self::LONGEST);
        true
    }
}

/// Logs a revocation that was dropped with its runtime before it was stored.
struct Unstored(bool);

impl Drop for Unstored {
    fn drop(&mut self) {
        if self.0 {
            trace::error!(
                "credential sent over plain http not revoked: the runtime shut down before the store was changed"
            );
        }
    }
}

/// Returns true if another attempt would give the same answer.
pub(super) const fn is_definite(error: &VerifyError) -> bool {
    match error {
        VerifyError::Denied(DenialReason::Throttled(_)) | VerifyError::Unavailable(_) => false,
        VerifyError::Denied(_) | VerifyError::Unsupported => true,
    }
}

impl<V: Verifier> Revoking<V> {
    pub(super) async fn run(&self) {
        let Some(principal) = self.verified().await else { return };
        let tell = |what| audit::revoked(what, &self.credential, principal.credential_id());
        if self.fuse.limits.dry_run {
            return tell(Revoked::DryRun);
        }
        let parties = self.fuse.parties(&principal, &self.context);
        if !self.fuse.allows(parties, std::time::Instant::now()) {
            return tell(Revoked::Spared);
        }
        self.store(&principal, parties, tell).await;
    }

    /// Returns the principal if the credential is valid. An unavailable verifier is asked again.
    ///
    /// A throttled attempt is not repeated, because guesses from a throttled client would otherwise
    /// occupy the queue.
    async fn verified(&self) -> Option<Principal> {
        let mut backoff = Backoff::new(VERIFYING);
        loop {
            let running = self.fuse.running.acquire().await;
            let answer = match backoff.is_over() {
                true => Err(Unfinished::Late),
                false => {
                    let verified = self.verifier.verify(&self.credential, &self.context);
                    Bounded::new(verified, self.deadline).await
                }
            };
            drop(running);
            match answer {
                Ok(Ok(principal)) => return Some(principal),
                Ok(Err(VerifyError::Denied(_) | VerifyError::Unsupported)) => return None,
                Ok(Err(VerifyError::Unavailable(_))) | Err(Unfinished::Late | Unfinished::Panicked) => {}
            }
            if !backoff.wait().await {
                trace::error!(
                    kind = %self.credential.kind(),
                    "credential sent over plain http not revoked: verifier did not answer"
                );
                return None;
            }
        }
    }

    /// Retries the revocation until it is stored. If that has to wait, the process refuses the
    /// credential.
    async fn store(&self, principal: &Principal, parties: Parties, tell: impl Fn(Revoked)) {
        let mut backoff = Backoff::new(STORING);
        let mut mark = None;
        let mut unstored = Unstored(true);
        let set = || Mark::set(&self.credential, principal, self.context.tenant());
        loop {
            let attempt = Bounded::new(self.verifier.revoke(&self.credential, &self.context), self.deadline);
            let mut attempt = pin!(attempt);
            let at_once = poll_fn(|task| {
                Poll::Ready(match attempt.as_mut().poll(task) {
                    Poll::Ready(outcome) => Some(outcome),
                    Poll::Pending => None,
                })
            });
            let outcome = match at_once.await {
                Some(outcome) => outcome,
                None => {
                    mark.get_or_insert_with(set);
                    attempt.await
                }
            };
            let has_failed = backoff.next > Backoff::FIRST;
            match outcome {
                Ok(Ok(())) => break tell(Revoked::Done),
                // The credential expired or was revoked while this waited.
                Ok(Err(VerifyError::Denied(reason))) if has_failed && !is_throttled(reason) => {
                    break tell(Revoked::Done);
                }
                Ok(Err(error)) if is_definite(&error) => {
                    self.fuse.give_back(parties);
                    failed(&self.credential, &error);
                    unstored.0 = false;
                    return tell(Revoked::Failed);
                }
                outcome => {
                    mark.get_or_insert_with(set);
                    if !has_failed {
                        match &outcome {
                            Ok(Err(error)) => failed(&self.credential, error),
                            _ => failed(&self.credential, &"revocation panicked or timed out"),
                        }
                        tell(Revoked::Failed);
                    }
                }
            }
            if !backoff.wait().await {
                unstored.0 = false;
                if let Some(mark) = mark {
                    mark.keep();
                }
                return trace::error!(
                    kind = %self.credential.kind(),
                    "credential sent over plain http not revoked: the store could not be changed; this process \
                     refuses the credential until it exits, other processes still accept it"
                );
            }
        }
        unstored.0 = false;
        // A verification that began earlier may still return a positive answer.
        if mark.is_some()
            && let Some(timer) = timer(self.deadline)
        {
            timer.await;
        }
    }
}

const fn is_throttled(reason: DenialReason) -> bool {
    matches!(reason, DenialReason::Throttled(_))
}

fn failed(_credential: &Credential<'_>, _why: &dyn std::fmt::Display) {
    trace::error!(
        kind = %_credential.kind(),
        error = %_why,
        "credential sent over plain http not revoked"
    );
}
