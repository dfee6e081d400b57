//! The stores of a server, or of one of its tenants.

use std::fmt;
use std::sync::Arc;

use crate::grant::{Applications, DynApplications, DynGrants, Grants};

/// Stores of grants and applications, of one tenant or of none. Cheap to clone.
///
/// Two stores are made of a pair, and a `SqlStore` is both.
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
}

impl Stores {
    /// Returns the tenant of the grants; `None` if they belong to none.
    pub fn tenant(&self) -> Option<&str> {
        self.grants.tenant_dyn()
    }
}

impl<G: Grants, A: Applications> From<(G, A)> for Stores {
    fn from((grants, applications): (G, A)) -> Self {
        Self { grants: Arc::new(grants), applications: Arc::new(applications) }
    }
}

#[cfg(feature = "_sql")]
impl From<crate::verify::sql::SqlStore> for Stores {
    fn from(store: crate::verify::sql::SqlStore) -> Self {
        let applications = store.applications();
        (store, applications).into()
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("tenant", &self.tenant()).finish_non_exhaustive()
    }
}
