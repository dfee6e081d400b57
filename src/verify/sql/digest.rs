//! Digests of verified principals, by which a denial list finds them.

use crate::credential::{Digest, Secret};
use crate::principal::{IdentitySource, Principal, PrincipalKind};

/// Minimum length of a secret: fewer bytes cannot hold 128 bits.
const SHORTEST: usize = 16;

impl Digest {
    /// Returns the digest by which a denial list finds a verified principal's credential.
    ///
    /// It covers the kind, id, credential id, [issuer](Principal::issuer), and the name and the
    /// tenant of the store. Returns `None` if the principal has no credential id.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::credential::Digest;
    /// use tower_principal::{OAuthUser, Principal};
    ///
    /// let token = |jti: &str| -> Principal {
    ///     let user = OAuthUser::new("otto").with_issuer("https://login.example");
    ///     user.with_credential_id(jti).into()
    /// };
    /// assert_eq!(
    ///     Digest::from_principal(&token("jti-1")),
    ///     Digest::from_principal(&token("jti-1"))
    /// );
    /// assert_ne!(
    ///     Digest::from_principal(&token("jti-1")),
    ///     Digest::from_principal(&token("jti-2"))
    /// );
    /// // Nothing distinguishes this credential from others of the user.
    /// assert_eq!(Digest::from_principal(&OAuthUser::new("otto").into()), None);
    /// ```
    // A denial is of a principal's credential or of any credential. An answer names the principal,
    // and not the credential that was presented for it. The list therefore records which of the two
    // a digest is. If a digest may belong to any credential, a cache evicts the good answers that
    // depend on it. It also evicts all good answers that do not list what they depend on.
    pub fn from_principal(principal: &Principal) -> Option<Self> {
        // An empty credential id is the same for every token.
        let credential = principal.credential_id().filter(|id| !id.is_empty())?;
        // Earlier versions gave a client's own token the kind of a user's, and lists outlive an
        // upgrade.
        let is_token = principal.issuer().is_some() && principal.is_client();
        let kind = if is_token { PrincipalKind::OAuthUser } else { principal.kind() }.as_str();
        let parts = ["credential id", kind, principal.id().unwrap_or_default(), credential];
        let store = match principal.source() {
            IdentitySource::Store(name) if !name.is_empty() => Some(["store", name]),
            _ => None,
        };
        let tenant = principal.tenant().map(|tenant| ["tenant", tenant]);
        let known_by = [store, tenant].into_iter().flatten().flatten();
        let parts = parts.into_iter().chain(principal.issuer()).chain(known_by).map(str::as_bytes);
        Some(Self::from_parts(&parts.collect::<Vec<_>>()).known_for(true))
    }

    /// Returns `true` if a secret can have 128 random bits, so that its digest does not reveal it.
    pub(in crate::verify::sql) fn hides(secret: &Secret<'_>) -> bool {
        secret.expose_secret().len() >= SHORTEST
    }

    /// Returns `true` for a digest of a principal, which an answer can be compared with.
    pub(in crate::verify::sql) const fn is_of_principal(&self) -> bool {
        self.of_principal
    }

    /// Returns the same digest, marked as one of a principal or not.
    pub(in crate::verify::sql) const fn known_for(mut self, of_principal: bool) -> Self {
        self.of_principal = of_principal;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::{ApiKey, OAuthUser};

    /// Otherwise the operator of one issuer could end, or continue, the credentials of another one.
    #[test]
    fn a_digest_covers_everything_that_identifies_a_credential() {
        let of = |id: &str, credential: &str, issuer: Option<&str>| {
            let user = OAuthUser::new(id).with_credential_id(credential);
            let user = issuer.map_or(user.clone(), |issuer| user.with_issuer(issuer));
            Digest::from_principal(&user.into())
        };
        let key = ApiKey::new("otto").with_credential_id("1").with_issuer("a");
        let all = [
            of("otto", "1", Some("a")),
            of("otto", "1", Some("b")),
            of("otto", "1", Some("")),
            of("otto", "1", None),
            of("otto", "1a", None),
            of("otto", "a", Some("1")),
            of("olga", "1", Some("a")),
            Digest::from_principal(&key.into()),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(one.is_some() && all.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
        assert_eq!(of("otto", "1", Some("a")), all[0]);
        assert_eq!(of("otto", "", Some("a")), None);
    }
}
