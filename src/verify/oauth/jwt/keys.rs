//! The keys that signatures are verified with.

use std::sync::Arc;

use super::{Jwks, KeySet};

/// The keys that verify signatures: a [`KeySet`] that does not change, or [`Jwks`] that are
/// fetched.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::{Algorithm, JwtVerifier, KeySet, Keys};
///
/// let secret = b"a secret of 32 random bytes, not this";
/// let keys = Keys::from(KeySet::from_secret(Algorithm::Hs256, secret)?);
/// // Two verifiers with the same keys, which are held once:
/// let one = JwtVerifier::builder("https://a.example").keys(keys.clone());
/// let two = JwtVerifier::builder("https://b.example").keys(keys);
/// # let _ = (one, two);
/// # Ok::<(), tower_principal::verify::InvalidKey>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Keys {
    /// Keys that do not change.
    Fixed(Arc<KeySet>),
    /// Keys that the issuer publishes.
    Published(Jwks),
}

impl Keys {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Fixed(keys) if keys.is_empty())
    }
}

impl From<KeySet> for Keys {
    fn from(keys: KeySet) -> Self {
        Self::Fixed(Arc::new(keys))
    }
}

impl From<Jwks> for Keys {
    fn from(keys: Jwks) -> Self {
        Self::Published(keys)
    }
}
