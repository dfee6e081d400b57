//! Grammars of a service's own.

use crate::credential::{Credential, Secret};

/// A grammar of the user's own; see [`CredentialForm::custom`](super::form::CredentialForm::custom).
///
/// It takes what stands at the form's place, which is neither empty nor longer than 8 KiB nor holds
/// control characters, and answers the credential or [`Malformed`](self::Malformed). A panic in it is answered 500.
pub type CustomParser = for<'r> fn(Secret<'r>) -> Result<Credential<'r>, Malformed>;

/// A grammar of the user's own that can also answer "no credential here"; see
/// [`CredentialForm::custom_optional`](super::form::CredentialForm::custom_optional).
///
/// It takes the same values as a [`CustomParser`](self::CustomParser) and returns `Ok(None)` if the value holds no credential.
pub type CustomOptionalParser = for<'r> fn(Secret<'r>) -> Result<Option<Credential<'r>>, Malformed>;

/// A value breaks the grammar of its form; the request is refused with 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential is malformed")]
#[allow(clippy::exhaustive_structs, reason = "users make it in their own grammars")]
pub struct Malformed;

/// Where the value of a [custom form](super::form::CredentialForm::custom) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomPlace {
    /// After this scheme of the `Authorization` header.
    Scheme(&'static str),
    /// In a header of its own, the whole value.
    Header(&'static str),
    /// In this query parameter, percent-decoded.
    Query(&'static str),
    /// In this cookie (RFC 6265 section 4.2), without the quotes that may enclose its value. A request
    /// that can change something has to be of the service's own origin; see [`CredentialForm::cookie`](super::form::CredentialForm::cookie).
    Cookie(&'static str),
}
