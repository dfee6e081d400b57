//! A verifier from a closure.

use std::fmt;
use std::future::Future;

use super::{Tenancy, Verifier, VerifyContext, VerifyError, note};
use crate::credential::Credential;
use crate::principal::Principal;

/// A verifier from a closure; made by [`from_fn`].
#[derive(Clone, Copy)]
pub struct FromFn<F> {
    verify: F,
    tenancy: Tenancy,
}

/// Makes a verifier from a closure that takes an owned copy of the credential, wiped on drop. The
/// closure returns a [`Principal`], or any kind of principal.
///
/// If all paths of a closure return an error, or if they return several kinds, the compiler needs
/// the type: `Err::<Principal, _>(..)` or `Ok(Principal::from(..))`.
///
/// # Examples
///
/// ```
/// use tower_principal::{BasicUser, Credential, VerifyError, verify};
///
/// let verifier = verify::from_fn(|credential, context| async move {
///     match credential {
///         Credential::Password(pair)
///             if context.tenant() == Some("acme") && pair.id() == "alice" =>
///         {
///             Ok(BasicUser::new("alice"))
///         }
///         _ => Err(VerifyError::UNKNOWN),
///     }
/// })
/// .separates_tenants();
/// # let _ = verifier;
/// ```
pub const fn from_fn<F, Answer, P>(verify: F) -> FromFn<F>
where
    F: Fn(Credential<'static>, VerifyContext<'static>) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<P, VerifyError>> + Send,
    P: Into<Principal>,
{
    FromFn { verify, tenancy: Tenancy::Ignores }
}

impl<F> FromFn<F> {
    /// Declares that the closure compares the tenant of each credential with
    /// [`VerifyContext::tenant`]. A layer with a tenant then accepts the verifier. See
    /// [`Verifier::tenancy`].
    #[must_use]
    pub fn separates_tenants(self) -> Self {
        Self { tenancy: Tenancy::Separates, ..self }
    }
}

impl<F, Answer, P> Verifier for FromFn<F>
where
    F: Fn(Credential<'static>, VerifyContext<'static>) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<P, VerifyError>> + Send,
    P: Into<Principal>,
{
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let answer = (self.verify)(credential.reborrow().into_owned(), context.detached()).await;
        note("function", credential.kind(), answer.map(Into::into))
    }

    fn tenancy(&self) -> Tenancy {
        self.tenancy
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn(..)")
    }
}
