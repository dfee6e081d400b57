//! Applications in memory.

use std::collections::HashMap;
use std::fmt;

use crate::credential::{Digest, Secret};
use crate::grant::{Application, Applications, StoreError};

/// Applications that are known when the program starts.
///
/// See [`Applications`] for an example.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use tower_principal::grant::{
///     Application, Applications, MemoryApplications,
/// };
///
/// let applications = MemoryApplications::new().with(
///     Application::public("viewer").redirect("http://127.0.0.1/callback"),
/// );
/// let viewer = applications.find("viewer").await?.ok_or("unknown client")?;
/// assert_eq!(viewer.redirects, ["http://127.0.0.1/callback"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryApplications {
    registered: HashMap<String, Application>,
    secrets: HashMap<Digest, String>,
}

impl MemoryApplications {
    /// Returns an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an application without a secret. It replaces an application of the same id.
    #[must_use]
    pub fn with(mut self, application: Application) -> Self {
        self.registered.insert(application.id.clone(), application);
        self
    }

    /// Adds a confidential application with a secret of at least 128 random bits. A second call
    /// adds a second secret. A public application never authenticates.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::Secret;
    /// use tower_principal::grant::{
    ///     Application, Applications, MemoryApplications,
    /// };
    ///
    /// // During a rotation both secrets count.
    /// let (old, new) = (
    ///     Secret::borrowed("c2VjcmV0IG9mIHRoZSBsYXN0IHllYXI"),
    ///     Secret::borrowed("c2VjcmV0IG9mIHRoaXMgeWVhcg"),
    /// );
    /// let weather = Application::confidential("weather");
    /// let applications = MemoryApplications::new()
    ///     .with_secret(weather.clone(), &old)
    ///     .with_secret(weather, &new);
    /// assert!(applications.authenticate("weather", &old).await?.is_some());
    /// assert!(applications.authenticate("weather", &new).await?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_secret(mut self, application: Application, secret: &Secret<'_>) -> Self {
        self.secrets.insert(digest(&application.id, secret), application.id.clone());
        self.with(application)
    }
}

impl Applications for MemoryApplications {
    async fn find(&self, id: &str) -> Result<Option<Application>, StoreError> {
        Ok(self.registered.get(id).cloned())
    }

    async fn authenticate(&self, id: &str, secret: &Secret<'_>) -> Result<Option<Application>, StoreError> {
        let known = self.secrets.get(&digest(id, secret)).and_then(|id| self.registered.get(id));
        Ok(known.filter(|application| application.is_confidential()).cloned())
    }
}

impl fmt::Debug for MemoryApplications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.registered.keys()).finish()
    }
}

/// Returns the digest by which a secret is found.
fn digest(id: &str, secret: &Secret<'_>) -> Digest {
    Digest::from_parts(&[b"application", id.as_bytes(), secret.expose_secret().as_bytes()])
}
