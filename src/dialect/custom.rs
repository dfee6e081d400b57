//! Custom grammars.

use crate::credential::{Credential, Secret};

/// A custom grammar; see [`CredentialForm::custom`](super::form::CredentialForm::custom).
///
/// It receives the value at the form's place, which is not empty, at most 8 KiB long, and without
/// control characters. It returns the credential or [`Malformed`](self::Malformed). If it panics,
/// the answer is 500.
///
/// # Examples
///
/// ```
/// use tower_principal::dialect::{CustomParser, Malformed};
/// use tower_principal::{Credential, Pair, Secret};
///
/// /// Reads `ID.SECRET`.
/// fn dotted(text: Secret<'_>) -> Result<Credential<'_>, Malformed> {
///     let (id, secret) = text.split_once('.').ok_or(Malformed)?;
///     Ok(Credential::KeyPair(Pair::new(id, secret)))
/// }
/// let parser: CustomParser = dotted;
/// assert!(parser(Secret::borrowed("key-1.its-secret")).is_ok());
/// assert!(parser(Secret::borrowed("key-1")).is_err());
/// ```
pub type CustomParser = for<'r> fn(Secret<'r>) -> Result<Credential<'r>, Malformed>;

/// A custom grammar that can also return "no credential here"; see
/// [`CredentialForm::custom_optional`](super::form::CredentialForm::custom_optional).
///
/// It receives the same values as a [`CustomParser`](self::CustomParser) and returns `Ok(None)` if
/// the value holds no credential.
pub type CustomOptionalParser = for<'r> fn(Secret<'r>) -> Result<Option<Credential<'r>>, Malformed>;

/// The error for a value that breaks the grammar of its form; the request is refused with 400.
// Grammars of your own have a `CustomPlace` (`CredentialForm::custom(CustomPlace::Scheme("Key"),
// parse)`), not a row type for each place, so that one function type serves all of them. The
// challenge of such a scheme is its word without error attributes, because nothing else is known
// about the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential is malformed")]
#[allow(clippy::exhaustive_structs, reason = "users make it in their own grammars")]
pub struct Malformed;

/// The place of the value of a [custom form](super::form::CredentialForm::custom).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CustomPlace {
    /// After this scheme of the `Authorization` header.
    Scheme(&'static str),
    /// The whole value of a separate header.
    Header(&'static str),
    /// In this query parameter, percent-decoded.
    Query(&'static str),
    /// In this cookie (RFC 6265 section 4.2), without the quotes that may enclose its value. A
    /// request that can change something has to come from the service's own origin; see
    /// [`CredentialForm::cookie`](super::form::CredentialForm::cookie).
    Cookie(&'static str),
}
