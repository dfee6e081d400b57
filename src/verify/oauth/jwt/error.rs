//! The error of building a JWT verifier.

use std::io;

use thiserror::Error;

use crate::principal::InvalidPermission;
use crate::verify::JwksError;

/// The settings of a JWT verifier are incomplete or out of range.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::{
///     Algorithm, JwtVerifier, JwtVerifierError, KeySet,
/// };
///
/// let secret = b"a secret of 32 random bytes, not this";
/// let keys = KeySet::from_secret(Algorithm::Hs256, secret)?;
/// let error = JwtVerifier::builder("").audience("my-api").keys(keys).build();
/// assert!(matches!(error, Err(JwtVerifierError::NoIssuer)));
/// # Ok::<(), tower_principal::verify::InvalidKey>(())
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JwtVerifierError {
    /// The issuer is empty.
    #[error("the issuer is empty")]
    NoIssuer,
    /// An issuer's name has two placeholders, or some names of the issuer have one and others none.
    #[error("either each name of the issuer contains one `{{tenantid}}`, or none does")]
    Placeholder,
    /// The issuer has tenants, and none is named or the list is empty.
    #[error("the issuer's name contains `{{tenantid}}`: name its tenants with `tenants` or `tenants_where`")]
    NoTenants,
    /// Tenants are named, and the issuer has none.
    #[error("`tenants` needs an issuer with the placeholder `{{tenantid}}`")]
    Tenants,
    /// No audience was named, or an empty one.
    #[error("no audience, or an empty one")]
    NoAudience,
    /// The claim that replaces `aud` has no name, no value, or an empty value.
    #[error("the claim in place of `aud` needs a name and values, none of them empty")]
    AudienceClaim,
    /// No keys were given.
    #[error("no keys, or an empty set of keys")]
    NoKeys,
    /// No use of tokens is accepted.
    #[error("no token use is accepted")]
    NoUse,
    /// Identity tokens are accepted and no client is named, or an empty one.
    #[error("identity tokens need an `identity_client` that is not empty")]
    NoClient,
    /// An access word is empty, or has another meaning.
    #[error("`{0}` cannot be the `typ` of access tokens: it is empty or has another meaning")]
    AccessWord(Box<str>),
    /// The leeway is over 5 minutes, or the longest life of a token is 0 or over 10 years.
    #[error("the leeway is over 5 minutes, or the maximum lifetime of a token is 0 or over 10 years")]
    Times,
    /// The longest token is below 8 KiB or above 64 KiB.
    #[error("the maximum length of a token is below 8 KiB or above 64 KiB")]
    TokenLength,
    /// Only the provider itself can verify tokens of this issuer, or for this audience.
    #[error("{0}")]
    Unverifiable(&'static str),
    /// The address of the keys is not allowed.
    #[error("the configuration of the keys is invalid: {0}")]
    Keys(#[from] JwksError),
    /// A permission of a group does not match the grammar of
    /// [`Permission`](crate::principal::Permission).
    #[error("invalid permission of a group: {0}")]
    Permission(#[from] InvalidPermission),
    /// The operating system provides no randomness.
    #[error("random number generator failed: {0}")]
    Randomness(#[from] io::Error),
}
