//! The stores of a server, or of one of its tenants.

use std::fmt;
use std::sync::Arc;

use crate::grant::{Applications, DynApplications, DynGrants, DynSessions, Grants, MemorySessions, Sessions};

/// Stores of grants, applications and sessions, of one tenant or of none. Cheap to clone.
///
/// A `SqlStore` is all of them. A pair is a store of grants and one of applications; its sessions
/// are in memory, so they end with the process and are known to no other one. Make such a value
/// once and clone it, because each one has sessions of its own.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{MemoryApplications, MemoryGrants};
/// use tower_principal::server::Stores;
///
/// let grants = MemoryGrants::new().with_tenant("acme");
/// let stores = Stores::from((grants, MemoryApplications::new()));
/// assert_eq!(stores.tenant(), Some("acme"));
/// ```
#[derive(Clone)]
pub struct Stores {
    pub(super) grants: Arc<dyn DynGrants>,
    pub(super) applications: Arc<dyn DynApplications>,
    pub(super) sessions: Arc<dyn DynSessions>,
}

impl Stores {
    /// Returns the tenant of the grants; `None` if they belong to none.
    pub fn tenant(&self) -> Option<&str> {
        self.grants.tenant_dyn()
    }

    /// Sets the store of sessions, which must be of the same tenant.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::grant::{
    ///     MemoryApplications, MemoryGrants, MemorySessions,
    /// };
    /// use tower_principal::server::Stores;
    ///
    /// // Two servers whose users log in once:
    /// let sessions = MemorySessions::new();
    /// let stores = || {
    ///     Stores::from((MemoryGrants::new(), MemoryApplications::new()))
    ///         .sessions(sessions.clone())
    /// };
    /// let (one, other) = (stores(), stores());
    /// # let _ = (one, other);
    /// ```
    #[must_use]
    pub fn sessions(mut self, sessions: impl Sessions) -> Self {
        self.sessions = Arc::new(sessions);
        self
    }
}

impl<G: Grants, A: Applications> From<(G, A)> for Stores {
    fn from((grants, applications): (G, A)) -> Self {
        Self {
            grants: Arc::new(grants),
            applications: Arc::new(applications),
            sessions: Arc::new(MemorySessions::new()),
        }
    }
}

#[cfg(feature = "_sql")]
impl From<crate::verify::sql::SqlStore> for Stores {
    fn from(store: crate::verify::sql::SqlStore) -> Self {
        let (applications, sessions) = (store.applications(), store.sessions());
        Self::from((store, applications)).sessions(sessions)
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("tenant", &self.tenant()).finish_non_exhaustive()
    }
}
