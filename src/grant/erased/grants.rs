//! Stores of grants without their types.

use std::time::Duration;

use async_trait::async_trait;

use crate::credential::Digest;
use crate::grant::{
    CodeProof, Ending, Grant, Grants, NewCode, NewGrant, NextTokens, Presented, Redemption, RefreshDigests,
    RefreshRule, Renewal, StoreError,
};

/// The object-safe twin of [`Grants`]; every store implements it.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use tower_principal::grant::{DynGrants, Grants, MemoryGrants};
///
/// let grants: Arc<dyn DynGrants> = Arc::new(MemoryGrants::new());
/// assert_eq!(grants.tenant(), None);
/// ```
#[async_trait]
pub trait DynGrants: Send + Sync + 'static {
    /// See [`Grants::tenant`].
    fn tenant_dyn(&self) -> Option<&str>;

    /// See [`Grants::offer`].
    async fn offer_dyn(&self, grant: &NewGrant, code: &NewCode) -> Result<(), StoreError>;

    /// See [`Grants::redeem`].
    async fn redeem_dyn(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> Result<Redemption, StoreError>;

    /// See [`Grants::renew`].
    async fn renew_dyn(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> Result<Renewal, StoreError>;

    /// See [`Grants::issue`].
    async fn issue_dyn(&self, grant: &NewGrant, next: &NextTokens) -> Result<Grant, StoreError>;

    /// See [`Grants::find`].
    async fn find_dyn(&self, token: &Presented) -> Result<Option<Grant>, StoreError>;

    /// See [`Grants::of_user`].
    async fn of_user_dyn(&self, user: &str) -> Result<Vec<Grant>, StoreError>;

    /// See [`Grants::end`].
    async fn end_dyn(&self, what: &Ending<'_>) -> Result<usize, StoreError>;

    /// See [`Grants::purge`].
    async fn purge_dyn(&self, retention: Duration) -> Result<usize, StoreError>;
}

/// A store of grants chosen at run time.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{BoxGrants, Grants, MemoryGrants};
///
/// fn choose(tenant: Option<&str>) -> BoxGrants {
///     match tenant {
///         Some(tenant) => Box::new(MemoryGrants::new().with_tenant(tenant)),
///         None => Box::new(MemoryGrants::new()),
///     }
/// }
/// let grants = choose(Some("acme"));
/// assert_eq!((*grants).tenant(), Some("acme"));
/// ```
pub type BoxGrants = Box<dyn DynGrants>;

#[async_trait]
impl<G: Grants> DynGrants for G {
    fn tenant_dyn(&self) -> Option<&str> {
        self.tenant()
    }

    async fn offer_dyn(&self, grant: &NewGrant, code: &NewCode) -> Result<(), StoreError> {
        self.offer(grant, code).await
    }

    async fn redeem_dyn(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> Result<Redemption, StoreError> {
        self.redeem(code, proof, next).await
    }

    async fn renew_dyn(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> Result<Renewal, StoreError> {
        self.renew(refresh, client, rule, next).await
    }

    async fn issue_dyn(&self, grant: &NewGrant, next: &NextTokens) -> Result<Grant, StoreError> {
        self.issue(grant, next).await
    }

    async fn find_dyn(&self, token: &Presented) -> Result<Option<Grant>, StoreError> {
        self.find(token).await
    }

    async fn of_user_dyn(&self, user: &str) -> Result<Vec<Grant>, StoreError> {
        self.of_user(user).await
    }

    async fn end_dyn(&self, what: &Ending<'_>) -> Result<usize, StoreError> {
        self.end(what).await
    }

    async fn purge_dyn(&self, retention: Duration) -> Result<usize, StoreError> {
        self.purge(retention).await
    }
}

impl Grants for dyn DynGrants {
    fn tenant(&self) -> Option<&str> {
        self.tenant_dyn()
    }

    async fn offer(&self, grant: &NewGrant, code: &NewCode) -> Result<(), StoreError> {
        self.offer_dyn(grant, code).await
    }

    async fn redeem(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> Result<Redemption, StoreError> {
        self.redeem_dyn(code, proof, next).await
    }

    async fn renew(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> Result<Renewal, StoreError> {
        self.renew_dyn(refresh, client, rule, next).await
    }

    async fn issue(&self, grant: &NewGrant, next: &NextTokens) -> Result<Grant, StoreError> {
        self.issue_dyn(grant, next).await
    }

    async fn find(&self, token: &Presented) -> Result<Option<Grant>, StoreError> {
        self.find_dyn(token).await
    }

    async fn of_user(&self, user: &str) -> Result<Vec<Grant>, StoreError> {
        self.of_user_dyn(user).await
    }

    async fn end(&self, what: &Ending<'_>) -> Result<usize, StoreError> {
        self.end_dyn(what).await
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        self.purge_dyn(retention).await
    }
}
