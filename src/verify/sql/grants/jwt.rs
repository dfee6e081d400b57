//! Grants of JWTs, which carry their own proof.

use super::statements;
use crate::credential::Digest;
use crate::grant::GrantId;
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
        let parts = (
            principal.credential_id().and_then(token_id),
            Digest::from_principal(principal),
            names::tenant(tenant),
        );
        let (Some((grant, generation)), Some(digest), Some(tenant)) = parts else { return Ok(false) };
        let key: [Value; 2] = [tenant.into(), self.now().into()];
        let values = [key.to_vec(), vec![grant.as_str().into(), digest.into(), generation.into()]].concat();
        Ok(!self.read(&statements::of_jwt(), values).await?.is_empty())
    }
}

/// Reads a [token id](crate::grant::Grant::token_id): the grant, and the generation from 1 on.
fn token_id(id: &str) -> Option<(GrantId, i64)> {
    let (grant, generation) = id.rsplit_once('.')?;
    let is_number = generation.bytes().all(|byte| byte.is_ascii_digit()) && !generation.starts_with('0');
    Some((GrantId::parse(grant)?, generation.parse().ok().filter(|_| is_number)?))
}
