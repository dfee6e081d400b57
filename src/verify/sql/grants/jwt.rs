//! Grants of JWTs, which carry their own proof.

use super::statements;
use super::values::count;
use crate::credential::Digest;
use crate::grant::Presented;
use crate::principal::Principal;
use crate::verify::sql::store::SqlStore;
use crate::verify::sql::{SqlError, Value, names};

impl SqlStore {
    /// Returns `true` if the grant of a JWT is in force, the JWT is its current one or the one
    /// before it, and the JWT is not on the denial list.
    pub(in crate::verify::sql) async fn has_live_grant(
        &self,
        principal: &Principal,
        tenant: Option<&str>,
    ) -> Result<bool, SqlError> {
        let token = principal.credential_id().and_then(Presented::jwt);
        let Some(Presented::Jwt { grant, generation }) = token else { return Ok(false) };
        let (digest, tenant) = (Digest::from_principal(principal), names::tenant(tenant));
        let (Some(digest), Some(tenant)) = (digest, tenant) else { return Ok(false) };
        let key: [Value; 2] = [tenant.into(), self.now().into()];
        let values =
            [key.to_vec(), vec![grant.as_str().into(), digest.into(), count(generation).into()]].concat();
        Ok(!self.read(&statements::of_jwt(), values).await?.is_empty())
    }
}
