//! Claims of signed access tokens (RFC 9068 section 2.2).

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::SignError;
use crate::clock::unix_seconds;
use crate::grant::Grant;
use crate::server::profile::JwtClaims;
use crate::verify::SigningKey;

/// Facts of a server that each of its signed access tokens has.
///
/// # Examples
///
/// ```
/// use tower_principal::server::JwtContext;
///
/// let audience = ["https://api.example".to_owned()];
/// let context = JwtContext::new("https://login.example").audience(&audience);
/// # let _ = context;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct JwtContext<'a> {
    issuer: &'a str,
    audience: &'a [String],
    tenant: Option<&'a str>,
    claims: JwtClaims,
}

impl<'a> JwtContext<'a> {
    /// Returns the facts of a server with this issuer.
    pub const fn new(issuer: &'a str) -> Self {
        Self { issuer, audience: &[], tenant: None, claims: JwtClaims::Rfc9068 }
    }

    /// Sets the audience of tokens whose grant has none (RFC 9068 section 3). Defaults to the
    /// issuer, because a token without an audience would be good at every service.
    pub const fn audience(mut self, audience: &'a [String]) -> Self {
        self.audience = audience;
        self
    }

    /// Sets the [tenant](crate::grant::Grants::tenant) of the grants, which is the claim `tenant`.
    pub const fn tenant(mut self, tenant: Option<&'a str>) -> Self {
        self.tenant = tenant;
        self
    }

    /// Sets the claims of access tokens. Defaults to those of RFC 9068.
    pub const fn claims(mut self, claims: JwtClaims) -> Self {
        self.claims = claims;
        self
    }

    pub(super) const fn issuer(&self) -> &'a str {
        self.issuer
    }

    pub(super) const fn kind(&self) -> JwtClaims {
        self.claims
    }
}

/// Returns the header of a token. The type is that of RFC 9068 section 2.1, so that no other kind
/// of JWT is taken for an access token.
pub(super) fn header(key: &SigningKey) -> String {
    json!({ "typ": "at+jwt", "alg": key.algorithm().name(), "kid": key.id() }).to_string()
}

/// Claims of a token, as they are set.
#[derive(Debug, Default)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Sets a claim if it has a value.
    pub(super) fn maybe(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Sets what names the grant and its place.
    pub(super) fn of_grant(&mut self, grant: &Grant, context: &JwtContext<'_>) {
        self.set("jti", grant.token_id().into());
        self.set("sid", grant.id.as_str().into());
        self.maybe("org", grant.org.as_deref().map(Value::from));
        self.maybe("app", grant.app.as_deref().map(Value::from));
        self.maybe("tenant", context.tenant.map(Value::from));
    }

    pub(super) fn json(self) -> String {
        Value::from(self.0).to_string()
    }
}

/// Returns the claims of the current access token of a grant.
pub(super) fn payload(
    grant: &Grant,
    expires_at: SystemTime,
    context: &JwtContext<'_>,
) -> Result<String, SignError> {
    let named = if grant.audience.is_empty() { context.audience } else { &*grant.audience };
    let aud = if named.is_empty() { context.issuer.into() } else { audience(named) };
    let mut claims = Claims::default();
    claims.set("iss", context.issuer.into());
    claims.set("sub", subject(grant.user.as_deref(), &grant.client)?.into());
    claims.set("client_id", (*grant.client).into());
    claims.set("aud", aud);
    claims.set("iat", unix_seconds(grant.now).into());
    claims.set("exp", unix_seconds(expires_at).into());
    claims.maybe("scope", Some(grant.scopes.as_str().into()).filter(|_| !grant.scopes.is_empty()));
    claims.maybe("auth_time", grant.authenticated_at.map(|at| unix_seconds(at).into()));
    claims.of_grant(grant, context);
    Ok(claims.json())
}

/// Returns the subject of a token: the user, or the client that acts for itself.
///
/// A service knows a client's own token by its equal `sub` and `client_id`. A user who has the name
/// of the client, or that name with the suffix of clients at some issuers, could pass for it.
pub(super) fn subject<'a>(user: Option<&'a str>, client: &'a str) -> Result<&'a str, SignError> {
    match user {
        None => Ok(client),
        Some(user) if user.is_empty() || user.strip_suffix("@clients").unwrap_or(user) == client => {
            Err(SignError::Subject)
        }
        Some(user) => Ok(user),
    }
}

/// Returns one audience as a text, and several as a list (RFC 7519 section 4.1.3).
pub(super) fn audience(named: &[String]) -> Value {
    match named {
        [one] => (**one).into(),
        several => several.to_vec().into(),
    }
}
