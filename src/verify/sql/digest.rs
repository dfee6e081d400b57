//! Digests, by which the database finds a secret.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use crate::credential::{Credential, Key, Pair, Secret};
use crate::principal::{IdentitySource, Principal, PrincipalKind};

/// SHA-256 over parts and their lengths, by which the database finds a secret. The secret itself is
/// never stored, bound to a statement or sent.
///
/// Use it for secrets of 128 random bits or more; passwords are hashed with argon2id instead.
/// `Debug` shows the first eight bytes. A digest [of a principal](Self::of_principal) is marked as
/// such.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::sql::Digest;
///
/// assert_eq!(Digest::of_parts(&[b"a", b"b"]), Digest::of_parts(&[b"a", b"b"]));
/// assert_ne!(Digest::of_parts(&[b"a", b"b"]), Digest::of_parts(&[b"ab"]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    bytes: [u8; 32],
    of_principal: bool,
}

/// First part of every digest, so that a digest made elsewhere over the same parts differs.
const DOMAIN: &[u8] = b"tower-principal 1";

/// Minimum length of a secret: fewer bytes cannot hold 128 bits.
const SHORTEST: usize = 16;

impl Digest {
    /// Returns the digest of these parts.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in [&DOMAIN].into_iter().chain(parts) {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self { bytes, of_principal: false }
    }

    /// Returns the digest of a credential that is presented to a tenant or to none; `None` for a
    /// password.
    ///
    /// Kind and tenant are part of it: a key's digest never matches a token, or a key of another
    /// tenant.
    pub fn of(credential: &Credential<'_>, tenant: Option<&str>) -> Option<Self> {
        let whole = |kind, secret: &Secret<'_>| {
            Some(Self::tagged(kind, tenant, &[secret.expose_secret().as_bytes()]))
        };
        let halves = |kind, pair: &Pair<'_>| {
            let secret = pair.secret();
            Some(Self::tagged(kind, tenant, &[pair.id().as_bytes(), secret.expose_secret().as_bytes()]))
        };
        match credential {
            Credential::AccessToken(token) => whole(b"access_token", token),
            Credential::AppToken(token) => whole(b"app_token", token),
            Credential::ApiKey(Key::Whole(key)) => whole(b"api_key", key),
            Credential::ApiKey(Key::Halves(pair)) => halves(b"key_pair", pair),
            Credential::Client(_, pair) => halves(b"client", pair),
            Credential::Password(_) => None,
        }
    }

    /// Returns the digest by which a denial list finds a verified principal's credential.
    ///
    /// It covers the kind, id, credential id, [issuer](Principal::issuer), and the name and the
    /// tenant of the store. Returns `None` if the principal has no credential id.
    pub fn of_principal(principal: &Principal) -> Option<Self> {
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
        Some(Self::of_parts(&parts.collect::<Vec<_>>()).known_for(true))
    }

    /// Returns `true` if a secret can have 128 random bits, so that its digest does not reveal it.
    pub(super) fn hides(secret: &Secret<'_>) -> bool {
        secret.expose_secret().len() >= SHORTEST
    }

    /// Returns the digest's bytes, as they are stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Returns `true` for a digest [of a principal](Self::of_principal), which an answer can be
    /// compared with.
    pub(super) const fn is_of_principal(&self) -> bool {
        self.of_principal
    }

    /// Returns the same digest, marked as one of a principal or not.
    pub(super) const fn known_for(self, of_principal: bool) -> Self {
        Self { of_principal, ..self }
    }

    /// Parses a digest in hexadecimal. Returns `None` if the text is not one.
    #[cfg(any(feature = "postgres", test))]
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Self { bytes, of_principal: false })
    }

    fn tagged(kind: &[u8], tenant: Option<&str>, secrets: &[&[u8]]) -> Self {
        // No tenant differs from the tenant with an empty name.
        let tenant = tenant.map_or([&b""[..], b""], |tenant| [b"tenant", tenant.as_bytes()]);
        let parts: Vec<&[u8]> = [kind].into_iter().chain(tenant).chain(secrets.iter().copied()).collect();
        Self::of_parts(&parts)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::{ApiKey, OAuthUser};

    fn token(text: &str) -> Credential<'_> {
        Credential::AccessToken(Secret::borrowed(text))
    }

    fn key<'c>(id: &'c str, secret: &'c str) -> Credential<'c> {
        Credential::ApiKey(Key::Halves(Pair::new(Secret::borrowed(id), Secret::borrowed(secret))))
    }

    #[test]
    fn kind_tenant_and_where_halves_meet_make_another_digest() {
        let all = [
            Digest::of(&token("abc"), None),
            Digest::of(&token("abc"), Some("")),
            Digest::of(&token("abc"), Some("acme")),
            Digest::of(&Credential::AppToken(Secret::borrowed("abc")), None),
            Digest::of(&Credential::ApiKey(Key::Whole(Secret::borrowed("abc"))), None),
            Digest::of(&key("a", "bc"), None),
            Digest::of(&key("ab", "c"), None),
            Digest::of(&token("abc\0"), None),
            Digest::of(&token(""), None),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(one.is_some());
            assert!(all.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
        let pair = Pair::new(Secret::borrowed("u"), Secret::borrowed("p"));
        assert_eq!(Digest::of(&Credential::Password(pair), None), None);
    }

    /// Otherwise the operator of one issuer could end, or continue, the credentials of another one.
    #[test]
    fn a_credential_is_told_by_all_that_says_whose_it_is() {
        let of = |id: &str, credential: &str, issuer: Option<&str>| {
            let user = OAuthUser::builder(id).credential_id(credential);
            let user = issuer.map_or(user.clone(), |issuer| user.issuer(issuer));
            Digest::of_principal(&user.build().into())
        };
        let key = ApiKey::builder("otto").credential_id("1").issuer("a").build();
        let all = [
            of("otto", "1", Some("a")),
            of("otto", "1", Some("b")),
            of("otto", "1", Some("")),
            of("otto", "1", None),
            of("otto", "1a", None),
            of("otto", "a", Some("1")),
            of("olga", "1", Some("a")),
            Digest::of_principal(&key.into()),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(one.is_some() && all.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
        assert_eq!(of("otto", "1", Some("a")), all[0]);
        assert_eq!(of("otto", "", Some("a")), None);
    }

    #[test]
    fn it_is_sha_256_of_lengths_and_parts() {
        // printf '\0\0\0\0\0\0\0\x11tower-principal 1\0\0\0\0\0\0\0\x03abc' | sha256sum
        let hex = "c09016e0538ce30be08fe89c23b8bd598bac87ad6ace220317f7143744861236";
        let digest = Digest::of_parts(&[b"abc"]);
        assert_eq!(Digest::from_hex(hex), Some(digest));
        assert_eq!(format!("{digest:?}"), hex[..16]);
        for other in ["", &hex[1..], &hex.replace('a', "g"), &"é".repeat(32)] {
            assert_eq!(Digest::from_hex(other), None);
        }
    }
}
