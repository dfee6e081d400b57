//! The trait of stores of applications.

use std::future::Future;
use std::sync::Arc;

use super::{Application, StoreError};
use crate::credential::Secret;

/// Registered applications of one tenant, or of none: the clients of an authorization server.
///
/// An implementation stores digests of secrets, and never the secrets.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::Secret;
/// use tower_principal::grant::{Application, Applications, MemoryApplications};
///
/// let secret = Secret::borrowed("6b3ab0e3f1c94b7a9d2c");
/// let applications = MemoryApplications::new()
///     .with(Application::public("viewer").redirect("http://127.0.0.1/callback"))
///     .with_secret(Application::confidential("weather"), &secret);
///
/// assert!(applications.find("viewer").await?.is_some());
/// assert!(applications.authenticate("weather", &secret).await?.is_some());
/// assert!(applications.authenticate("viewer", &secret).await?.is_none());
/// # Ok(())
/// # }
/// ```
pub trait Applications: Send + Sync + 'static {
    /// Returns the application of this id, if it is in force. This authenticates nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn find(&self, id: &str) -> impl Future<Output = Result<Option<Application>, StoreError>> + Send;

    /// Returns the confidential application of this id, if it is in force and this is one of its
    /// secrets. During a rotation there are two.
    ///
    /// An unknown id takes as long as a wrong secret. A public application is never returned.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn authenticate(
        &self,
        id: &str,
        secret: &Secret<'_>,
    ) -> impl Future<Output = Result<Option<Application>, StoreError>> + Send;
}

impl<A: Applications + ?Sized> Applications for Arc<A> {
    async fn find(&self, id: &str) -> Result<Option<Application>, StoreError> {
        A::find(self, id).await
    }

    async fn authenticate(&self, id: &str, secret: &Secret<'_>) -> Result<Option<Application>, StoreError> {
        A::authenticate(self, id, secret).await
    }
}
