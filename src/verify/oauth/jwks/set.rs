//! Keys that verify signatures.

use super::invalid_key::InvalidKey;
use super::{Document, Key, LeftOut, read_key_file};
use crate::rejection::denial::Value;
use crate::trace;
use crate::verify::oauth::jose::Algorithm;
use crate::verify::oauth::jose::key::KEY_ID_LENGTH;

/// Keys that verify signatures, prepared once.
///
/// The key decides which algorithms it verifies, never a token. An RSA key without an `alg`
/// verifies the `RS` and the `PS` family, an elliptic curve one algorithm. A token is verified with
/// the keys that match its `kid` (any key, if the token has none) and its `alg`. If several match,
/// up to 8 are tried: keys that name their algorithm first, then keys that name their use.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::{Algorithm, KeySet};
///
/// let shared = KeySet::from_secret(
///     Algorithm::Hs256,
///     b"a secret of 32 random bytes, not this",
/// )?;
/// let public = KeySet::from_jwks(
///     r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026","use":"sig",
/// "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
/// )?;
/// assert_eq!((shared.len(), public.len()), (1, 1));
/// // One family in a set: a public key must never be taken for a secret.
/// assert!(public.and(shared).is_err());
/// # Ok::<(), tower_principal::verify::InvalidKey>(())
/// ```
#[derive(Debug)]
pub struct KeySet {
    pub(super) keys: Vec<Key>,
}

/// The result of verifying a token with the keys of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) enum SignatureCheck {
    /// One of the keys signed the token.
    Valid,
    /// The `kid` is known, and no key of that name signed the token.
    Invalid,
    /// The key is not here, or no key without a name signed the token. A new key may have signed
    /// it.
    UnknownKey,
}

impl KeySet {
    /// Reads the keys of a JWK set (RFC 7517 section 5), of one JWK, or of an object with PEM under
    /// each `kid`. The PEM is a certificate or a public key. Firebase publishes such an object.
    ///
    /// A key that cannot verify signatures is left out, and the log names it with the reason: RSA
    /// below 2,048 bits, a secret shorter than its hash, a private key, a `use` other than `sig`,
    /// an unknown type. Shared secrets beside public keys are left out, too. A set that has only
    /// secrets is accepted if all of them are usable.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if the text is not such a document, or has more than 100 keys or no
    /// usable key. Also if it has two secrets with one `kid` and algorithm.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::KeySet;
    ///
    /// let keys = KeySet::from_jwks(
    ///     r#"{"keys":[
    /// {"kty":"OKP","crv":"Ed25519","kid":"2026",
    /// "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    /// {"kty":"RSA","kid":"for encryption","use":"enc","n":"AQAB","e":"AQAB"}
    /// ]}"#,
    /// )?;
    /// // The second one is left out, and a log line has the reason.
    /// assert_eq!(keys.len(), 1);
    /// assert!(KeySet::from_jwks("not JSON").is_err());
    /// # Ok::<(), tower_principal::verify::InvalidKey>(())
    /// ```
    pub fn from_jwks(json: &str) -> Result<Self, InvalidKey> {
        let mut document =
            Document::read(json).ok_or_else(|| InvalidKey::new("not a JWK set of at most 100 keys"))?;
        if !document.keys.iter().all(Key::is_secret) {
            document = document.without_secrets("a shared secret beside public keys");
        }
        let Document { keys, left_out } = document;
        // Secrets are the operator's own: an unreadable one is a mistake, not a stranger's key.
        if keys.is_empty() || (keys.iter().all(Key::is_secret) && !left_out.is_empty()) {
            return Err(InvalidKey::left_out(&left_out));
        }
        for LeftOut { id, why } in &left_out {
            let kid = Value::from(id.as_deref());
            let _ = (kid, why);
            trace::info!(%kid, why, "key of a set ignored");
        }
        Self { keys }.sound()
    }

    /// Reads a public key from a file: an RSA key (2,048 bits or more), an elliptic curve or
    /// Ed25519. It is `SubjectPublicKeyInfo` (`PUBLIC KEY`), PKCS#1 (`RSA PUBLIC KEY`) or an X.509
    /// certificate. The file is PEM, DER or base64 without the lines around it.
    ///
    /// Only the key of a certificate counts: its dates and its signature are not verified. Only the
    /// first certificate of a chain counts.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if the file cannot be read, is a private key, or is not a key of the
    /// algorithm.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{Algorithm, KeySet};
    ///
    /// let bare = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    /// let pem = format!(
    ///     "-----BEGIN PUBLIC KEY-----\n{bare}\n-----END PUBLIC KEY-----\n"
    /// );
    /// assert_eq!(KeySet::from_public_key(Algorithm::EdDsa, bare)?.len(), 1);
    /// assert_eq!(KeySet::from_public_key(Algorithm::EdDsa, pem)?.len(), 1);
    /// assert!(KeySet::from_public_key(Algorithm::Rs256, bare).is_err());
    /// # Ok::<(), tower_principal::verify::InvalidKey>(())
    /// ```
    pub fn from_public_key(algorithm: Algorithm, file: impl AsRef<[u8]>) -> Result<Self, InvalidKey> {
        if algorithm.is_symmetric() {
            return Err(InvalidKey::new("a public key for an algorithm with a shared secret"));
        }
        let key = read_key_file(Some(algorithm), file.as_ref()).map_err(InvalidKey::new)?;
        Ok(Self { keys: vec![key] })
    }

