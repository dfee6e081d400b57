//! The combination of two verifiers, asked in turn.

use super::{Tenancy, Verifier, VerifyContext, VerifyError};
use crate::credential::Credential;
use crate::principal::{IdentitySource, Principal};

/// A verifier that asks a second one if the first does not know a credential; made by
/// [`Verifier::or`].
///
/// * After *unsupported* and *unknown* the second is asked.
/// * Any other denial (expired, revoked, disabled, throttled) is the answer.
/// * After *unavailable* the second is asked too. If it does not know the credential either, the
///   answer is unavailable, because the credential may be valid. An outage is never a denial.
///
/// Two sources may have users with the same name. So `${user}` in permissions names no user behind
/// `Or`, unless the policy names [the source](crate::policy::PermissionPolicy::users_of).
/// [`Principal::key`](crate::Principal::key) distinguishes the users. A layer with a tenant accepts
/// it if both verifiers separate tenants.
///
/// Each verifier is an authority of its own. A list of revoked credentials cannot be one of the
/// two, because the other would still accept them. Revoking is done in both.
///
/// # Examples
///
/// ```
/// use tower_principal::{Verifier, verify::MemoryVerifier};
///
/// let staff = MemoryVerifier::builder().build()?;
/// let customers = MemoryVerifier::builder().build()?;
/// let verifier = staff.or(customers);
/// # let _ = verifier;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
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
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let first = self.first.verify(credential, context).await;
        match is_unknown(first) {
            Ok(answer) => answer,
            Err(first) => combine_errors(first, self.second.verify(credential, context).await),
        }
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        match is_unknown(self.first.verify_now(credential, context)?) {
            Ok(answer) => Some(answer),
            Err(first) => Some(combine_errors(first, self.second.verify_now(credential, context)?)),
        }
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        // Revoke in both: a credential that one has revoked must not stay valid in the other.
        let first = self.first.revoke(credential, context).await;
        let second = self.second.revoke(credential, context).await;
        match (first, second) {
            (Err(error), second) if error.is_unknown() => second,
            (first, Err(error)) if error.is_unknown() => first,
            (first, second) => first.and(second),
        }
    }

    fn source(&self) -> IdentitySource<'_> {
        self.first.source().joined(self.second.source())
    }

    fn tenancy(&self) -> Tenancy {
        self.first.tenancy().joined(self.second.tenancy())
    }
}

/// Returns `Err` with the first answer if the second verifier is to be asked.
fn is_unknown(first: Result<Principal, VerifyError>) -> Result<Result<Principal, VerifyError>, VerifyError> {
    match first {
        Err(error) if error.is_unknown() || matches!(error, VerifyError::Unavailable(_)) => Err(error),
        answer => Ok(answer),
    }
}

// `or` asks on for *unknown* as well as *unsupported*, and remembers an outage. Two user tables
// both receive a name that only one of them holds. If the first answers "unknown", that must not
// end the search. *Expired*, *revoked*, *disabled* and *throttled* end it, because the verifier
// that gives such an answer has found the credential. If the first is unavailable and the second
// does not find the credential, the answer is *unavailable*. The credential may be good, and an
// outage is never a denial.
fn combine_errors(
    first: VerifyError,
    second: Result<Principal, VerifyError>,
) -> Result<Principal, VerifyError> {
    match (first, second) {
        (VerifyError::Unsupported, second) => second,
        (first, Err(VerifyError::Unsupported)) => Err(first),
        (first @ VerifyError::Unavailable(_), Err(second)) if second.is_unknown() => Err(first),
        (_, second) => second,
    }
}
