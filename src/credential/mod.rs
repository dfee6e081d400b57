//! The unverified credentials of a request.
//!
//! A [`Credential`] is what a client presented, before any check. Its texts are [`Secret`] and
//! [`Pair`], which cannot be printed, compared with `==`, or cloned by accident. Code that needs
//! the text calls `expose_secret`, so a search finds every access. [`Fingerprint`] is a keyed hash
//! of a secret, for maps and logs.
//!
//! The guide has a chapter on [what is read](crate::guide::dialects) and on [verifiers over your
//! own tables](crate::guide::own_tables).
//!
//! # Examples
//!
//! ```
//! use tower_principal::credential::{CredentialKind, FingerprintKey};
//! use tower_principal::{Credential, Secret};
//!
//! let token = Secret::borrowed("otto-token");
//! assert!(!format!("{token:?}").contains("otto"));
//! assert!(token.ct_eq(&Secret::borrowed("otto-token")));
//!
//! let key = FingerprintKey::random()?;
//! let print = key.of(&[token.expose_secret().as_bytes()]);
//! assert_eq!(print, key.of(&[b"otto-token"]));
//!
//! let credential = Credential::AccessToken(token);
//! assert_eq!(credential.kind(), CredentialKind::AccessToken);
//! # Ok::<(), std::io::Error>(())
//! ```

mod client;
pub(crate) mod credential;
mod credentials;
#[cfg(any(feature = "_sql", feature = "server"))]
mod digest;
pub(crate) mod fingerprint;
mod kind;
pub(crate) mod pair;
mod read_error;
pub(crate) mod secret;
pub(crate) mod source;
#[cfg(any(feature = "_sql", feature = "server"))]
pub(crate) mod token_format;
#[cfg(feature = "headers")]
pub mod typed_headers;
mod universal_hash;

pub use self::client::ClientKind;
pub(crate) use self::credential::Credential;
pub use self::credentials::Credentials;
pub(crate) use self::credentials::Presented;
#[cfg(any(feature = "_sql", feature = "server"))]
pub use self::digest::Digest;
pub use self::fingerprint::{Fingerprint, FingerprintKey};
pub use self::kind::CredentialKind;
pub(crate) use self::pair::Pair;
pub(crate) use self::read_error::ReadError;
pub(crate) use self::secret::Secret;
pub use self::source::Carrier;
pub(crate) use self::source::Source;
#[cfg(any(feature = "_sql", feature = "server"))]
pub use self::token_format::{InvalidFormat, TokenFormat};
