//! A verifier that fills a cache. The fault experiments include this file as well.

use tower_principal::verify::sql::SqlVerifier;
use tower_principal::{Credential, OAuthUser, Principal, Verifier, VerifyContext, VerifyError};

/// A database, plus any number of tokens `crowd..` that are not in it.
pub(crate) struct Crowded(pub(crate) SqlVerifier);

impl Verifier for Crowded {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        if let Credential::AccessToken(token) = credential
            && let Some(number) = token.expose_secret().strip_prefix("crowd")
        {
            let user = OAuthUser::new(format!("user{number}")).with_client("map");
            return Ok(user.with_credential_id(number).into());
        }
        self.0.verify(credential, context).await
    }
}
