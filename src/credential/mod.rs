//! The unverified credentials of a request.

mod client;
pub(crate) mod credential;
mod credentials;
#[cfg(any(feature = "_sql", feature = "server"))]
mod digest;
pub(crate) mod fingerprint;
mod kind;
pub(crate) mod pair;
pub(crate) mod secret;
pub(crate) mod source;
#[cfg(any(feature = "_sql", feature = "server"))]
pub(crate) mod token_format;
#[cfg(feature = "headers")]
pub mod typed_headers;

pub use self::client::ClientKind;
pub(crate) use self::credential::Credential;
pub use self::credential::Key;
pub use self::credentials::Credentials;
pub(crate) use self::credentials::Presented;
#[cfg(any(feature = "_sql", feature = "server"))]
pub use self::digest::Digest;
pub use self::fingerprint::{Fingerprint, FingerprintKey};
pub use self::kind::CredentialKind;
pub(crate) use self::pair::Pair;
pub(crate) use self::secret::Secret;
pub use self::source::Carrier;
pub(crate) use self::source::Source;
#[cfg(any(feature = "_sql", feature = "server"))]
pub use self::token_format::{InvalidFormat, TokenFormat};
