//! Verifiers that several tests use.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tower_principal::{
    AppToken, BasicUser, Credential, DenialReason, Guest, OAuthUser, Principal, Verifier, VerifyContext,
    VerifyError,
};

/// Counts the calls of a verifier.
pub(crate) struct Counting<V> {
    inner: V,
    pub(crate) asked: Arc<AtomicUsize>,
}

impl<V: Verifier> Counting<V> {
    pub(crate) fn new(inner: V) -> (Self, impl Fn() -> usize) {
        let asked = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&asked);
        (Self { inner, asked }, move || seen.load(Ordering::SeqCst))
    }
}

impl<V: Verifier> Verifier for Counting<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.inner.verify(credential, context).await
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        let answer = self.inner.verify_now(credential, context)?;
        self.asked.fetch_add(1, Ordering::SeqCst);
        Some(answer)
    }
}

/// Answers with the result of a closure, at once or after a wait.
pub(crate) struct Says<F> {
    pub(crate) answer: F,
    pub(crate) at_once: bool,
}

pub(crate) const fn says<F>(answer: F) -> Says<F>
where
    F: Fn(&Credential<'_>) -> Result<Principal, VerifyError> + Send + Sync + 'static,
{
    Says { answer, at_once: true }
}

/// The same, but every caller has to wait.
pub(crate) const fn says_later<F>(answer: F) -> Says<F>
where
    F: Fn(&Credential<'_>) -> Result<Principal, VerifyError> + Send + Sync + 'static,
{
    Says { answer, at_once: false }
}

impl<F> Verifier for Says<F>
where
    F: Fn(&Credential<'_>) -> Result<Principal, VerifyError> + Send + Sync + 'static,
{
    async fn verify(
        &self,
        credential: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        if !self.at_once {
            tokio::task::yield_now().await;
        }
        (self.answer)(credential)
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        self.at_once.then(|| (self.answer)(credential))
    }
}

/// Selects the answer by the first word of a token or an id: `good-..`, `down-..`, `expired-..`.
pub(crate) fn obey(credential: &Credential<'_>) -> Result<Principal, VerifyError> {
    let text = match credential {
        Credential::AccessToken(token) | Credential::AppToken(token) => token.expose_secret(),
        other => other.id().unwrap_or_default(),
    };
    match text.split('-').next().unwrap_or_default() {
        "good" => Ok(match credential {
            Credential::AccessToken(_) => OAuthUser::new("otto").into(),
            Credential::AppToken(_) => AppToken::new("map").into(),
            _ => BasicUser::new("alice").into(),
        }),
        "down" => Err(VerifyError::unavailable("the users table is locked")),
        "panic" => panic!("on purpose"),
        "expired" => Err(VerifyError::Denied(DenialReason::Expired)),
        "disabled" => Err(VerifyError::Denied(DenialReason::Disabled)),
        "guest" => Ok(Guest::new().into()),
        "throttled" => Err(VerifyError::Denied(DenialReason::Throttled(Duration::from_secs(30)))),
        _ => Err(VerifyError::UNKNOWN),
    }
}
