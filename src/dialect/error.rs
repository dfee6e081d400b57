//! The errors of a dialect.

use thiserror::Error;

use super::guest::InvalidRule;
use crate::principal::InvalidPermission;
use crate::request::InvalidPattern;

/// The error of a dialect; the message names the row.
///
/// # Examples
///
/// ```
/// use tower_principal::dialect::{self, TokenMeaning};
/// use tower_principal::verify::MemoryVerifier;
/// use tower_principal::{AuthenticateLayer, CredentialForm, transport};
///
/// let form = CredentialForm::header("not a name", TokenMeaning::API_KEY);
/// let dialect = dialect::RFC6750.add_form(form);
/// let verifier = MemoryVerifier::builder().build()?;
/// let layer = AuthenticateLayer::try_new(
///     dialect,
///     verifier,
///     transport::from_acceptor(),
/// );
/// assert!(layer.is_err());
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DialectError {
    /// The dialect has no forms, so every request would be refused or a guest.
    #[error("the dialect `{0}` has no forms")]
    NoForms(&'static str),
    /// A name is invalid at its place: a scheme or header that is not a token, or an empty
    /// parameter.
    #[error("`{name}` is not a valid {what} name")]
    Name {
        /// The kind of place that it names.
        what: &'static str,
        /// The name.
        name: &'static str,
    },
    /// Two rows read the same place.
    #[error("two rows read the {what} `{name}`")]
    Repeated {
        /// The kind of place that both read.
        what: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A header that cannot be a separate header for a credential.
    #[error("the header `{0}` is reserved for schemes or for HTTP itself: use a scheme row")]
    ReservedHeader(&'static str),
    /// More parameters of one carrier than the reader supports.
    #[error("more than {0} parameters in one carrier")]
    TooManyParameters(usize),
    /// Characters that
    /// [`danger_also_allow`](crate::dialect::TokenMeaning::danger_also_allow) cannot
    /// add to a token: `,`, `"`, or a character that is not visible ASCII.
    #[error("a token cannot contain the characters `{0}`")]
    TokenCharacters(&'static str),
    /// A token length that is not from 8 KiB to 64 KiB.
    #[error("{0} bytes is not a valid maximum length of a token")]
    TokenLength(usize),
    /// A body row with a rank.
    #[error(
        "the body row `{0}` cannot have a rank, because a body is read only if the head has no subject \
        credential"
    )]
    Rank(&'static str),
    /// A value that is not an origin: a scheme, `://`, and a host that may have a port, in lower
    /// case.
    #[error("`{0}` is not an origin")]
    Origin(&'static str),
    /// A realm with a control or non-ASCII character, `"` or `\`.
    #[error("the realm must be printable ASCII without quotes and backslashes")]
    Realm,
    /// A trusted proxy network that contains every address.
    #[error("a network of all addresses cannot be trusted as a proxy")]
    TrustsEverybody,
    /// A guest rule's path is not a valid pattern.
    #[error("invalid guest rule: {0}")]
    GuestPath(InvalidPattern),
    /// A guest rule's permission does not match the grammar.
    #[error("invalid guest rule: {0}")]
    GuestPermission(InvalidPermission),
    /// An answer's status is neither a client nor a server error.
    #[error("the status {0} of an answer row is not an error status")]
    AnswerStatus(u16),
    /// A guest rule's method is not a token.
    #[error("invalid guest rule: a method is not a token")]
    GuestMethod,
}

impl From<InvalidRule> for DialectError {
    fn from(error: InvalidRule) -> Self {
        match error {
            InvalidRule::Path(error) => Self::GuestPath(error),
            InvalidRule::Permission(error) => Self::GuestPermission(error),
            InvalidRule::Method => Self::GuestMethod,
        }
    }
}
