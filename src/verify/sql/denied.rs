//! Denial list for credentials that the database does not hold.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Digest, SqlStore, topic};
use crate::credential::Credential;
use crate::principal::{IdentitySource, Principal};
use crate::rejection::DenialReason;
use crate::verify::{Tenancy, Verifier, VerifyContext, VerifyError, note};

/// Verifier that accepts a credential only if the database's denial list does not hold it.
///
/// It makes credentials revocable that carry their own proof, such as JWTs.
///
/// A principal with a [credential id](Principal::credential_id) (a token's `jti`) is listed by
/// kind, id, credential id and [issuer](Principal::issuer). Any other principal is listed by the
/// presented credential; for a JWT without its signature, which can be written in more than one
/// way.
///
/// If there are several issuers, each verifier must set its own issuer in the principal, as those
/// of this crate do. Otherwise one issuer's token could end another's. A password without a
/// credential id is not looked up. If the list cannot be asked, the answer is
/// [`VerifyError::Unavailable`]: a revoked token is never accepted because the database is down.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::verify::sql::SqlVerifier;
/// use tower_principal::{
///     Credential, OAuthUser, Secret, Verifier, VerifyContext, verify,
/// };
///
/// let tokens = verify::from_fn(|_, _| async {
///     Ok(OAuthUser::new("otto").with_credential_id("jti-1"))
/// });
/// let database = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
/// let verifier = database.denylist(tokens);
///
/// let token = Credential::AccessToken(Secret::borrowed("a.b.c"));
/// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_ok());
/// verifier.revoke(&token, &VerifyContext::default()).await?;
/// assert!(verifier.verify(&token, &VerifyContext::default()).await.is_err());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Denylisted<V> {
    inner: V,
    store: SqlStore,
    /// Issuer whose tokens belong to grants of this database.
    #[cfg(feature = "server")]
    issuer: Option<Box<str>>,
}

impl<V> Denylisted<V> {
    pub(super) const fn new(inner: V, store: SqlStore) -> Self {
        Self {
            inner,
            store,
            #[cfg(feature = "server")]
            issuer: None,
        }
    }

    /// Accepts the tokens of this issuer only while their grants are in force. The issuer is an
    /// authorization server that keeps its [grants](crate::grant::Grants) in this database.
    ///
    /// The end of a grant then ends its JWTs at once, and so does the end of its user or its
    /// client. Of its JWTs the current one is accepted, and the one before it; an older one is
    /// denied, and so is one that was [lost](crate::grant::RefreshRule::recover) and replaced. The
    /// credential id of such a token is [that of a grant](crate::grant::Grant::token_id). A token
    /// with any other id is denied. The list and the grant are asked in one statement. Defaults to
    /// no issuer.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use tower_principal::{OAuthUser, verify};
    /// # let tokens = verify::from_fn(|_, _| async {
    /// #     Ok(OAuthUser::new("otto").with_credential_id("jti-1"))
    /// # });
    /// use tower_principal::verify::sql::SqlVerifier;
    ///
    /// let database = SqlVerifier::sqlite("sqlite::memory:").connect().await?;
    /// let verifier =
    ///     database.denylist(tokens).with_grants_of("https://login.example");
    /// # let _ = verifier;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    #[cfg(feature = "server")]
    #[must_use]
    pub fn with_grants_of(mut self, issuer: impl Into<Box<str>>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Returns `true` if the token is of this issuer, so that its grant decides.
    #[cfg(feature = "server")]
    fn has_grant(&self, principal: &Principal) -> bool {
        self.issuer.is_some() && self.issuer.as_deref() == principal.issuer()
    }
}

impl<V: Verifier> Verifier for Denylisted<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let principal = self.inner.verify(credential, context).await?;
        #[cfg(feature = "server")]
        if self.has_grant(&principal) {
            let is_live = self.store.has_live_grant(&principal, context.tenant()).await?;
            let denied = Err(VerifyError::Denied(DenialReason::Revoked));
            return if is_live { Ok(principal) } else { note("denylist", credential.kind(), denied) };
        }
        match name(credential, &principal) {
            Some(name) if self.store.is_denied(name).await? => {
                let denied = Err(VerifyError::Denied(DenialReason::Revoked));
                note("denylist", credential.kind(), denied)
            }
            // A cache evicts the answer by the digest on the list, if the answer holds all the rest
            // that it depends on.
            Some(name) if principal.depends_on().is_some() && !name.is_of_principal() => {
                Ok(principal.depending_on(&[topic::denied(&name)]))
            }
            // A credential without a digest is never on the list.
            _ => Ok(principal),
        }
    }

    /// Returns only refusals, because a good answer must be looked up in the list.
    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        self.inner.verify_now(credential, context).filter(Result::is_err)
    }

    /// Denies a good credential until it ends, and a minute longer.
    ///
    /// A verifier may accept it for its leeway, and the clock of another node may be behind. If the
    /// leeway of a [`JwtVerifier`](crate::verify::JwtVerifier) is over 30 s, the denial lasts for
    /// the leeway and 30 s more. A credential without an end is denied permanently. A password
    /// without a credential id is not revoked, because that would lock its user out.
    async fn revoke(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<(), VerifyError> {
        let principal = self.inner.verify(credential, context).await?;
        let name = name(credential, &principal).ok_or(VerifyError::Unsupported)?;
        let longer = LEEWAY.max(principal.leeway() + BEHIND);
        let until = principal.expires_at().and_then(|end| end.checked_add(longer));
        Ok(self.store.deny(name, until).await?)
    }

    fn source(&self) -> IdentitySource<'_> {
        self.inner.source()
    }

    fn tenancy(&self) -> Tenancy {
        self.inner.tenancy()
    }
}

