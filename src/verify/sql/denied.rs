//! A list of what is denied, for credentials that the database does not hold.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Digest, SqlStore, topic};
use crate::credential::Credential;
use crate::principal::{IdentitySource, Principal};
use crate::rejection::DenialReason;
use crate::verify::{Tenancy, Verifier, VerifyContext, VerifyError, note};

/// A verifier whose good answers count only where their credentials are not on the database's list of
/// what is denied. It makes revocable what carries its own proof, such as JWTs.
///
/// A principal with a [credential id](Principal::credential_id) (a token's `jti`) is known by kind, id,
/// credential id and [issuer](Principal::issuer), any other by what was presented; of a JWT without its signature,
/// which can be written in more than one way. Where several issuers are verified, each verifier has to name
/// its own in the principal, as those of this crate do: or one issuer's token could end another's. A password without one is not looked for. Where the list cannot be asked, the answer is
/// [`VerifyError::Unavailable`]: a revoked token is never let in because the database is down.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_principal::verify::sql::SqlVerifier;
/// use tower_principal::{Credential, OAuthUser, Secret, Verifier, VerifyContext, verify};
///
/// let tokens = verify::from_fn(|_, _| async { Ok(OAuthUser::builder("otto").credential_id("jti-1").build().into()) });
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
}

impl<V> Denylisted<V> {
    pub(super) const fn new(inner: V, store: SqlStore) -> Self {
        Self { inner, store }
    }
}

impl<V: Verifier> Verifier for Denylisted<V> {
    async fn verify(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let principal = self.inner.verify(credential, context).await?;
        match name(credential, &principal) {
            Some(name) if self.store.is_denied(name).await? => {
                let denied = Err(VerifyError::Denied(DenialReason::Revoked));
                note("denylist", credential.kind(), denied)
            }
            // A cache forgets it by the name on the list, if it knows all the rest that it depends on.
            Some(name) if principal.depends_on().is_some() && !name.is_of_principal() => {
                Ok(principal.depending_on(&[topic::denied(&name)]))
            }
            // What has no name is never on the list.
            _ => Ok(principal),
        }
    }

    /// Only refusals are at hand: a good answer has to be looked up.
    fn verify_now(
        &self,
        credential: &Credential<'_>,
        context: &VerifyContext<'_>,
    ) -> Option<Result<Principal, VerifyError>> {
        self.inner.verify_now(credential, context).filter(Result::is_err)
    }

    /// Denies a good credential until it ends by itself, and a minute longer, because a verifier may accept it
    /// for its leeway, and the clock of another node may be behind. If the leeway of a
    /// [`JwtVerifier`](crate::verify::JwtVerifier) is over 30 s, the denial lasts for the leeway and 30 s more. For good where it has no end. A password
    /// without a credential id is not revoked: its user would be locked out.
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

/// More than the usual leeway of a verifier.
const LEEWAY: Duration = Duration::from_secs(60);

/// By how much the clock of another node may be behind.
const BEHIND: Duration = Duration::from_secs(30);

/// What the list knows a good credential by; `None` for a password.
fn name(credential: &Credential<'_>, principal: &Principal) -> Option<Digest> {
    let presented = || match credential {
        Credential::AccessToken(token) => {
            Some(Digest::of_parts(&[b"presented", signed(token.expose_secret()).as_bytes()]))
        }
        other => Digest::of(other, None),
    };
    Digest::of_principal(principal).or_else(presented)
}

/// What was signed of a JWT: of `header.payload.signature` the first two. All of any other token, though it may
/// have dots: `v4.local.` stands before every token of its kind.
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
