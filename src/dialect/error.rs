//! The errors of a dialect.

use thiserror::Error;

use super::guest::InvalidRule;
use crate::principal::InvalidPermission;
use crate::request::InvalidPattern;

/// The error of a dialect; the message names the row.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DialectError {
    /// The dialect has no forms, so every request would be refused or a guest.
    #[error("the dialect `{0}` has no forms")]
    NoForms(&'static str),
    /// A name is invalid at its place: a scheme or header that is not a token, or an empty
    /// parameter.
    #[error("`{name}` cannot be the name of a {what}")]
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
    #[error("the header `{0}` is read by schemes or belongs to HTTP: use a scheme row")]
    ReservedHeader(&'static str),
    /// More parameters of one carrier than the reader supports.
    #[error("more than {0} parameters in one carrier")]
    TooManyParameters(usize),
    /// Characters that
    /// [`danger_also_allow`](crate::dialect::meaning::TokenClassifier::danger_also_allow) cannot
    /// add to a token: `,`, `"`, or a character that is not visible ASCII.
    #[error("`{0}` cannot be characters of a token")]
    TokenCharacters(&'static str),
    /// A token length that is not from 8 KiB to 64 KiB.
    #[error("a token of {0} bytes is not a length that can be read")]
    TokenLength(usize),
    /// A body row with a rank.
    #[error("the body row `{0}` cannot have a rank: a body is read if the head holds no subject")]
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
    #[error("a guest rule is wrong: {0}")]
    GuestPath(InvalidPattern),
    /// A guest rule's permission does not match the grammar.
    #[error("a guest rule is wrong: {0}")]
    GuestPermission(InvalidPermission),
    /// An answer's status is neither a client nor a server error.
    #[error("an answer's status is {0}, which is no refusal")]
    AnswerStatus(u16),
    /// A guest rule's method is not a token.
    #[error("a guest rule has a method that is no token")]
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
