//! The trait of stores of grants.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{
    CodeProof, Ending, Grant, NewCode, NewGrant, NextTokens, Presented, Redemption, RefreshDigests,
    RefreshRule, Renewal, StoreError,
};
use crate::credential::Digest;

/// Store of the grants of one tenant, or of none.
///
/// The server calls nothing else to issue, renew or end tokens, so its safety is that of these
/// eight functions. Every implementation guarantees:
///
/// * **Atomic.** A change is made whole or not at all. It never depends on an earlier look-up, and
///   of any number of concurrent calls with one code or one refresh token exactly one wins.
/// * **Complete without its caller.** A future may be dropped at any await. The change is then made
///   or not made, and never half.
/// * **Durable before the answer.** Once `end` has returned, or `redeem` or `renew` has reported a
///   replay, no token of the grant is accepted anywhere.
/// * **One clock.** Every end is computed and compared by the store's clock. Order is decided by
///   the [generation](Grant::generation), so a clock that jumps back revives nothing that was used
///   or ended.
/// * **Unavailable is no answer.** A store that cannot answer returns
///   [`StoreError::Unavailable`], never an outcome.
/// * **Separate.** A code or a token of another tenant is unknown. A user or a client that is
///   disabled, expired or deleted has no grants.
///
/// `test_util::conformance::GrantSuite` checks an implementation.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tower_principal::grant::{
///     CodeProof, GrantId, Grants, Lifetime, MemoryGrants, NewCode, NewGrant,
///     NextTokens, Redemption, TokenShape,
/// };
///
/// const SHAPE: TokenShape = TokenShape::prefixed("acme");
///
/// let grants = MemoryGrants::new();
/// let id = GrantId::random()?;
/// let (code, access) = (SHAPE.code(&id)?, SHAPE.access(&id, None)?);
/// let grant = NewGrant::new(id, "viewer").user("alice").scopes(["datasets:read"]);
/// grants
///     .offer(&grant, &NewCode::new(code.digest, Duration::from_secs(60)))
///     .await?;
///
/// let next = NextTokens::new(access.digest, Lifetime::seconds(3600));
/// let proof = CodeProof::new("viewer");
/// let first = grants.redeem(&code.digest, &proof, &next).await?;
/// assert!(matches!(first, Redemption::Redeemed(_)));
/// // A second use ends everything that came of the code.
/// let second = grants.redeem(&code.digest, &proof, &next).await?;
/// assert!(matches!(second, Redemption::Replayed(_)));
/// # Ok(())
/// # }
/// ```
pub trait Grants: Send + Sync + 'static {
    /// Returns the tenant of the grants; `None` if they belong to none. It is a part of the digest
    /// of an [access token](super::TokenShape::access).
    fn tenant(&self) -> Option<&str> {
        None
    }

    /// Records a grant with an authorization code and without tokens.
    ///
    /// # Errors
    ///
    /// * [`StoreError::Exists`] if the id or the code is taken.
    /// * [`StoreError::UserDeleted`] if the store knew the user, and deleted the user a short time
    ///   ago. The password may have been verified before.
    /// * [`StoreError::Invalid`] if a field cannot be stored.
    /// * [`StoreError::Unavailable`] if the store cannot answer now.
    fn offer(&self, grant: &NewGrant, code: &NewCode) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Redeems a code: marks it as used and records the tokens, in one change.
    ///
    /// The code must be in force and unused, and the client, the redirect URI and the challenge
    /// must be those of the code. If the code was used, and the client is the grant's, the grant
    /// ends before this returns [`Redemption::Replayed`]. A wrong client, redirect URI or verifier
    /// neither uses the code nor ends the grant.
    ///
    /// # Errors
    ///
    /// * [`StoreError::Exists`] if the digest of a token is taken.
    /// * [`StoreError::Invalid`] if a value cannot be stored.
    /// * [`StoreError::Unavailable`] if the store cannot answer now.
    fn redeem(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> impl Future<Output = Result<Redemption, StoreError>> + Send;

    /// Exchanges a refresh token for new tokens, in one change.
    ///
    /// If [`next.refresh`](NextTokens::refresh) is set, the presented token is used up, and the
    /// access token before this call is accepted until it expires, or until the next renewal. If
    /// the scopes or the audience change, the access token before this call ends at once, because
    /// it would get those of its successor.
    ///
    /// A token of the same family that is not the current one is [reused](Renewal::Reused), and the
    /// grant ends before this returns. The exception is the immediate predecessor within a window
    /// of the rule, which is counted from its rotation and which no retry extends. A token of a
    /// family that is not in force has [ended](Renewal::Ended). Another client's token is unknown
    /// and stays in force.
    ///
    /// # Errors
    ///
    /// * [`StoreError::Exists`] if the digest of a token is taken.
    /// * [`StoreError::Invalid`] if a value cannot be stored.
    /// * [`StoreError::Unavailable`] if the store cannot answer now.
    fn renew(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> impl Future<Output = Result<Renewal, StoreError>> + Send;

    /// Records a grant with tokens and without a code, such as for `client_credentials`.
    ///
    /// # Errors
    ///
    /// * [`StoreError::Exists`] if the id or the digest of a token is taken.
    /// * [`StoreError::UserDeleted`] if the store knew the user, and deleted the user a short time
    ///   ago. The password may have been verified before.
    /// * [`StoreError::Invalid`] if a field cannot be stored.
    /// * [`StoreError::Unavailable`] if the store cannot answer now.
    fn issue(
        &self,
        grant: &NewGrant,
        next: &NextTokens,
    ) -> impl Future<Output = Result<Grant, StoreError>> + Send;

    /// Returns the grant of a token that is in force, of any client. Nothing changes.
    ///
    /// Returns `None` if the token is unknown, has expired or was used, or if its grant, its user
    /// or its client has ended. A grant that is found by its id is in force if its access or its
    /// refresh token is.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn find(&self, token: &Presented) -> impl Future<Output = Result<Option<Grant>, StoreError>> + Send;

    /// Returns the grants with which clients act for a user, the newest first, and at most a
    /// thousand.
    ///
    /// A grant counts if its code, its access token or its refresh token is in force. A client
    /// therefore counts before it redeems its first code.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn of_user(&self, user: &str) -> impl Future<Output = Result<Vec<Grant>, StoreError>> + Send;

    /// Ends grants, with all of their codes and tokens, and returns how many ended now.
    ///
    /// An ended grant stays ended: a renewal that runs at the same time ends with it or is refused.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn end(&self, what: &Ending<'_>) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Deletes up to a thousand grants that ended at least the retention time ago, and returns how
    /// many.
    ///
    /// Until then reuse is recognized. A grant with a refresh token in force is kept. Call it now
    /// and then, until it returns 0.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the store cannot answer now.
    fn purge(&self, retention: Duration) -> impl Future<Output = Result<usize, StoreError>> + Send;
}

impl<G: Grants + ?Sized> Grants for Arc<G> {
    fn tenant(&self) -> Option<&str> {
        G::tenant(self)
    }

    async fn offer(&self, grant: &NewGrant, code: &NewCode) -> Result<(), StoreError> {
        G::offer(self, grant, code).await
    }

    async fn redeem(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> Result<Redemption, StoreError> {
        G::redeem(self, code, proof, next).await
    }

    async fn renew(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> Result<Renewal, StoreError> {
        G::renew(self, refresh, client, rule, next).await
    }

    async fn issue(&self, grant: &NewGrant, next: &NextTokens) -> Result<Grant, StoreError> {
        G::issue(self, grant, next).await
    }

    async fn find(&self, token: &Presented) -> Result<Option<Grant>, StoreError> {
        G::find(self, token).await
    }

    async fn of_user(&self, user: &str) -> Result<Vec<Grant>, StoreError> {
        G::of_user(self, user).await
    }

    async fn end(&self, what: &Ending<'_>) -> Result<usize, StoreError> {
        G::end(self, what).await
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        G::purge(self, retention).await
    }
}
