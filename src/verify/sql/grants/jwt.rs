//! Grants of JWTs, which carry their own proof.

use super::statements;
use crate::credential::Digest;
use crate::grant::GrantId;
use crate::principal::Principal;
use crate::verify::sql::store::SqlStore;
use crate::verify::sql::{SqlError, names};

impl SqlStore {
    /// Returns `true` if the grant of a JWT is in force, and the JWT is not on the denial list.
    pub(in crate::verify::sql) async fn has_live_grant(
        &self,
        principal: &Principal,
        tenant: Option<&str>,
    ) -> Result<bool, SqlError> {
        let id = principal.credential_id().and_then(|id| id.rsplit_once('.'));
        let grant = id.and_then(|(grant, _)| GrantId::parse(grant));
        let parts = (grant, Digest::from_principal(principal), names::tenant(tenant));
        let (Some(grant), Some(digest), Some(tenant)) = parts else { return Ok(false) };
        let values = vec![tenant.into(), self.now().into(), grant.as_str().into(), digest.into()];
        Ok(!self.read(&statements::of_jwt(), values).await?.is_empty())
    }
}
