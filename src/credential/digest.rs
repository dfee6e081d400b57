//! Digests, by which the database finds a secret.

use std::{fmt, io};

use aws_lc_rs::digest::{Context, SHA256};

use super::{Credential, Pair, Secret};

/// SHA-256 over parts and their lengths, by which the database finds a secret. The secret itself is
/// never stored, bound to a statement or sent.
///
/// Use it for secrets of 128 random bits or more; passwords are hashed with argon2id instead.
/// `Debug` shows the first eight bytes.
///
/// # Examples
///
/// ```
/// use tower_principal::credential::Digest;
///
/// let digest = Digest::from_parts(&[b"a", b"b"]);
/// assert_eq!(digest, Digest::from_parts(&[b"a", b"b"]));
/// assert_ne!(digest, Digest::from_parts(&[b"ab"]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    bytes: [u8; 32],
    /// `true` for the digest of a verified principal.
    pub(crate) of_principal: bool,
}

/// First part of every digest, so that a digest made elsewhere over the same parts differs.
const DOMAIN: &[u8] = b"tower-principal 1";

impl Digest {
    /// Returns the digest of these parts.
    pub fn from_parts(parts: &[&[u8]]) -> Self {
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
    pub fn from_credential(credential: &Credential<'_>, tenant: Option<&str>) -> Option<Self> {
        let halves = |kind, pair: &Pair<'_>| {
            let secret = pair.secret();
            Some(Self::tagged(kind, tenant, &[pair.id().as_bytes(), secret.expose_secret().as_bytes()]))
        };
        match credential {
            Credential::AccessToken(token) => Some(Self::from_access_token(token, tenant)),
            Credential::AppToken(token) => Some(Self::whole(b"app_token", token, tenant)),
            Credential::ApiKey(key) => Some(Self::whole(b"api_key", key, tenant)),
            Credential::KeyPair(pair) => halves(b"key_pair", pair),
            Credential::Client(_, pair) => halves(b"client", pair),
            Credential::Password(_) => None,
        }
    }

    /// Returns the digest of an access token that is presented to a tenant or to none, as
    /// [`from_credential`](Self::from_credential) does.
    pub fn from_access_token(token: &Secret<'_>, tenant: Option<&str>) -> Self {
        Self::whole(b"access_token", token, tenant)
    }

    /// Returns a random digest, which no secret has.
    ///
    /// # Errors
    ///
    /// If the operating system provides no randomness.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { bytes, of_principal: false })
    }

    fn whole(kind: &[u8], secret: &Secret<'_>, tenant: Option<&str>) -> Self {
        Self::tagged(kind, tenant, &[secret.expose_secret().as_bytes()])
    }

    /// Returns the digest's bytes, as they are stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Parses a digest in hexadecimal. Returns `None` if the text is not one.
    #[cfg(any(feature = "postgres", test))]
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
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
        Self::from_parts(&parts)
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

    fn token(text: &str) -> Credential<'_> {
        Credential::AccessToken(Secret::borrowed(text))
    }

    fn key<'c>(id: &'c str, secret: &'c str) -> Credential<'c> {
        Credential::KeyPair(Pair::new(Secret::borrowed(id), Secret::borrowed(secret)))
    }

    #[test]
    fn kind_tenant_and_where_halves_meet_make_another_digest() {
        let all = [
            Digest::from_credential(&token("abc"), None),
            Digest::from_credential(&token("abc"), Some("")),
            Digest::from_credential(&token("abc"), Some("acme")),
            Digest::from_credential(&Credential::AppToken(Secret::borrowed("abc")), None),
            Digest::from_credential(&Credential::ApiKey(Secret::borrowed("abc")), None),
            Digest::from_credential(&key("a", "bc"), None),
            Digest::from_credential(&key("ab", "c"), None),
            Digest::from_credential(&token("abc\0"), None),
            Digest::from_credential(&token(""), None),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(one.is_some());
            assert!(all.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
        let pair = Pair::new(Secret::borrowed("u"), Secret::borrowed("p"));
        assert_eq!(Digest::from_credential(&Credential::Password(pair), None), None);
    }

    #[test]
    fn it_is_sha_256_of_lengths_and_parts() {
        // printf '\0\0\0\0\0\0\0\x11tower-principal 1\0\0\0\0\0\0\0\x03abc' | sha256sum
        let hex = "c09016e0538ce30be08fe89c23b8bd598bac87ad6ace220317f7143744861236";
        let digest = Digest::from_parts(&[b"abc"]);
        assert_eq!(Digest::from_hex(hex), Some(digest));
        assert_eq!(format!("{digest:?}"), hex[..16]);
        for other in ["", &hex[1..], &hex.replace('a', "g"), &"é".repeat(32)] {
            assert_eq!(Digest::from_hex(other), None);
        }
    }
}