    /// Same as [`from_public_key`](Self::from_public_key), which reads other forms than PEM, too.
    ///
    /// # Errors
    ///
    /// Same as [`from_public_key`](Self::from_public_key).
    pub fn from_pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, InvalidKey> {
        Self::from_public_key(algorithm, pem)
    }

    /// Makes a key of a secret shared with the issuer. It has at least 32, 48 or 64 bytes for
    /// `HS256`, `HS384`, `HS512`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if the secret is shorter, or for any other algorithm.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{Algorithm, KeySet};
    ///
    /// let secret = b"a secret of 32 random bytes, not this";
    /// assert_eq!(KeySet::from_secret(Algorithm::Hs256, secret)?.len(), 1);
    /// // `HS512` needs 64 bytes, and other algorithms have no shared secret.
    /// assert!(KeySet::from_secret(Algorithm::Hs512, secret).is_err());
    /// assert!(KeySet::from_secret(Algorithm::Es256, secret).is_err());
    /// # Ok::<(), tower_principal::verify::InvalidKey>(())
    /// ```
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, InvalidKey> {
        Ok(Self { keys: vec![Key::secret(Some(algorithm), secret).map_err(InvalidKey::new)?] })
    }

    /// Reads keys that a server published. Returns `None` if the body is not a document of keys.
    pub(in crate::verify::oauth) fn published(body: &[u8]) -> Option<(Self, Vec<LeftOut>)> {
        let document = Document::read(std::str::from_utf8(body).ok()?)?;
        let Document { keys, left_out } =
            document.without_secrets("a shared secret received over the network");
        Some((Self::tidy(keys), left_out))
    }

    /// Sets the `kid` of every key that has none. A key without one is used for any `kid` that no
    /// key has.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] if the name is longer than 128 bytes, or names two secrets of one
    /// algorithm.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::verify::{Algorithm, KeySet};
    ///
    /// let (old, new) = (
    ///     b"the secret of the last year, 32 bytes",
    ///     b"the secret of this year, also 32 bytes",
    /// );
    /// let keys =
    ///     KeySet::from_secret(Algorithm::Hs256, old)?.with_key_id("2025")?.and(
    ///         KeySet::from_secret(Algorithm::Hs256, new)?.with_key_id("2026")?,
    ///     )?;
    /// assert_eq!(keys.len(), 2);
    /// # Ok::<(), tower_principal::verify::InvalidKey>(())
    /// ```
    pub fn with_key_id(mut self, id: &str) -> Result<Self, InvalidKey> {
        if id.len() > KEY_ID_LENGTH {
            return Err(InvalidKey::new("an invalid kid"));
        }
        for key in &mut self.keys {
            key.id.get_or_insert_with(|| id.into());
        }
        self.sound()
    }

    /// Joins these keys with others.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKey`] for a mixture of secrets and public keys, or for two secrets with one
    /// `kid` and algorithm.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::test_util::Issuer;
    /// use tower_principal::verify::{Algorithm, KeySet};
    ///
    /// let one = Issuer::new("https://login.example")?;
    /// let two = Issuer::new("https://login.example")?;
    /// let keys = one.keys()?.and(two.keys()?)?;
    /// assert_eq!(keys.len(), 2);
    /// let secret = b"a secret of 32 random bytes, not this";
    /// assert!(keys.and(KeySet::from_secret(Algorithm::Hs256, secret)?).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn and(mut self, others: Self) -> Result<Self, InvalidKey> {
        self.keys.extend(others.keys);
        self.sound()
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns true if the set has no keys.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn sound(self) -> Result<Self, InvalidKey> {
        let keys = Self::tidy(self.keys);
        let is_secret = |key: &Key| key.is_secret();
        if keys.keys.iter().any(is_secret) && !keys.keys.iter().all(is_secret) {
            return Err(InvalidKey::new("secrets and public keys in one set"));
        }
        let confused = |(at, one): (usize, &Key)| {
            keys.keys.iter().skip(at + 1).any(|other| one.is_secret() && one.is_confused_with(other))
        };
        if keys.keys.iter().enumerate().any(confused) {
            return Err(InvalidKey::new("two secrets with one kid and algorithm"));
        }
        Ok(keys)
    }

    /// Each key once, in the order in which keys are tried.
    fn tidy(keys: Vec<Key>) -> Self {
        let mut once: Vec<Key> = Vec::with_capacity(keys.len());
        for key in keys {
            if !once.iter().any(|other| key.is_repeated_by(other)) {
                once.push(key);
            }
        }
        once.sort_by_key(|key| key.rank);
        Self { keys: once }
    }
}
