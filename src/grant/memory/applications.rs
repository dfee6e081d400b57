//! Applications in memory.

use std::collections::HashMap;
use std::fmt;

use crate::credential::{Digest, Secret};
use crate::grant::{Application, Applications, StoreError};

/// Applications that are known when the program starts.
///
/// See [`Applications`] for an example.
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
