//! Verifiers, which find the principal that a credential belongs to.

#[cfg(feature = "cache")]
mod cache;
pub(crate) mod context;
mod denial;
mod erased;
pub(crate) mod error;
mod from_fn;
#[cfg(feature = "memory")]
mod memory;
#[cfg(any(feature = "introspection", feature = "jwt"))]
mod oauth;
mod or;
#[cfg(feature = "password")]
pub mod password;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod sql;
mod tenancy;
#[cfg(feature = "throttle")]
mod throttle;
pub(crate) mod verifier;

#[cfg(feature = "cache")]
pub use self::cache::Cached;
pub(crate) use self::context::Tenant;
pub(crate) use self::context::VerifyContext;
#[cfg(any(feature = "introspection", feature = "jwt"))]
pub(crate) use self::denial::Value;
pub(crate) use self::denial::{Check, Denial, note};
pub use self::erased::{BoxVerifier, DynVerifier};
pub(crate) use self::error::VerifyError;
pub use self::from_fn::{FromFn, from_fn};
#[cfg(feature = "memory")]
pub use self::memory::{MemoryVerifier, MemoryVerifierBuilder, MemoryVerifierError};
#[cfg(any(feature = "introspection", feature = "jwt"))]
pub use self::oauth::claims::{Claims, GroupForm};
#[cfg(feature = "introspection")]
pub use self::oauth::introspection::{Introspection, IntrospectionBuilder, IntrospectionError};
#[cfg(feature = "jwt")]
pub use self::oauth::jose::Algorithm;
#[cfg(feature = "jwt")]
pub use self::oauth::jwks::{InvalidKey, Jwks, JwksBuilder, JwksError, KeySet};
#[cfg(feature = "jwt")]
pub use self::oauth::jwt::{
    Denylist, DenylistError, Explanation, JwtVerifier, JwtVerifierBuilder, JwtVerifierError, Keys, TokenUse,
    provider,
};
pub use self::or::Or;
pub use self::tenancy::{AtEveryTenant, AtTenant, Tenancy};
#[cfg(feature = "throttle")]
pub use self::throttle::{FailureLimit, Throttled};
pub(crate) use self::verifier::Verifier;
pub(crate) use crate::principal::IdentitySource;
