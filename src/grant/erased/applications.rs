//! Stores of applications without their types.

use async_trait::async_trait;

use crate::credential::Secret;
use crate::grant::{Application, Applications, StoreError};

/// The object-safe twin of [`Applications`]; every store implements it.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::sync::Arc;
/// use tower_principal::grant::{
///     Applications, DynApplications, MemoryApplications,
/// };
///
/// let none: Arc<dyn DynApplications> = Arc::new(MemoryApplications::new());
/// assert!(none.find("viewer").await?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[async_trait]
pub trait DynApplications: Send + Sync + 'static {
    /// See [`Applications::find`].
    async fn find_dyn(&self, id: &str) -> Result<Option<Application>, StoreError>;

    /// See [`Applications::authenticate`].
    async fn authenticate_dyn(
        &self,
        id: &str,
        secret: &Secret<'_>,
    ) -> Result<Option<Application>, StoreError>;
}

/// A store of applications chosen at run time.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use tower_principal::grant::{
///     Application, Applications, BoxApplications, MemoryApplications,
/// };
///
/// let fixed = MemoryApplications::new().with(Application::public("viewer"));
/// let applications: BoxApplications = Box::new(fixed);
/// assert!((*applications).find("viewer").await?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type BoxApplications = Box<dyn DynApplications>;

#[async_trait]
impl<A: Applications> DynApplications for A {
    async fn find_dyn(&self, id: &str) -> Result<Option<Application>, StoreError> {
        self.find(id).await
    }

    async fn authenticate_dyn(
        &self,
        id: &str,
        secret: &Secret<'_>,
    ) -> Result<Option<Application>, StoreError> {
        self.authenticate(id, secret).await
    }
}

impl Applications for dyn DynApplications {
    async fn find(&self, id: &str) -> Result<Option<Application>, StoreError> {
        self.find_dyn(id).await
    }

    async fn authenticate(&self, id: &str, secret: &Secret<'_>) -> Result<Option<Application>, StoreError> {
        self.authenticate_dyn(id, secret).await
    }
}