/// Extra time of a denial, more than the usual leeway of a verifier.
const LEEWAY: Duration = Duration::from_secs(60);

/// Time by which the clock of another node may be behind.
const BEHIND: Duration = Duration::from_secs(30);

/// Returns the digest of a good credential on the list; `None` for a password.
fn name(credential: &Credential<'_>, principal: &Principal) -> Option<Digest> {
    let presented = || match credential {
        Credential::AccessToken(token) => {
            Some(Digest::from_parts(&[b"presented", signed(token.expose_secret()).as_bytes()]))
        }
        other => Digest::from_credential(other, None),
    };
    Digest::from_principal(principal).or_else(presented)
}

/// Returns the signed part of a JWT, the first two of `header.payload.signature`. Any other token
/// is returned whole, even with dots: every token of one kind starts with `v4.local.`.
fn signed(token: &str) -> &str {
    let Some((signed, _)) = token.rsplit_once('.') else { return token };
    let header =
        signed.split_once('.').filter(|(_, payload)| !payload.contains('.')).map(|(header, _)| header);
    let header = header.and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    let is_object = header.is_some_and(|header| header.trim_ascii_start().starts_with(b"{"));
    if is_object { signed } else { token }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_of_a_jwt_the_last_part_does_not_count() {
        let header = URL_SAFE_NO_PAD.encode(r#" {"alg":"ES256"}"#);
        for (token, expected) in [
            (format!("{header}.payload.signature"), format!("{header}.payload")),
            (format!("{header}.payload."), format!("{header}.payload")),
            (format!("{header}.payload"), format!("{header}.payload")),
            (format!("{header}.a.b.c.d"), format!("{header}.a.b.c.d")),
            ("v4.local.secret".to_owned(), "v4.local.secret".to_owned()),
            ("e30=.a.b".to_owned(), "e30=.a.b".to_owned()),
            ("a.b".to_owned(), "a.b".to_owned()),
            ("..".to_owned(), "..".to_owned()),
            ("opaque".to_owned(), "opaque".to_owned()),
        ] {
            assert_eq!(signed(&token), expected);
        }
    }
}
