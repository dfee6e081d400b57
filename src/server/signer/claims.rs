//! Claims of signed access tokens (RFC 9068 section 2.2).

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::SignError;
use crate::clock::unix_seconds;
use crate::grant::Grant;
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
}

impl<'a> JwtContext<'a> {
    /// Returns the facts of a server with this issuer.
    pub const fn new(issuer: &'a str) -> Self {
        Self { issuer, audience: &[], tenant: None }
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
}

/// Returns the header of a token. The type is that of RFC 9068 section 2.1, so that no other kind
/// of JWT is taken for an access token.
pub(super) fn header(key: &SigningKey) -> String {
    json!({ "typ": "at+jwt", "alg": key.algorithm().name(), "kid": key.id() }).to_string()
}

/// Returns the claims of the current access token of a grant.
pub(super) fn payload(
    grant: &Grant,
    expires_at: SystemTime,
    context: &JwtContext<'_>,
) -> Result<String, SignError> {
    let mut claims = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            claims.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    set("iss", Some(context.issuer.into()));
    set("sub", Some(subject(grant.user.as_deref(), &grant.client)?.into()));
    set("client_id", Some((*grant.client).into()));
    set("aud", Some(audience(grant, context)));
    set("iat", Some(unix_seconds(grant.now).into()));
    set("exp", Some(unix_seconds(expires_at).into()));
    set("jti", Some(grant.token_id().into()));
    set("sid", Some(grant.id.as_str().into()));
    set("scope", Some(grant.scopes.as_str().into()).filter(|_| !grant.scopes.is_empty()));
    set("auth_time", grant.authenticated_at.map(|at| unix_seconds(at).into()));
    set("org", text(&grant.org));
    set("app", text(&grant.app));
    set("tenant", context.tenant.map(Value::from));
    Ok(Value::from(claims).to_string())
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
fn audience(grant: &Grant, context: &JwtContext<'_>) -> Value {
    let named = if grant.audience.is_empty() { context.audience } else { &*grant.audience };
    match named {
        [] => context.issuer.into(),
        [one] => (**one).into(),
        several => several.to_vec().into(),
    }
}
