//! Stores of sessions without their types.

use std::time::Duration;

use async_trait::async_trait;

use crate::credential::Digest;
use crate::grant::{NewSession, Session, Sessions, StoreError};

/// The object-safe twin of [`Sessions`]; every store implements it.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::sync::Arc;
/// use tower_principal::credential::Digest;
/// use tower_principal::grant::{DynSessions, MemorySessions, Sessions};
///
/// let sessions: Arc<dyn DynSessions> = Arc::new(MemorySessions::new());
/// assert!(sessions.find(&Digest::random()?).await?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[async_trait]
pub trait DynSessions: Send + Sync + 'static {
    /// See [`Sessions::create`].
    async fn create_dyn(&self, session: &NewSession) -> Result<(), StoreError>;

    /// See [`Sessions::find`].
    async fn find_dyn(&self, digest: &Digest) -> Result<Option<Session>, StoreError>;

    /// See [`Sessions::end`].
    async fn end_dyn(&self, digest: &Digest) -> Result<bool, StoreError>;

    /// See [`Sessions::end_all_of`].
    async fn end_all_of_dyn(&self, user: &str) -> Result<usize, StoreError>;

    /// See [`Sessions::purge`].
    async fn purge_dyn(&self, retention: Duration) -> Result<usize, StoreError>;
}

/// A store of sessions chosen at run time.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{BoxSessions, MemorySessions};
///
/// let sessions: BoxSessions = Box::new(MemorySessions::new());
/// # let _ = sessions;
/// ```
pub type BoxSessions = Box<dyn DynSessions>;

#[async_trait]
impl<S: Sessions> DynSessions for S {
    async fn create_dyn(&self, session: &NewSession) -> Result<(), StoreError> {
        self.create(session).await
    }

    async fn find_dyn(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        self.find(digest).await
    }

    async fn end_dyn(&self, digest: &Digest) -> Result<bool, StoreError> {
        self.end(digest).await
    }

    async fn end_all_of_dyn(&self, user: &str) -> Result<usize, StoreError> {
        self.end_all_of(user).await
    }

    async fn purge_dyn(&self, retention: Duration) -> Result<usize, StoreError> {
        self.purge(retention).await
    }
}

impl Sessions for dyn DynSessions {
    async fn create(&self, session: &NewSession) -> Result<(), StoreError> {
        self.create_dyn(session).await
    }

    async fn find(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        self.find_dyn(digest).await
    }

    async fn end(&self, digest: &Digest) -> Result<bool, StoreError> {
        self.end_dyn(digest).await
    }

    async fn end_all_of(&self, user: &str) -> Result<usize, StoreError> {
        self.end_all_of_dyn(user).await
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        self.purge_dyn(retention).await
    }
}
