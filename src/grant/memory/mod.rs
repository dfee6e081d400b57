//! Stores in memory.

mod applications;
mod row;
mod sessions;
mod table;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

pub use self::applications::MemoryApplications;
pub use self::sessions::MemorySessions;
use self::table::Table;
use super::{
    CodeProof, Ending, Grant, Grants, NewCode, NewGrant, NextTokens, Presented, Redemption, RefreshDigests,
    RefreshRule, Renewal, StoreError,
};
use crate::clock::{Clock, SystemClock};
use crate::credential::Digest;

/// Store of grants in memory, for tests and for servers whose grants may end with the process.
///
/// It does not know users and clients: end the grants of a disabled user with
/// [`Ending::User`]. Cheap to clone; clones share the grants.
///
/// # Examples
///
/// ```
/// use tower_principal::clock::SystemClock;
/// use tower_principal::grant::{Grants, MemoryGrants};
///
/// let grants =
///     MemoryGrants::new().with_tenant("acme").with_clock(SystemClock);
/// assert_eq!(grants.tenant(), Some("acme"));
/// ```
#[derive(Clone)]
pub struct MemoryGrants {
    table: Arc<Mutex<Table>>,
    clock: Arc<dyn Clock>,
    tenant: Option<Arc<str>>,
}

impl MemoryGrants {
    /// Returns an empty store of no tenant.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use tower_principal::grant::{
    ///     GrantId, Grants, Lifetime, MemoryGrants, NewGrant, NextTokens,
    ///     Presented, TokenShape,
    /// };
    ///
    /// let (grants, id) = (MemoryGrants::new(), GrantId::random()?);
    /// let clone = grants.clone();
    /// let access = TokenShape::prefixed("acme").access(&id, None)?.digest;
    /// let next = NextTokens::new(access, Lifetime::seconds(300));
    /// grants.issue(&NewGrant::new(id, "weather"), &next).await?;
    /// // Clones share the grants.
    /// assert!(clone.find(&Presented::Access(access)).await?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> Self {
        Self { table: Arc::default(), clock: Arc::new(SystemClock), tenant: None }
    }

    /// Sets the clock. Defaults to the operating system's clock.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::time::Duration;
    /// use tower_principal::grant::{
    ///     GrantId, Grants, Lifetime, MemoryGrants, NewGrant, NextTokens,
    ///     Presented, TokenShape,
    /// };
    /// use tower_principal::test_util::TestClock;
    ///
    /// let clock = TestClock::default();
    /// let grants = MemoryGrants::new().with_clock(clock.clone());
    /// let id = GrantId::random()?;
    /// let access = TokenShape::prefixed("acme").access(&id, None)?.digest;
    /// let next = NextTokens::new(access, Lifetime::seconds(300));
    /// grants.issue(&NewGrant::new(id, "weather"), &next).await?;
    /// clock.advance(Duration::from_secs(301));
    /// assert!(grants.find(&Presented::Access(access)).await?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the tenant of the grants.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{GrantId, Grants, MemoryGrants, TokenShape};
    ///
    /// let grants = MemoryGrants::new().with_tenant("acme");
    /// // The tenant is a part of the digest of every access token.
    /// let shape = TokenShape::prefixed("tp");
    /// let token = shape.access(&GrantId::random()?, grants.tenant())?;
    /// let elsewhere = TokenShape::digest_of_access(&token.secret, Some("rival"));
    /// assert_ne!(token.digest, elsewhere);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<Arc<str>>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Returns the table, which is whole after a panic: every change is computed before it is made.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

impl Default for MemoryGrants {
    fn default() -> Self {
        Self::new()
    }
}

impl Grants for MemoryGrants {
    fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    async fn offer(&self, grant: &NewGrant, code: &NewCode) -> Result<(), StoreError> {
        self.table().offer(grant, code, self.now())
    }

    async fn redeem(
        &self,
        code: &Digest,
        proof: &CodeProof<'_>,
        next: &NextTokens,
    ) -> Result<Redemption, StoreError> {
        self.table().redeem(code, proof, next, self.now())
    }

    async fn renew(
        &self,
        refresh: &RefreshDigests,
        client: &str,
        rule: &RefreshRule,
        next: &NextTokens,
    ) -> Result<Renewal, StoreError> {
        self.table().renew(refresh, client, rule, next, self.now())
    }

    async fn issue(&self, grant: &NewGrant, next: &NextTokens) -> Result<Grant, StoreError> {
        self.table().issue(grant, next, self.now())
    }

    async fn find(&self, token: &Presented) -> Result<Option<Grant>, StoreError> {
        Ok(self.table().find(token, self.now()))
    }

    async fn of_user(&self, user: &str) -> Result<Vec<Grant>, StoreError> {
        Ok(self.table().of_user(user, self.now()))
    }

    async fn end(&self, what: &Ending<'_>) -> Result<usize, StoreError> {
        Ok(self.table().end(what, self.now()))
    }

    async fn purge(&self, retention: Duration) -> Result<usize, StoreError> {
        let before = self.now().checked_sub(retention);
        Ok(before.map_or(0, |before| self.table().purge(before)))
    }
}

impl fmt::Debug for MemoryGrants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryGrants").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
