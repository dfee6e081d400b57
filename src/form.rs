//! The rows of a dialect: where a credential stands, how it is written, what it means.

use crate::classify::{PairClassifier, TokenClassifier};
use crate::credential::{Credential, CredentialKind, Presented, Spelling};
use crate::kind::RejectionKind;
use crate::secret::Secret;
use crate::syntax::{scheme, token};

/// One credential form: carrier, syntax and meaning.
///
/// A dialect is a list of these. Rows are `Copy`, so tables can be `const`.
///
/// # Examples
///
/// ```
/// use tower_principal::{Form, classify};
///
/// const FORMS: &[Form] = &[
///     Form::scheme("Bearer", classify::access_token),
///     Form::header("x-app-token", classify::app_token),
///     Form::query_pair("client_id", "client_secret", classify::client),
///     Form::basic(classify::password),
/// ];
/// assert_eq!(FORMS.len(), 4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Form(pub(crate) Row);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Row {
    Scheme { word: &'static str, colon: bool, value: TokenSyntax },
    Basic(PairClassifier),
    Bare(TokenClassifier),
    Header { name: &'static str, value: TokenSyntax },
    Query { name: &'static str, value: TokenSyntax },
    QueryPair { id: &'static str, secret: &'static str, classify: PairClassifier },
    Body { name: &'static str, value: TokenSyntax, lenient: bool },
}

/// How one value is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenSyntax {
    Token(TokenClassifier),
    Custom(Parse),
}

/// A grammar of the user's own; see [`Form::custom`].
///
/// It takes what stands at the form's place, which is neither empty nor longer than 8 KiB nor holds
/// control characters, and answers the credential or [`Malformed`]. A panic in it is answered 500.
pub type Parse = for<'r> fn(Secret<'r>) -> Result<Credential<'r>, Malformed>;

/// A value breaks the grammar of its form; the request is refused with 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential is malformed")]
#[allow(clippy::exhaustive_structs, reason = "users make it in their own grammars")]
pub struct Malformed;

/// Where the value of a [custom form](Form::custom) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// After this scheme of the `Authorization` header.
    Scheme(&'static str),
    /// In a header of its own, the whole value.
    Header(&'static str),
    /// In this query parameter, percent-decoded.
    Query(&'static str),
}

impl Form {
    /// `Authorization: Basic base64(id:secret)` (RFC 7617).
    pub const fn basic(classify: PairClassifier) -> Self {
        Self(Row::Basic(classify))
    }

    /// `Authorization: WORD TOKEN` (RFC 6750 section 2.1). The word's case does not matter.
    pub const fn scheme(word: &'static str, classify: TokenClassifier) -> Self {
        Self(Row::Scheme { word, colon: false, value: TokenSyntax::Token(classify) })
    }

    /// `Authorization: WORD: TOKEN`, with the colon that OpenDataSoft's document shows.
    pub const fn scheme_colon(word: &'static str, classify: TokenClassifier) -> Self {
        Self(Row::Scheme { word, colon: true, value: TokenSyntax::Token(classify) })
    }

    /// `Authorization: TOKEN`, without a scheme (GeoDataHub). The token has 16 characters or more
    /// and is no known scheme's name.
    pub const fn bare(classify: TokenClassifier) -> Self {
        Self(Row::Bare(classify))
    }

    /// `NAME: TOKEN`, a header of its own (Socrata's `X-App-Token`).
    pub const fn header(name: &'static str, classify: TokenClassifier) -> Self {
        Self(Row::Header { name, value: TokenSyntax::Token(classify) })
    }

    /// `?NAME=TOKEN` (RFC 6750 section 2.3). The name is compared after percent-decoding.
    pub const fn query(name: &'static str, classify: TokenClassifier) -> Self {
        Self(Row::Query { name, value: TokenSyntax::Token(classify) })
    }

    /// `?ID=..&SECRET=..` (Usergrid). One without the other is malformed.
    pub const fn query_pair(id: &'static str, secret: &'static str, classify: PairClassifier) -> Self {
        Self(Row::QueryPair { id, secret, classify })
    }

    /// `NAME=TOKEN` in a form body (RFC 6750 section 2.2). Read only where the layer was given
    /// [`form_body`](crate::AuthenticateLayer::form_body) and the head holds no subject.
    pub const fn body(name: &'static str, classify: TokenClassifier) -> Self {
        Self(Row::Body { name, value: TokenSyntax::Token(classify), lenient: false })
    }

    /// The same also on `GET` and without a `Content-Type`, as OpenDataSoft's document shows it.
    pub const fn body_anyhow(name: &'static str, classify: TokenClassifier) -> Self {
        Self(Row::Body { name, value: TokenSyntax::Token(classify), lenient: true })
    }

    /// A grammar of your own, for what stands after a scheme, in a header or in a query parameter.
    ///
    /// Its scheme is challenged with by name and realm alone: the error attributes of RFC 6750 belong
    /// to [`scheme`](Self::scheme) rows of access tokens.
    ///
    /// # Examples
    ///
    /// `Authorization: Key id/secret`:
    ///
    /// ```
    /// use tower_principal::{Credential, Form, Key, Malformed, Pair, Place, Secret};
    ///
    /// fn key(value: Secret<'_>) -> Result<Credential<'_>, Malformed> {
    ///     let (id, secret) = value.split_once('/').ok_or(Malformed)?;
    ///     Ok(Credential::ApiKey(Key::Halves(Pair::new(id, secret))))
    /// }
    ///
    /// const KEY: Form = Form::custom(Place::Scheme("Key"), key);
    /// ```
    pub const fn custom(place: Place, parse: Parse) -> Self {
        let value = TokenSyntax::Custom(parse);
        Self(match place {
            Place::Scheme(word) => Row::Scheme { word, colon: false, value },
            Place::Header(name) => Row::Header { name, value },
            Place::Query(name) => Row::Query { name, value },
        })
    }
}

impl TokenSyntax {
    /// Reads a header's value, or what stands in one after a scheme.
    pub(crate) fn read_raw<'r>(
        &self,
        raw: &'r [u8],
        spelling: Spelling,
    ) -> Result<Presented<'r>, RejectionKind> {
        match self {
            Self::Token(classify) => Ok(classify.present(scheme::token68(raw)?, spelling)),
            Self::Custom(_) => self.read(printable(raw)?, spelling),
        }
    }

    /// Reads decoded text.
    pub(crate) fn read<'r>(
        &self,
        text: Secret<'r>,
        spelling: Spelling,
    ) -> Result<Presented<'r>, RejectionKind> {
        match self {
            Self::Token(classify) => {
                let possible = text.expose_secret().len() <= token::MAX_LENGTH
                    && token::is_b64token(text.expose_secret().as_bytes());
                Ok(classify.present(possible.then_some(text), spelling))
            }
            Self::Custom(_) if text.holds_control() => Err(RejectionKind::Malformed),
            Self::Custom(parse) => {
                let credential = parse(text).map_err(|_| RejectionKind::Malformed)?;
                Ok(Presented::new(spelling.custom(), credential))
            }
        }
    }

    /// What a value stands for that is too long to be genuine.
    pub(crate) fn too_long(&self, spelling: Spelling) -> Result<Presented<'static>, RejectionKind> {
        self.kind().map(|kind| Presented::impossible(spelling, kind)).ok_or(RejectionKind::Malformed)
    }

    /// The kind of credential it makes, where that does not depend on the value.
    pub(crate) const fn kind(&self) -> Option<CredentialKind> {
        match self {
            Self::Token(classify) => Some(classify.kind),
            Self::Custom(_) => None,
        }
    }
}

fn printable(raw: &[u8]) -> Result<Secret<'_>, RejectionKind> {
    if raw.is_empty() || raw.len() > token::MAX_LENGTH || !scheme::is_printable(raw) {
        return Err(RejectionKind::Malformed);
    }
    std::str::from_utf8(raw).map(Secret::borrowed).map_err(|_| RejectionKind::Malformed)
}
