//! The keys that signatures are verified with.

use std::sync::Arc;

use super::{Jwks, KeySet};

/// The keys that verify signatures: a [`KeySet`] that does not change, or [`Jwks`] that are
/// fetched.
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
