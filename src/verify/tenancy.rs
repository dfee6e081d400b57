//! Tenancy of verifiers: the separation of credentials by tenant.

use super::{Verifier, VerifyContext, VerifyError};
use crate::credential::Credential;
use crate::principal::{IdentitySource, Principal};
use crate::trace;

/// Passes the source and the tenancy of the inner verifier through, inside an `impl Verifier`.
#[cfg(feature = "throttle")]
macro_rules! passes_through {
    () => {
        fn source(&self) -> crate::principal::IdentitySource<'_> {
            self.inner.source()
        }

        fn tenancy(&self) -> crate::verify::Tenancy {
            self.inner.tenancy()
        }
    };
}

#[cfg(feature = "throttle")]
pub(super) use passes_through;

/// The separation of tenants by a verifier. A layer with a
/// [tenant](crate::AuthenticateLayer::tenant) accepts only verifiers that keep the credentials of
/// tenants apart.
///
/// # Examples
///
/// ```
/// use tower_principal::Verifier;
/// use tower_principal::verify::{MemoryVerifier, Tenancy};
///
/// let builder = MemoryVerifier::builder();
/// let of_acme = MemoryVerifier::builder().tenant("acme").build()?;
/// assert_eq!(builder.build()?.tenancy(), Tenancy::Ignores);
/// assert_eq!(of_acme.tenancy(), Tenancy::Separates);
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tenancy {
    /// A credential is valid for one tenant, which is compared with [`VerifyContext::tenant`].
    Separates,
    /// The verifier does not look at the tenant.
    Ignores,
}

impl Tenancy {
    /// Returns the tenancy of two verifiers that are asked in turn: [`Separates`](Self::Separates)
    /// if both separate tenants.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::Tenancy;
    ///
    /// let (separates, ignores) = (Tenancy::Separates, Tenancy::Ignores);
    /// assert_eq!(separates.joined(separates), Tenancy::Separates);
    /// assert_eq!(separates.joined(ignores), Tenancy::Ignores);
    /// ```
    // A layer with a tenant takes only a verifier that separates tenants. `Or` separates tenants
    // only if both of its verifiers do.
    #[must_use]
    pub const fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::Separates, Self::Separates) => Self::Separates,
            _ => Self::Ignores,
        }
    }
}

/// A verifier for one tenant; made by [`Verifier::at_tenant`].
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use tower_principal::verify::{AtTenant, MemoryVerifier};
/// use tower_principal::{
///     Credential, OAuthUser, Secret, Verifier, VerifyContext,
/// };
///
/// let tokens = MemoryVerifier::builder()
///     .access_token("otto-token", OAuthUser::new("otto"))
///     .build()?;
/// let acme: AtTenant<MemoryVerifier> = tokens.at_tenant("acme");
/// let token = Credential::AccessToken(Secret::borrowed("otto-token"));
/// let at = |tenant| VerifyContext::default().with_tenant(tenant);
/// assert!(acme.verify(&token, &at("acme")).await.is_ok());
/// assert!(acme.verify(&token, &at("rival")).await.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct AtTenant<V> {
    inner: V,
    tenant: Box<str>,
}

/// A verifier for every tenant; made by [`Verifier::danger_at_every_tenant`].
#[derive(Clone, Debug)]
pub struct AtEveryTenant<V>(V);

impl<V> AtTenant<V> {
    pub(super) fn new(inner: V, tenant: Box<str>) -> Self {
        Self { inner, tenant }
    }

    fn is_at(&self, context: &VerifyContext<'_>) -> bool {
        context.tenant() == Some(&self.tenant)
    }
}

impl<V> AtEveryTenant<V> {
    pub(super) fn new(inner: V) -> Self {
        trace::warn!("`danger_at_every_tenant`: credentials of this verifier are valid at every tenant");
        Self(inner)
    }
}

impl<V: Verifier> Verifier for AtTenant<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        match self.is_at(context) {
            true => self.inner.verify(credential, context).await,
            false => Err(VerifyError::Unsupported),
        }
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        match self.is_at(context) {
            true => self.inner.verify_now(credential, context),
            false => Some(Err(VerifyError::Unsupported)),
        }
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        match self.is_at(context) {
            true => self.inner.revoke(credential, context).await,
            false => Err(VerifyError::Unsupported),
        }
    }

    fn source(&self) -> IdentitySource<'_> {
        self.inner.source()
    }

    fn tenancy(&self) -> Tenancy {
        Tenancy::Separates
    }
}

impl<V: Verifier> Verifier for AtEveryTenant<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        self.0.verify(credential, context).await
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        self.0.verify_now(credential, context)
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        self.0.revoke(credential, context).await
    }

    fn source(&self) -> IdentitySource<'_> {
        self.0.source()
    }

    fn tenancy(&self) -> Tenancy {
        Tenancy::Separates
    }
}
