//! Codes and tokens for a client, beside their digests for a store.

use super::RefreshDigests;
use crate::credential::{Digest, Secret};

/// Code or access token, and its digest.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{GrantId, TokenShape};
///
/// let issued =
///     TokenShape::prefixed("acme").access(&GrantId::random()?, None)?;
/// // `Debug` shows a part of the digest, and nothing of the secret.
/// assert!(!format!("{issued:?}").contains(issued.secret.expose_secret()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedToken {
    /// Text for the client. It is stored nowhere.
    pub secret: Secret<'static>,
    /// Digest for the store.
    pub digest: Digest,
}

/// Refresh token, and its digests.
///
/// # Examples
///
/// ```
/// use tower_principal::grant::{GrantId, Lifetime, NextRefresh, TokenShape};
///
/// let issued = TokenShape::prefixed("acme").refresh(&GrantId::random()?)?;
/// // The store gets the digests, the client the secret.
/// let next = NextRefresh::new(issued.digests, Lifetime::seconds(3600));
/// assert_eq!(next.digests.token, issued.digests.token);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedRefresh {
    /// Text for the client. It is stored nowhere.
    pub secret: Secret<'static>,
    /// Digests for the store.
    pub digests: RefreshDigests,
}
