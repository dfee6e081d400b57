//! The constructors and options of a dialect's rows.

use super::custom::{CustomOptionalParser, CustomParser, CustomPlace};
use super::meaning::{PairMeaning, TokenMeaning};
use super::row::{Row, TokenSyntax};
use super::subprotocol::Subprotocol;

/// One credential form: carrier, syntax and meaning.
///
/// A dialect is a list of these. Rows are `Copy`, so tables can be `const`.
///
/// # Examples
///
/// ```
/// use tower_principal::dialect::{PairMeaning, TokenMeaning};
/// use tower_principal::CredentialForm;
///
/// const FORMS: &[CredentialForm] = &[
///     CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
///     CredentialForm::header("x-app-token", TokenMeaning::APP_TOKEN),
///     CredentialForm::query_pair("client", "secret", PairMeaning::CLIENT),
///     CredentialForm::basic(PairMeaning::PASSWORD),
/// ];
/// assert_eq!(FORMS.len(), 4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CredentialForm {
    pub(crate) row: Row,
    pub(crate) rank: u8,
    /// The scheme of its challenge, if the row has no scheme of its own.
    pub(crate) challenge: Option<&'static str>,
}

impl CredentialForm {
    const fn of(row: Row) -> Self {
        Self { row, rank: 0, challenge: None }
    }

    /// Sets the rank of the row. If two rows find a credential for one role, the row with the
    /// higher rank counts.
    ///
    /// Defaults to 0. Two credentials of rows of one rank are ambiguous and refused with 400, and
    /// so are three credentials whatever their ranks. The credential that does not count is still
    /// read: a malformed value is refused with 400. Over a connection that is not secure, the
    /// transport rule of both applies. A [`body`](Self::body) row has no rank, because a form body
    /// is read only if the head holds no subject; the dialect fails with
    /// [`DialectError::Rank`](crate::dialect::DialectError::Rank).
    ///
    /// # Examples
    ///
    /// A signed link that works for a client which also sends its own token:
    ///
    /// ```
    /// use tower_principal::dialect::TokenMeaning;
    /// use tower_principal::CredentialForm;
    ///
    /// const FORMS: &[CredentialForm] = &[
    ///     CredentialForm::scheme("Bearer", TokenMeaning::ACCESS_TOKEN),
    ///     CredentialForm::query("signed", TokenMeaning::ACCESS_TOKEN).rank(1),
    /// ];
    /// # assert_eq!(FORMS.len(), 2);
    /// ```
    #[must_use]
    pub const fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    /// Names the scheme of the challenge for a row without a scheme: a header of its own, a cookie,
    /// a parameter, a subprotocol, or a bare token. `word` is a token (RFC 9110 section 5.6.2).
    /// Rows with a scheme challenge with it and stay as they are.
    ///
    /// Defaults to no challenge: a refusal challenges with the schemes of the other rows. If no row
    /// of the dialect has a challenge, it is `ApiKey`, because a 401 needs one (RFC 9110 section
    /// 15.5.2). `Bearer` on a row of access tokens also sends the errors of RFC 6750.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::dialect::{PairMeaning, TokenMeaning};
    /// use tower_principal::CredentialForm;
    ///
    /// const FORMS: &[CredentialForm] = &[
    ///     CredentialForm::basic(PairMeaning::PASSWORD),
    ///     CredentialForm::header("x-service-key", TokenMeaning::API_KEY)
    ///         .challenge("ServiceKey"),
    /// ];
    /// # assert_eq!(FORMS.len(), 2);
    /// ```
    #[must_use]
    pub const fn challenge(self, word: &'static str) -> Self {
        Self { challenge: Some(word), ..self }
    }

    /// `Authorization: Basic base64(id:secret)` (RFC 7617).
    ///
    /// The text is UTF-8 or, if it is not valid UTF-8, ISO-8859-1. Control characters are
    /// malformed. Names and passwords are compared code point by code point: a client and a store
    /// have to use the same Unicode normalization form. RFC 7617 section 2.1 requires NFC.
    pub const fn basic(meaning: PairMeaning) -> Self {
        Self::of(Row::Basic(meaning))
    }

