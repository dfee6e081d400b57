//! One verifier after another.

use super::{Context, Tenancy, Verifier, VerifyError};
use crate::credential::Credential;
use crate::principal::{Principal, Source};

/// Asks a second verifier about what the first does not know; made by [`Verifier::or`].
///
/// * *Unsupported* and *unknown* ask on.
/// * Any other denial (expired, revoked, disabled, throttled) is the answer.
/// * *Unavailable* asks on too, but where the second does not know either, the answer is
///   unavailable: the credential may be good, and an outage is never a denial.
///
/// Two sources may have users of one name. So `${user}` in permissions names no user behind it, unless the
/// policy says [whose](crate::policy::PermissionPolicy::users_of), and
/// [`Principal::key`](crate::Principal::key) tells the users apart. A layer with a tenant takes it if both
/// verifiers separate tenants.
///
/// Each verifier is an authority of its own: a list of what is revoked cannot be one of the two, since
/// the other would still say yes. Revoking is done in both.
///
/// # Examples
///
/// ```
/// use tower_principal::{MemoryVerifier, Verifier};
///
/// let staff = MemoryVerifier::builder().build()?;
/// let customers = MemoryVerifier::builder().build()?;
/// let everybody = staff.or(customers);
/// # let _ = everybody;
/// # Ok::<(), tower_principal::MemoryVerifierError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Or<A, B> {
    first: A,
    second: B,
}

impl<A, B> Or<A, B> {
    pub(super) const fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Verifier, B: Verifier> Verifier for Or<A, B> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &Context<'_>,
    ) -> Result<Principal, VerifyError> {
        let first = self.first.verify(credential, context).await;
        match asks_on(first) {
            Ok(answer) => answer,
            Err(first) => settle(first, self.second.verify(credential, context).await),
        }
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &Context<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        match asks_on(self.first.verify_now(credential, context)?) {
            Ok(answer) => Some(answer),
            Err(first) => Some(settle(first, self.second.verify_now(credential, context)?)),
        }
    }

    async fn revoke(&self, credential: &Credential<'_>, context: &Context<'_>) -> Result<(), VerifyError> {
        // In both: what one has ended must not live on in the other.
        let first = self.first.revoke(credential, context).await;
        let second = self.second.revoke(credential, context).await;
        match (first, second) {
            (Err(error), second) if error.asks_on() => second,
            (first, Err(error)) if error.asks_on() => first,
            (first, second) => first.and(second),
        }
    }

    fn source(&self) -> Source<'_> {
        self.first.source().joined(self.second.source())
    }

    fn tenancy(&self) -> Tenancy {
        self.first.tenancy().joined(self.second.tenancy())
    }
}

/// `Err` with the first answer where the second verifier is to be asked.
fn asks_on(first: Result<Principal, VerifyError>) -> Result<Result<Principal, VerifyError>, VerifyError> {
    match first {
        Err(error) if error.asks_on() || matches!(error, VerifyError::Unavailable(_)) => Err(error),
        answer => Ok(answer),
    }
}

fn settle(first: VerifyError, second: Result<Principal, VerifyError>) -> Result<Principal, VerifyError> {
    match (first, second) {
        (VerifyError::Unsupported, second) => second,
        (first, Err(VerifyError::Unsupported)) => Err(first),
        (first @ VerifyError::Unavailable(_), Err(second)) if second.asks_on() => Err(first),
        (_, second) => second,
    }
}
