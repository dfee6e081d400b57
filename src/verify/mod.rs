//! Verifiers, which find the principal that a credential belongs to.
//!
//! [`Verifier`] is the trait. [`MemoryVerifier`], `sql`,
//! [`JwtVerifier`] and [`Introspection`] have a source of their own. [`Cached`], [`Throttled`] and
//! [`Or`] go around others. [`from_fn`] makes a verifier of a function.
//!
//! The guide has chapters on [several verifiers](crate::guide::verifiers),
//! [API keys in a database](crate::guide::api_keys), [JWTs](crate::guide::jwt),
//! [introspection](crate::guide::introspection), [your own tables](crate::guide::own_tables),
//! [caching](crate::guide::cache) and [throttling](crate::guide::throttle).
//!
//! # Examples
//!
//! ```
//! use tower_principal::{Credential, OAuthUser, Secret, verify::MemoryVerifier};
//! use tower_principal::{Verifier, VerifyContext, VerifyError, verify};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let staff = MemoryVerifier::builder()
//!     .access_token("otto-token", OAuthUser::new("otto"))
//!     .build()?;
//! let both = staff.or(verify::from_fn(|credential, _| async move {
//!     match credential {
//!         Credential::AccessToken(token) if token.expose_secret() == "robot" => {
//!             Ok(OAuthUser::new("robot"))
//!         }
//!         _ => Err(VerifyError::UNKNOWN),
//!     }
//! }));
//!
//! let token = Credential::AccessToken(Secret::borrowed("robot"));
//! let robot = both.verify(&token, &VerifyContext::default()).await?;
//! assert_eq!(robot.id(), Some("robot"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
pub(crate) use self::denial::note;
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
#[cfg(all(feature = "jwt", any(feature = "server", feature = "test-util")))]
pub(crate) use self::oauth::signing::SigningKey;
pub use self::or::Or;
pub use self::tenancy::{AtEveryTenant, AtTenant, Tenancy};
#[cfg(feature = "throttle")]
pub use self::throttle::{FailureLimit, Throttled};
pub(crate) use self::verifier::Verifier;
pub(crate) use crate::principal::IdentitySource;
