//! The seam to what signs JWT access tokens.

use std::fmt;

use crate::credential::Secret;
use crate::grant::{Grant, Lifetime, NewGrant};

/// Facts of a token beside its grant.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "jwt"), allow(dead_code))]
pub(super) struct TokenContext<'t> {
    pub(super) issuer: &'t str,
    pub(super) tenant: Option<&'t str>,
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
        let context = super::signer::JwtContext::new(context.issuer).tenant(context.tenant);
        let signed = self.access_token(grant, &context);
        signed.inspect_err(|error| crate::trace::error!(%error, "access token not signed")).ok()
    }
}
