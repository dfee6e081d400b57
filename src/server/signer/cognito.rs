//! Claims of Amazon Cognito's tokens.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::SignError;
use super::claims::{Claims, JwtContext, audience, subject};
use crate::clock::unix_seconds;
use crate::grant::Grant;
use crate::verify::SigningKey;

/// Returns the header of a token. It has no type, so no such token is an access token of RFC 9068.
pub(super) fn header(key: &SigningKey) -> String {
    json!({ "kid": key.id(), "alg": key.algorithm().name() }).to_string()
}

/// Returns the claims of the current access token of a grant. The audience is that of the grant,
/// and absent if it has none: the server's own audience is not in such a token.
pub(super) fn access(
    grant: &Grant,
    expires_at: SystemTime,
    context: &JwtContext<'_>,
) -> Result<String, SignError> {
    let mut claims = shared(grant, expires_at, context)?;
    claims.set("token_use", "access".into());
    claims.set("client_id", (*grant.client).into());
    claims.maybe("aud", Some(audience(&grant.audience)).filter(|_| !grant.audience.is_empty()));
    claims.maybe("username", grant.user.as_deref().map(Value::from));
    claims.maybe("scope", Some(grant.scopes.as_str().into()).filter(|_| !grant.scopes.is_empty()));
    Ok(claims.json())
}

/// Returns the claims of the identity token beside the current access token of a grant.
pub(super) fn identity(
    grant: &Grant,
    expires_at: SystemTime,
    context: &JwtContext<'_>,
) -> Result<String, SignError> {
    let name = grant.user.as_deref().ok_or(SignError::NoUser)?;
    let mut claims = shared(grant, expires_at, context)?;
    claims.set("token_use", "id".into());
    claims.set("aud", (*grant.client).into());
    claims.set("cognito:username", name.into());
    if is_address(name) {
        claims.set("email", name.into());
        // A store of users does not know if the address is the user's.
        claims.set("email_verified", false.into());
    }
    Ok(claims.json())
}

/// Returns the claims that both tokens have. `sub` is the UUID of the user or else the name, as
/// Cognito has it, or the client that acts for itself.
fn shared(grant: &Grant, expires_at: SystemTime, context: &JwtContext<'_>) -> Result<Claims, SignError> {
    let user = grant.user.as_deref();
    // A name that is the client's is refused although the UUID is the subject.
    subject(user, &grant.client)?;
    let uuid = grant.uuid.as_deref().filter(|_| user.is_some());
    let mut claims = Claims::default();
    claims.set("iss", context.issuer().into());
    claims.set("sub", subject(uuid.or(user), &grant.client)?.into());
    claims.set("iat", unix_seconds(grant.now).into());
    claims.set("exp", unix_seconds(expires_at).into());
    claims.maybe("auth_time", grant.authenticated_at.map(|at| unix_seconds(at).into()));
    claims.of_grant(grant, context);
    Ok(claims)
}

/// Returns `true` if a name is an e-mail address: it has text on both sides of its only `@`.
fn is_address(name: &str) -> bool {
    let halves = name.split_once('@');
    halves.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
}
