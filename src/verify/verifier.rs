//! The verifier port.

use super::{AtEveryTenant, AtTenant, BoxVerifier, IdentitySource, Or, Tenancy, VerifyContext, VerifyError};
use crate::credential::Credential;
use crate::principal::Principal;
use std::future::Future;
use std::future::ready;
use std::sync::Arc;

/// Says whom a credential belongs to. The port that every store, token format and remote service
/// is plugged into.
///
/// Write [`verify`](Self::verify) as a plain `async fn`. Where the answer is often at hand without
/// waiting (a table, a cache), write [`verify_now`](Self::verify_now) too: then nothing is boxed.
///
/// # Examples
///
/// ```
/// use tower_principal::{Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError};
///
/// struct Tokens;
///
/// impl Verifier for Tokens {
///     async fn verify(&self, credential: &Credential<'_>, _: &VerifyContext<'_>) -> Result<Principal, VerifyError> {
///         let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
///         let user = look_up(token.expose_secret()).await.map_err(VerifyError::unavailable)?;
///         user.map(|name| OAuthUser::builder(name).build().into()).ok_or(VerifyError::UNKNOWN)
///     }
/// }
/// # async fn look_up(_: &str) -> std::io::Result<Option<String>> { Ok(None) }
/// ```
pub trait Verifier: Send + Sync + 'static {
    /// Verifies one credential.
    ///
    /// The future may be dropped at any await: the client left, or the deadline passed.
    ///
    /// # Errors
    ///
    /// * [`VerifyError::Denied`]: the credential is no good.
    /// * [`VerifyError::Unsupported`]: not for this verifier to say; the next one is asked.
    /// * [`VerifyError::Unavailable`]: cannot tell now.
    fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> impl Future<Output = Result<Principal, VerifyError>> + Send;

    /// The same answer as [`verify`](Self::verify), where it is at hand without waiting; `None` where it
    /// is not, which is what this does unless it is written. It is asked first on every request, so it
    /// must not block, and says [`VerifyError::Unsupported`] to what is not for this verifier: with
    /// [`or`](Self::or), one that only ever says `None` makes the whole chain wait.
    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        let _ = (credential, context);
        None
    }

    /// Ends a credential's life: it is denied from now on. Asked where a dialect revokes what was shown
    /// over plain http; a verifier without it leaves an error in the log for each.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Unsupported`] where the verifier cannot or does not know it, which is what this
    /// does unless it is written; [`VerifyError::Unavailable`] where it could not be done now.
    fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> impl Future<Output = Result<(), VerifyError>> + Send {
        let _ = (credential, context);
        ready(Err(VerifyError::Unsupported))
    }

    /// The source of the principals: an issuer, a store, or several. A layer asks once, when it is made.
    /// If it is one source, `${user}` in permissions names the users of that source; see
    /// [`PermissionPolicy::users_of`](crate::policy::PermissionPolicy::users_of).
    ///
    /// Defaults to the store without a name. A verifier that names an issuer or a store in its principals
    /// returns the same here, and one that joins several sources returns [`IdentitySource::Several`].
    fn source(&self) -> IdentitySource<'_> {
        IdentitySource::Store("")
    }

    /// Whether a credential is good for one tenant alone. A layer with a
    /// [tenant](crate::AuthenticateLayer::tenant) asks once, when it is made, and refuses a verifier that
    /// ignores tenants.
    ///
    /// Defaults to [`Tenancy::Ignores`]. Return [`Tenancy::Separates`] if `verify`, `verify_now` and
    /// `revoke` compare the credential's tenant with [`VerifyContext::tenant`]. A request without a tenant is
    /// of no tenant, which is one of its own.
    fn tenancy(&self) -> Tenancy {
        Tenancy::Ignores
    }

    /// Binds this verifier to one tenant: a request of another tenant, or of none, is
    /// [`Unsupported`](VerifyError::Unsupported).
    ///
    /// The tenant is no part of the principals' [keys](Principal::key). Give the stores of two tenants
    /// different names, or build a [`MemoryVerifier`](crate::MemoryVerifier) with its own
    /// [`tenant`](crate::verify::MemoryVerifierBuilder::tenant).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{MemoryVerifier, Verifier};
    ///
    /// let acme = MemoryVerifier::builder().name("acme").build()?.at_tenant("acme.example");
    /// let rival = MemoryVerifier::builder().name("rival").build()?.at_tenant("rival.example");
    /// let both = acme.or(rival);
    /// # let _ = both;
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    fn at_tenant(self, tenant: impl Into<Box<str>>) -> AtTenant<Self>
    where
        Self: Sized,
    {
        AtTenant::new(self, tenant.into())
    }

    /// Takes credentials at every tenant of a layer, although this verifier does not separate tenants. It
    /// gives up the wall between tenants; the log has a warning that names this method.
    fn danger_at_every_tenant(self) -> AtEveryTenant<Self>
    where
        Self: Sized,
    {
        AtEveryTenant::new(self)
    }

    /// Asks `next` about what this verifier does not know; see [`Or`].
    fn or<V: Verifier>(self, next: V) -> Or<Self, V>
    where
        Self: Sized,
    {
        Or::new(self, next)
    }

    /// This verifier without its type.
    fn boxed(self) -> BoxVerifier
    where
        Self: Sized,
    {
        Box::new(self)
    }
}

impl<V: Verifier + ?Sized> Verifier for Arc<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        V::verify(self, credential, context).await
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        V::verify_now(self, credential, context)
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        V::revoke(self, credential, context).await
    }

    fn source(&self) -> IdentitySource<'_> {
        V::source(self)
    }

    fn tenancy(&self) -> Tenancy {
        V::tenancy(self)
    }
}
