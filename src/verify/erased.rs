//! Verifiers without their type.

use std::future::Future;
use std::pin::Pin;

use super::{Tenancy, Verifier, VerifyContext, VerifyError};
use crate::credential::Credential;
use crate::principal::{IdentitySource, Principal};

/// A boxed future, which may borrow.
type BoxFuture<'f, T> = Pin<Box<dyn Future<Output = T> + Send + 'f>>;

/// The object-safe twin of [`Verifier`]; every verifier implements it.
///
/// `Box<dyn DynVerifier>` and `Arc<dyn DynVerifier>` are verifiers again. They pass on an answer of
/// `verify_now` without boxing it.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use tower_principal::verify::{DynVerifier, MemoryVerifier};
/// use tower_principal::{AuthenticateLayer, dialect, transport};
///
/// // One verifier for two layers, of a type that is decided at start-up:
/// let shared: Arc<dyn DynVerifier> =
///     Arc::new(MemoryVerifier::builder().build()?);
/// let secure = || transport::from_acceptor();
/// let api =
///     AuthenticateLayer::new(dialect::RFC6750, Arc::clone(&shared), secure());
/// let maps = AuthenticateLayer::new(dialect::OPENDATASOFT, shared, secure());
/// # let _ = (api, maps);
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
pub trait DynVerifier: Send + Sync + 'static {
    /// See [`Verifier::verify`].
    fn verify_dyn<'f>(
        &'f self,
        credential: &'f Credential<'_>,
        context: &'f VerifyContext<'_>,
    ) -> BoxFuture<'f, Result<Principal, VerifyError>>;

    /// See [`Verifier::verify_now`].
    fn verify_now_dyn(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>>;

    /// See [`Verifier::revoke`].
    fn revoke_dyn<'f>(
        &'f self,
        credential: &'f Credential<'_>,
        context: &'f VerifyContext<'_>,
    ) -> BoxFuture<'f, Result<(), VerifyError>>;

    /// See [`Verifier::source`].
    fn source_dyn(&self) -> IdentitySource<'_>;

    /// See [`Verifier::tenancy`].
    fn tenancy_dyn(&self) -> Tenancy;
}

/// A verifier chosen at run time.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::{self, BoxVerifier};
/// use tower_principal::{
///     Principal, Verifier, VerifyError, verify::MemoryVerifier,
/// };
///
/// fn choose(
///     strict: bool,
/// ) -> Result<BoxVerifier, tower_principal::verify::MemoryVerifierError> {
///     Ok(match strict {
///         true => MemoryVerifier::builder().build()?.boxed(),
///         false => verify::from_fn(|_, _| async {
///             Err::<Principal, _>(VerifyError::Unsupported)
///         })
///         .boxed(),
///     })
/// }
/// # choose(true).unwrap();
/// ```
pub type BoxVerifier = Box<dyn DynVerifier>;

impl<V: Verifier> DynVerifier for V {
    fn verify_dyn<'f>(
        &'f self,
        credential: &'f Credential<'_>,
        context: &'f VerifyContext<'_>,
    ) -> BoxFuture<'f, Result<Principal, VerifyError>> {
        // The box is made before the future, which is then made in it and not copied into it.
        let space = Box::new_uninit();
        let made = Box::write(space, self.verify(credential, context));
        Box::into_pin(made)
    }

    fn verify_now_dyn(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        self.verify_now(credential, context)
    }

    fn revoke_dyn<'f>(
        &'f self,
        credential: &'f Credential<'_>,
        context: &'f VerifyContext<'_>,
    ) -> BoxFuture<'f, Result<(), VerifyError>> {
        Box::pin(self.revoke(credential, context))
    }

    fn source_dyn(&self) -> IdentitySource<'_> {
        self.source()
    }

    fn tenancy_dyn(&self) -> Tenancy {
        self.tenancy()
    }
}

impl Verifier for dyn DynVerifier {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        self.verify_dyn(credential, context).await
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        self.verify_now_dyn(credential, context)
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        self.revoke_dyn(credential, context).await
    }

    fn source(&self) -> IdentitySource<'_> {
        self.source_dyn()
    }

    fn tenancy(&self) -> Tenancy {
        self.tenancy_dyn()
    }
}

impl Verifier for BoxVerifier {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        (**self).verify_dyn(credential, context).await
    }

    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        (**self).verify_now_dyn(credential, context)
    }

    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        (**self).revoke_dyn(credential, context).await
    }

    fn source(&self) -> IdentitySource<'_> {
        (**self).source_dyn()
    }

    fn tenancy(&self) -> Tenancy {
        (**self).tenancy_dyn()
    }
}
