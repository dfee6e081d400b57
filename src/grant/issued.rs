//! Codes and tokens for a client, beside their digests for a store.

use super::RefreshDigests;
use crate::credential::{Digest, Secret};

/// Code or access token, and its digest.
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedToken {
    /// Text for the client. It is stored nowhere.
    pub secret: Secret<'static>,
    /// Digest for the store.
    pub digest: Digest,
}

/// Refresh token, and its digests.
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuedRefresh {
    /// Text for the client. It is stored nowhere.
    pub secret: Secret<'static>,
    /// Digests for the store.
    pub digests: RefreshDigests,
}
