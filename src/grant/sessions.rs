//! The trait of stores of sessions.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{NewSession, Session, StoreError};
use crate::credential::Digest;

/// Store of the sessions of one tenant, or of none: users that are logged in with a browser.
///
/// Every implementation guarantees:
///
/// * **Final.** As soon as `end` has returned, no `find` returns the session, whatever the clock
///   does. A session that has expired is not returned either.
/// * **Complete without its caller.** A future may be dropped at any await. The change is then made
///   or not made, and never half.
/// * **Unavailable is no answer.** A store that cannot answer returns
///   [`StoreError::Unavailable`], and never that there is no session.
/// * **Separate.** A session of another tenant is unknown. If the store knows its users, a user
///   that is disabled, expired or deleted has no session, also if that happened after the log-in.
///
/// A store holds digests of the secrets that browsers present, and never the secrets.
/// `test_util::conformance::SessionSuite` checks an implementation.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tower_principal::credential::Digest;
/// use tower_principal::grant::{MemorySessions, NewSession, Sessions};
///
/// let sessions = MemorySessions::new();
/// let cookie = Digest::random()?;
/// let draft = NewSession::new(cookie, "alice", Duration::from_secs(3600))?;
/// sessions.create(&draft).await?;
/// assert!(sessions.find(&cookie).await?.is_some());
///
/// assert!(sessions.end(&cookie).await?);
/// assert!(sessions.find(&cookie).await?.is_none());
/// # Ok(())
/// # }
/// ```
pub trait Sessions: Send + Sync + 'static {
    /// Records a session.
    ///
    /// # Errors
    ///
    /// * [`StoreError::Exists`] if the id or the digest is taken, also by a session that ended.
    /// * [`StoreError::UserDeleted`] if the store knew the user, and deleted the user a short time
    ///   ago. The password may have been verified before.
    /// * [`StoreError::Invalid`] if a field cannot be stored.
    /// * [`StoreError::Unavailable`] if the store cannot answer now, or is full.
    fn create(&self, session: &NewSession) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Returns the session of this digest, if it is in force. Nothing changes.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn find(&self, digest: &Digest) -> impl Future<Output = Result<Option<Session>, StoreError>> + Send;

    /// Ends the session of this digest, and returns `true` if it was in force.
    ///
    /// A store that holds grants as well may end those of the session in the same change. The
    /// server ends them afterwards in any case, by
    /// [`Ending::Session`](super::Ending::Session).
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn end(&self, digest: &Digest) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends all sessions of a user as [`end`](Self::end) does, and returns how many ended now. Call
    /// it at a change of the password.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn end_all_of(&self, user: &str) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Deletes up to a thousand sessions that ended or expired at least the retention time ago, and
    /// returns how many. Call it now and then, until it returns 0.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn purge(&self, retention: Duration) -> impl Future<Output = Result<usize, StoreError>> + Send;
}

impl<S: Sessions + ?Sized> Sessions for Arc<S> {
    async fn create(&self, session: &NewSession) -> Result<(), StoreError> {
        S::create(self, session).await
    }

    async fn find(&self, digest: &Digest) -> Result<Option<Session>, StoreError> {
        S::find(self, digest).await
    }

    async fn end(&self, digest: &Digest) -> Result<bool, StoreError> {
        S::end(self, digest).await
    }

    async fn end_all_of(&self, user: &str) -> Result<usize, StoreError> {
        S::end_all_of(self, user).await
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        S::purge(self, retention).await
    }
}
