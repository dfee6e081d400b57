//! Keys to verify signatures with.

use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::{Algorithm, Header, Jws, KEY_ID_LENGTH, Key, read_key};

/// Keys to verify signatures with, prepared once.
///
/// Which algorithms a key verifies is said by the key, never by a token: an RSA key without an `alg`
/// verifies `RS256`, `RS384` and `RS512`, an elliptic curve one algorithm. Which key a token is verified
/// with is decided by its `kid` and `alg`, and has to be one: where several fit, none is used.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::{Algorithm, KeySet};
///
/// let shared = KeySet::from_secret(Algorithm::Hs256, b"a secret of 32 random bytes, not this")?;
/// let public = KeySet::from_jwks(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026","use":"sig",
///     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
/// assert_eq!((shared.len(), public.len()), (1, 1));
/// // One family in a set: a public key must never be taken for a secret.
/// assert!(public.and(shared).is_err());
/// # Ok::<(), tower_principal::verify::InvalidKey>(())
/// ```
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// A key cannot be used to verify signatures, or not beside the others of its set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidKey(String);

/// What a token says about its key.
#[derive(Clone, Copy, Debug)]
pub(in crate::verify) struct Wanted<'h> {
    pub(in crate::verify) algorithm: Algorithm,
    pub(in crate::verify) id: Option<&'h str>,
}

/// What the keys of a set say about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is signed by its key.
    Good,
    /// It is not signed by its key, or several could be that.
    Bad,
    /// Its key is not here, or nobody can tell: what a key without a name did not sign may be by a new one.
    Unknown,
}

#[derive(Deserialize)]
struct Document<'j> {
    #[serde(borrow)]
    keys: Vec<&'j RawValue>,
}

impl KeySet {
    /// The keys of a JWK set (RFC 7517 section 5), or one JWK. Every one has to be usable.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] for text that is no JWK set, and for a key that cannot verify signatures: RSA below
    /// 2,048 bits, a secret shorter than its hash, a private key, `use` other than `sig`, a mixture of
    /// secrets and public keys, two keys with one `kid` and algorithm.
    pub fn from_jwks(json: &str) -> Result<Self, InvalidKey> {
        let keys = match serde_json::from_str::<Document<'_>>(json) {
            Ok(document) => document.keys.into_iter().map(|key| read_key(key.get(), false)).collect(),
            Err(_) => read_key(json, false).map(|key| vec![key]),
        };
        let keys = keys.map_err(InvalidKey::new)?;
        if keys.is_empty() {
            return Err(InvalidKey::new("a set without keys"));
        }
        Self { keys }.sound()
    }

    /// A public key in PEM: one block `PUBLIC KEY`, RSA (2,048 bits or more), an elliptic curve, or Ed25519.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] where it cannot be read or is not of the algorithm's type.
    pub fn from_pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, InvalidKey> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_ref());
        let der = der.map_err(|_| InvalidKey::new("no PEM block PUBLIC KEY"))?;
        Ok(Self { keys: vec![Key::spki(algorithm, der.as_ref()).map_err(InvalidKey::new)?] })
    }

    /// A secret that is shared with the issuer, at least 32, 48 or 64 bytes for `HS256`, `HS384`, `HS512`.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] where it is shorter, or for any other algorithm.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, InvalidKey> {
        Ok(Self { keys: vec![Key::secret(Some(algorithm), secret).map_err(InvalidKey::new)?] })
    }

    /// Keys that a server published: those that cannot be used are left out. `None` where it is no set.
    pub(super) fn published(body: &[u8]) -> Option<Self> {
        let document: Document<'_> = serde_json::from_slice(body).ok()?;
        if document.keys.len() > PUBLISHED {
            return None;
        }
        let keys = document.keys.into_iter().filter_map(|key| read_key(key.get(), true).ok());
        Some(Self { keys: keys.collect() })
    }

    /// Names every key that has no `kid` yet. A key without one is used for any `kid` that no key has.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] for more than 128 bytes, or where two keys of one algorithm would have one name.
    pub fn with_key_id(mut self, id: &str) -> Result<Self, InvalidKey> {
        if id.len() > KEY_ID_LENGTH {
            return Err(InvalidKey::new("an impossible kid"));
        }
        for key in &mut self.keys {
            key.id.get_or_insert_with(|| id.into());
        }
        self.sound()
    }

    /// These keys and others.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] for a mixture of secrets and public keys, or where two keys of one algorithm have
    /// one `kid`.
    pub fn and(mut self, others: Self) -> Result<Self, InvalidKey> {
        self.keys.extend(others.keys);
        self.sound()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Verifies a JWS in the compact form (RFC 7515 section 7.1) of at most 8 KiB, and gives its payload,
    /// whatever it is. For messages that are no JWT: a [`JwtVerifier`](crate::JwtVerifier) also judges claims.
    ///
    /// `None` where the text is no JWS, its header says something that is not understood here (`crit`,
    /// `b64`, `zip`) or brings a key (`jku`, `jwk`, `x5u`, `x5c`), no one key is its own, or the signature is
    /// not by that key.
    #[must_use]
    pub fn verify_jws(&self, compact: &str) -> Option<Vec<u8>> {
        let jws = Jws::split(compact).filter(|_| compact.len() <= LENGTH)?;
        let header = Header::read(&jws).ok()?;
        if self.verifies(&header.wanted(), &jws) { jws.payload() } else { None }
    }

    /// Whether there is one key for the token, and the signature is that key's.
    pub(in crate::verify) fn verifies(&self, wanted: &Wanted<'_>, jws: &Jws<'_>) -> bool {
        matches!(self.verdict(wanted, jws), Verdict::Good)
    }

    /// What the keys say about a token.
    pub(super) fn verdict(&self, wanted: &Wanted<'_>, jws: &Jws<'_>) -> Verdict {
        let Wanted { algorithm, id } = *wanted;
        let named = id.is_some_and(|id| self.keys.iter().any(|key| key.id.as_deref() == Some(id)));
        let fits = |key: &&Key| match id {
            None => true,
            Some(id) if named => key.id.as_deref() == Some(id),
            Some(_) => key.id.is_none(),
        };
        let mut candidates = self.keys.iter().filter(|key| key.verifies(algorithm)).filter(fits);
        match (candidates.next(), candidates.next()) {
            (None, _) => Verdict::Unknown,
            (Some(_), Some(_)) => Verdict::Bad,
            (Some(key), None) => {
                let signature = jws.signature();
                let message = jws.signed().as_bytes();
                match signature.is_some_and(|signature| key.verify(algorithm, message, &signature)) {
                    true => Verdict::Good,
                    false if named => Verdict::Bad,
                    false => Verdict::Unknown,
                }
            }
        }
    }

    fn sound(self) -> Result<Self, InvalidKey> {
        let all: Vec<_> =
            self.keys.iter().flat_map(|key| key.algorithms().map(move |way| (way, &key.id))).collect();
        if all.iter().any(|(way, _)| way.is_symmetric()) && !all.iter().all(|(way, _)| way.is_symmetric()) {
            return Err(InvalidKey::new("secrets and public keys in one set"));
        }
        let repeated = |(at, one): (usize, _)| all.iter().skip(at + 1).any(|other| *other == one);
        if all.iter().copied().enumerate().any(repeated) {
            return Err(InvalidKey::new("two keys with one kid and algorithm"));
        }
        Ok(self)
    }
}

impl InvalidKey {
    fn new(why: &str) -> Self {
        Self(why.to_owned())
    }
}

/// The longest message, in bytes.
const LENGTH: usize = 8 * 1024;

/// The most keys a published set may have.
const PUBLISHED: usize = 100;
