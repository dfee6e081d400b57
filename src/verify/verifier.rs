//! The trait of verifiers.

use super::{AtEveryTenant, AtTenant, BoxVerifier, IdentitySource, Or, Tenancy, VerifyContext, VerifyError};
use crate::credential::Credential;
use crate::principal::Principal;
use std::future::Future;
use std::future::ready;
use std::sync::Arc;

/// Finds the principal that a credential belongs to. Every store, token format and remote service
/// is plugged in through this trait.
///
/// Write [`verify`](Self::verify) as a plain `async fn`. If the answer is often available without
/// waiting (from a table or a cache), write [`verify_now`](Self::verify_now) too: then nothing is
/// boxed.
///
/// # Examples
///
/// ```
/// use tower_principal::{
///     Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError,
/// };
///
/// struct Tokens;
///
/// impl Verifier for Tokens {
///     async fn verify(
///         &self,
///         credential: &Credential<'_>,
///         _: &VerifyContext<'_>,
///     ) -> Result<Principal, VerifyError> {
///         let Credential::AccessToken(token) = credential else {
///             return Err(VerifyError::Unsupported);
///         };
///         let user = look_up(token.expose_secret())
///             .await
///             .map_err(VerifyError::unavailable)?;
///         user.map(|name| OAuthUser::new(name).into()).ok_or(VerifyError::UNKNOWN)
///     }
/// }
/// # async fn look_up(_: &str) -> std::io::Result<Option<String>> { Ok(None) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a verifier",
    note = "implement `Verifier`, or make a verifier from a closure with `verify::from_fn`"
)]
pub trait Verifier: Send + Sync + 'static {
    /// Verifies one credential.
    ///
    /// The future may be dropped at any await, because the client left or the deadline passed.
    ///
    /// # Errors
    ///
    /// * [`VerifyError::Denied`] if the credential is not valid.
    /// * [`VerifyError::Unsupported`] if this verifier is not responsible; the next one is asked.
    /// * [`VerifyError::Unavailable`] if it cannot answer now.
    fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> impl Future<Output = Result<Principal, VerifyError>> + Send;

    /// Returns the same answer as [`verify`](Self::verify) if it is available without waiting, else
    /// `None`. Defaults to `None`.
    ///
    /// It is called first on every request, so it must not block. Return
    /// [`VerifyError::Unsupported`] for a credential that is not for this verifier. With
    /// [`or`](Self::or), a verifier that always returns `None` makes the whole chain wait.
    // `verify_now` stands beside `verify`. An `async fn` cannot signal that it does not have to
    // wait without being polled, and polling needs a place to keep the future. A table or a cache
    // answers immediately and allocates nothing. `verify` has to give the same answer.
    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        let _ = (credential, context);
        None
    }

    /// Revokes a credential: it is denied from now on. The pipeline calls it if a dialect revokes
    /// credentials that were sent over plain http. A verifier without it causes an error in the log
    /// for each of them.
    ///
    /// # Errors
    ///
    /// * [`VerifyError::Unsupported`] if the verifier cannot revoke or does not know the
    ///   credential. This is the default.
    /// * [`VerifyError::Unavailable`] if it cannot revoke now.
    fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> impl Future<Output = Result<(), VerifyError>> + Send {
        let _ = (credential, context);
        ready(Err(VerifyError::Unsupported))
    }

    /// Returns the source of the principals: an issuer, a store, or several. A layer calls it once,
    /// when the layer is made. If it is one source, `${user}` in permissions names the users of
    /// that source. See [`PermissionPolicy::users_of`](crate::policy::PermissionPolicy::users_of).
    ///
    /// Defaults to the store without a name. A verifier that names an issuer or a store in its
    /// principals returns the same here. One that joins several sources returns
    /// [`IdentitySource::Several`].
    fn source(&self) -> IdentitySource<'_> {
        IdentitySource::Store("")
    }

    /// Returns the separation of tenants by this verifier. A layer with a
    /// [tenant](crate::AuthenticateLayer::tenant) calls it once, when the layer is made, and
    /// refuses a verifier that ignores tenants.
    ///
    /// Defaults to [`Tenancy::Ignores`]. Return [`Tenancy::Separates`] if `verify`, `verify_now`
    /// and `revoke` compare the credential's tenant with [`VerifyContext::tenant`]. Treat the
    /// absence of a tenant as a tenant of its own.
    fn tenancy(&self) -> Tenancy {
        Tenancy::Ignores
    }

    /// Binds this verifier to one tenant. It answers a request of another tenant, or of none, with
    /// [`Unsupported`](VerifyError::Unsupported).
    ///
    /// The tenant is not part of the principals' [keys](Principal::key). Give the stores of two
    /// tenants different names, or build a
    /// [`MemoryVerifier`](crate::verify::MemoryVerifier) with its own
    /// [`tenant`](crate::verify::MemoryVerifierBuilder::tenant).
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::{Verifier, verify::MemoryVerifier};
    ///
    /// let acme = MemoryVerifier::builder()
    ///     .name("acme")
    ///     .build()?
    ///     .at_tenant("acme.example");
    /// let rival = MemoryVerifier::builder()
    ///     .name("rival")
    ///     .build()?
    ///     .at_tenant("rival.example");
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

    /// Accepts credentials at every tenant of a layer, although this verifier does not separate
    /// tenants. It gives up the wall between tenants. The log has a warning that names this method.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{MemoryVerifier, Tenancy};
    /// use tower_principal::{OAuthUser, Verifier};
    ///
    /// // The operator's own token is meant for every tenant.
    /// let operator = MemoryVerifier::builder()
    ///     .access_token("operator-token", OAuthUser::new("operator"))
    ///     .build()?
    ///     .danger_at_every_tenant();
    /// assert_eq!(operator.tenancy(), Tenancy::Separates);
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    fn danger_at_every_tenant(self) -> AtEveryTenant<Self>
    where
        Self: Sized,
    {
        AtEveryTenant::new(self)
    }

    /// Asks `next` if this verifier does not know a credential; see [`Or`].
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::verify::MemoryVerifier;
    /// use tower_principal::{
    ///     Credential, OAuthUser, Secret, Verifier, VerifyContext,
    /// };
    ///
    /// let staff = MemoryVerifier::builder()
    ///     .access_token("otto-token", OAuthUser::new("otto"))
    ///     .name("staff");
    /// let customers = MemoryVerifier::builder()
    ///     .access_token("olga-token", OAuthUser::new("olga"))
    ///     .name("customers");
    /// let verifier = staff.build()?.or(customers.build()?);
    /// let token = Credential::AccessToken(Secret::borrowed("olga-token"));
    /// let olga = verifier.verify(&token, &VerifyContext::default()).await?;
    /// assert_eq!(olga.key().as_deref(), Some("store:customers/user/olga"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn or<V: Verifier>(self, next: V) -> Or<Self, V>
    where
        Self: Sized,
    {
        Or::new(self, next)
    }

    /// Returns this verifier without its type.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::Verifier;
    /// use tower_principal::verify::{BoxVerifier, MemoryVerifier};
    ///
    /// let mut chain: BoxVerifier = MemoryVerifier::builder().build()?.boxed();
    /// for name in ["staff", "customers"] {
    ///     let next = MemoryVerifier::builder().name(name).build()?;
    ///     chain = chain.or(next).boxed();
    /// }
    /// # let _ = chain;
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
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
