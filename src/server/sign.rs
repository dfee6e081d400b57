//! The seam to what signs JWT access tokens.

use std::fmt;

use super::profile::JwtClaims;
use crate::credential::Secret;
use crate::grant::{Grant, Lifetime, NewGrant, Presented};

/// Facts of a token beside its grant.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "jwt"), allow(dead_code))]
pub(super) struct TokenContext<'t> {
    pub(super) issuer: &'t str,
    pub(super) tenant: Option<&'t str>,
    /// Audience of a token whose grant has none.
    pub(super) audience: &'t [String],
    pub(super) claims: JwtClaims,
}

/// Signs JWT access tokens (RFC 9068). A grant is stored before its token is signed, so no change
/// waits for a signature.
pub(super) trait SignTokens: fmt::Debug + Send + Sync + 'static {
    /// Returns the lifetime that a token has.
    fn lifetime(&self, lifetime: Lifetime) -> Lifetime;

    /// Returns `true` if tokens of a grant can be signed, before the grant is stored.
    fn can_sign(&self, grant: &NewGrant) -> bool;

    /// Returns the current access token of a grant. Returns `None` if it cannot be signed.
    fn sign(&self, grant: &Grant, context: TokenContext<'_>) -> Option<Secret<'static>>;

    /// Returns the identity token of a grant's user, beside its current access token. Returns
    /// `None` if it cannot be signed.
    fn sign_identity(&self, grant: &Grant, context: TokenContext<'_>) -> Option<Secret<'static>>;

    /// Returns what an access token of this issuer is at the store. Returns `None` for a text that
    /// is not one.
    fn read(&self, token: &Secret<'_>, issuer: &str) -> Option<Presented>;

    /// Returns the document of the keys that verify the tokens.
    fn keys(&self) -> String;
}

#[cfg(feature = "jwt")]
impl SignTokens for super::signer::Signer {
    fn lifetime(&self, lifetime: Lifetime) -> Lifetime {
        self.lifetime(lifetime)
    }

    fn can_sign(&self, grant: &NewGrant) -> bool {
        self.check(grant).is_ok()
    }

    fn sign(&self, grant: &Grant, context: TokenContext<'_>) -> Option<Secret<'static>> {
        let log = |_error: &_| crate::trace::error!(cause = ?_error, "access token not signed");
        self.access_token(grant, &context.into()).inspect_err(log).ok()
    }

    fn sign_identity(&self, grant: &Grant, context: TokenContext<'_>) -> Option<Secret<'static>> {
        let log = |_error: &_| crate::trace::error!(cause = ?_error, "identity token not signed");
        self.identity_token(grant, &context.into()).inspect_err(log).ok()
    }

    fn read(&self, token: &Secret<'_>, issuer: &str) -> Option<Presented> {
        self.read(token, issuer)
    }

    fn keys(&self) -> String {
        String::from_utf8_lossy(&self.jwks()).into_owned()
    }
}

#[cfg(feature = "jwt")]
impl<'t> From<TokenContext<'t>> for super::signer::JwtContext<'t> {
    fn from(context: TokenContext<'t>) -> Self {
        let TokenContext { issuer, tenant, audience, claims } = context;
        Self::new(issuer).tenant(tenant).audience(audience).claims(claims)
    }
}