    /// `Authorization: WORD TOKEN` (RFC 6750 section 2.1). The word's case does not matter.
    pub const fn scheme(word: &'static str, meaning: TokenMeaning) -> Self {
        Self::of(Row::Scheme { word, colon: false, value: TokenSyntax::Token(meaning) })
    }

    /// `Authorization: WORD: TOKEN`, with the colon that OpenDataSoft's document shows.
    pub const fn scheme_colon(word: &'static str, meaning: TokenMeaning) -> Self {
        Self::of(Row::Scheme { word, colon: true, value: TokenSyntax::Token(meaning) })
    }

    /// `Authorization: TOKEN`, without a scheme (GeoDataHub). The token has 16 characters or more
    /// and is not the name of a known scheme.
    pub const fn bare(meaning: TokenMeaning) -> Self {
        Self::of(Row::Bare(meaning))
    }

    /// `NAME: TOKEN`, a separate header (Socrata's `X-App-Token`). An API key may hold any visible
    /// ASCII character there; all other tokens are `b64token`s.
    pub const fn header(name: &'static str, meaning: TokenMeaning) -> Self {
        Self::of(Row::Header { name, value: TokenSyntax::Token(meaning) })
    }

    /// `?NAME=TOKEN` (RFC 6750 section 2.3). The name is compared after percent-decoding.
    pub const fn query(name: &'static str, meaning: TokenMeaning) -> Self {
        Self::of(Row::Query { name, value: TokenSyntax::Token(meaning) })
    }

    /// `?ID=..&SECRET=..` (Usergrid). One without the other is malformed.
    pub const fn query_pair(id: &'static str, secret: &'static str, meaning: PairMeaning) -> Self {
        Self::of(Row::QueryPair { id, secret, classify: meaning })
    }

    /// `NAME=TOKEN` in a form body (RFC 6750 section 2.2). Read only if the layer has
    /// [`with_form_body`](crate::AuthenticateLayer::with_form_body) and the head holds no subject.
    pub const fn body(name: &'static str, meaning: TokenMeaning) -> Self {
        Self::of(Row::Body { name, value: TokenSyntax::Token(meaning), lenient: false })
    }

    /// The same as [`body`](Self::body), also on `GET` and without a `Content-Type`, as
    /// OpenDataSoft's document shows it.
    pub const fn body_any_content_type(name: &'static str, meaning: TokenMeaning) -> Self {
        Self::of(Row::Body { name, value: TokenSyntax::Token(meaning), lenient: true })
    }

    /// A cookie of this name (RFC 6265 section 4.2), with or without quotes around its value.
    ///
    /// `Cookie` may come in several lines, as HTTP/2 clients send it. The name is compared exactly.
    /// A name that comes twice is ambiguous, and an empty value is malformed. Other cookies are
    /// ignored.
    ///
    /// Browsers attach cookies to requests that other sites make. A request with the cookie
    /// therefore needs a proof of its origin unless its method is `GET`, `HEAD` or `OPTIONS`. A
    /// WebSocket handshake always needs one. The proof is `Sec-Fetch-Site: same-origin`, or without
    /// that header an `Origin` that is `https://` and the request's own authority. Origins of
    /// [`allow_origins`](Self::allow_origins) count as well. A request without a proof is refused
    /// before any verifier, as [`RejectionKind::CrossSite`](crate::RejectionKind::CrossSite) with
    /// 403.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::dialect::TokenMeaning;
    /// use tower_principal::CredentialForm;
    ///
    /// const SESSION: CredentialForm =
    ///     CredentialForm::cookie("__Host-session", TokenMeaning::ACCESS_TOKEN)
    ///         .allow_origins(&["https://app.example.org"]);
    /// ```
    pub const fn cookie(name: &'static str, meaning: TokenMeaning) -> Self {
        Self::of(Row::Cookie { name, value: TokenSyntax::Token(meaning), origins: &[] })
    }

