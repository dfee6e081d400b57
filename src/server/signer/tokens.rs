//! The tokens that a signer signs.

use std::time::SystemTime;

use super::{InvalidSigningKey, JwtContext, SignError, Signer, claims, cognito};
use crate::credential::Secret;
use crate::grant::Grant;
use crate::server::profile::JwtClaims;
use crate::verify::SigningKey;

impl Signer {
    /// Signs the current access token of a grant, with the [claims](JwtContext::claims) of the
    /// context, which are by default those of RFC 9068 section 2.2.
    ///
    /// Its `jti` is the [token id](Grant::token_id), and its `sid` the grant's id, so that
    /// [`with_grants_of`](crate::verify::sql::Denylisted::with_grants_of) ends it with its grant.
    /// `sub` is the user, or the client that acts for itself; then it equals `client_id`. Scopes,
    /// audience and times are the grant's.
    ///
    /// # Errors
    ///
    /// * [`SignError::Lifetime`] if the token does not expire, or lives longer than the
    ///   [maximum](Self::max_lifetime).
    /// * [`SignError::Subject`] as [`check`](Self::check).
    /// * [`SignError::Key`] if the operating system provides no randomness.
    pub fn access_token(
        &self,
        grant: &Grant,
        context: &JwtContext<'_>,
    ) -> Result<Secret<'static>, SignError> {
        match context.kind() {
            JwtClaims::Rfc9068 => {
                self.signed(grant, claims::header, |ends| claims::payload(grant, ends, context))
            }
            JwtClaims::Cognito => {
                self.signed(grant, cognito::header, |ends| cognito::access(grant, ends, context))
            }
        }
    }

    /// Signs an identity token, which describes the user of a grant to its client. Its claims are
    /// those of Amazon Cognito's.
    ///
    /// `token_use` is `id`, and `aud` is the client. `sub` is the user's UUID or else the name, and
    /// `cognito:username` is the name. If the name is an e-mail address, it is also `email`, and
    /// `email_verified` is `false`. `jti`, `sid` and times are those of the access token.
    ///
    /// It is no access token: a [`JwtVerifier`](crate::verify::JwtVerifier) accepts it only with
    /// [`TokenUse::CognitoIdentity`](crate::verify::TokenUse::CognitoIdentity), or as an identity
    /// token of the client.
    ///
    /// # Errors
    ///
    /// * [`SignError::NoUser`] if the client acts for itself.
    /// * As [`access_token`](Self::access_token).
    pub fn identity_token(
        &self,
        grant: &Grant,
        context: &JwtContext<'_>,
    ) -> Result<Secret<'static>, SignError> {
        self.signed(grant, cognito::header, |ends| cognito::identity(grant, ends, context))
    }

    /// Signs a token that ends with the access token of a grant.
    fn signed(
        &self,
        grant: &Grant,
        header: fn(&SigningKey) -> String,
        payload: impl FnOnce(SystemTime) -> Result<String, SignError>,
    ) -> Result<Secret<'static>, SignError> {
        let now = self.clock.now();
        let latest = now.checked_add(self.kept()).ok_or(SignError::Lifetime)?;
        let expires_at = grant.expires_at.filter(|at| *at <= latest).ok_or(SignError::Lifetime)?;
        let payload = payload(expires_at)?;
        let key = self.read_ring(|ring| ring.signing(now));
        let key = key.ok_or(SignError::Key(InvalidSigningKey("no key signs at this time")))?;
        let token = key.token(&header(&key), &payload).map_err(InvalidSigningKey)?;
        Ok(Secret::owned(token))
    }
}