    /// Also admits requests with this cookie from pages of these origins (RFC 6454 section 6.2:
    /// scheme, host and port without a path). Other rows stay as they are.
    ///
    /// Defaults to no origins. The dialect fails with
    /// [`DialectError::Origin`](crate::dialect::DialectError::Origin) for a value that is not an
    /// origin.
    #[must_use]
    pub const fn allow_origins(self, origins: &'static [&'static str]) -> Self {
        match self.row {
            Row::Cookie { name, value, .. } => Self { row: Row::Cookie { name, value, origins }, ..self },
            _ => self,
        }
    }

    /// A token among the subprotocols of a WebSocket handshake (RFC 6455 section 1.9), the only
    /// header that a browser's script can fill there.
    ///
    /// The token is cut out of `Sec-WebSocket-Protocol` before the request is forwarded, so that no
    /// handler echoes it. The word of [`Subprotocol::After`] stays, because a server has to select
    /// one of the offered words. In a request that is not a WebSocket handshake the token is
    /// malformed.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::dialect::{Subprotocol, TokenMeaning};
    /// use tower_principal::CredentialForm;
    ///
    /// const KUBERNETES: CredentialForm = CredentialForm::websocket_protocol(
    ///     Subprotocol::PrefixBase64Url("base64url.bearer.authorization.k8s.io."),
    ///     TokenMeaning::ACCESS_TOKEN,
    /// );
    /// const PAIR: CredentialForm = CredentialForm::websocket_protocol(
    ///     Subprotocol::After("bearer"),
    ///     TokenMeaning::ACCESS_TOKEN,
    /// );
    /// ```
    pub const fn websocket_protocol(at: Subprotocol, meaning: TokenMeaning) -> Self {
        Self::of(Row::Subprotocol { at, classify: meaning })
    }

    /// A custom grammar for the value after a scheme, in a header or in a query parameter.
    ///
    /// The challenge of its scheme has a name and a realm only: the error attributes of RFC 6750
    /// belong to [`scheme`](Self::scheme) rows of access tokens.
    ///
    /// # Examples
    ///
    /// `Authorization: Key id/secret`:
    ///
    /// ```
    /// use tower_principal::dialect::{CustomPlace, Malformed};
    /// use tower_principal::{Credential, CredentialForm, Pair, Secret};
    ///
    /// fn key(value: Secret<'_>) -> Result<Credential<'_>, Malformed> {
    ///     let (id, secret) = value.split_once('/').ok_or(Malformed)?;
    ///     Ok(Credential::KeyPair(Pair::new(id, secret)))
    /// }
    ///
    /// const KEY: CredentialForm =
    ///     CredentialForm::custom(CustomPlace::Scheme("Key"), key);
    /// ```
    pub const fn custom(place: CustomPlace, parse: CustomParser) -> Self {
        Self::at(place, TokenSyntax::Custom(parse))
    }

    /// A custom grammar that can return "no credential here" with `Ok(None)`: the request is then
    /// handled as if the place were empty.
    ///
    /// # Examples
    ///
    /// `X-Client: key=KEY` beside values that name a version only:
    ///
    /// ```
    /// use tower_principal::dialect::{CustomPlace, Malformed};
    /// use tower_principal::{Credential, CredentialForm, Secret};
    ///
    /// fn key(value: Secret<'_>) -> Result<Option<Credential<'_>>, Malformed> {
    ///     match value.split_once('=') {
    ///         Some((name, key)) if name.expose_secret() == "key" => {
    ///             Ok(Some(Credential::ApiKey(key)))
    ///         }
    ///         _ => Ok(None),
    ///     }
    /// }
    ///
    /// const KEY: CredentialForm =
    ///     CredentialForm::custom_optional(CustomPlace::Header("x-client"), key);
    /// ```
    pub const fn custom_optional(place: CustomPlace, parse: CustomOptionalParser) -> Self {
        Self::at(place, TokenSyntax::Optional(parse))
    }

    const fn at(place: CustomPlace, value: TokenSyntax) -> Self {
        Self::of(match place {
            CustomPlace::Scheme(word) => Row::Scheme { word, colon: false, value },
            CustomPlace::Header(name) => Row::Header { name, value },
            CustomPlace::Query(name) => Row::Query { name, value },
            CustomPlace::Cookie(name) => Row::Cookie { name, value, origins: &[] },
        })
    }
}
