//! What a JWT is for.

use super::Kind;

/// What a JWT is for, and how that is told: a verifier takes those it was told to take, and refuses
/// every other JWT of the same issuer (RFC 8725 section 3.11).
///
/// | | `typ` header | `token_use` claim | its audience |
/// |---|---|---|---|
/// | `AccessToken` | `at+jwt` | none | `aud` |
/// | `PlainJwt` | `JWT` | none | `aud` |
/// | `CognitoAccess` | none or `JWT` | `access` | `aud`, or where there is none `client_id` |
/// | `CognitoIdentity` | none or `JWT` | `id` | `aud` |
///
/// # Examples
///
/// GeoDataHub's clients send either of Amazon Cognito's tokens:
///
/// ```
/// use tower_principal::{JwtVerifier, verify::TokenUse};
///
/// let builder = JwtVerifier::builder("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example")
///     .audience("the-id-of-the-client")
///     .accept([TokenUse::CognitoAccess, TokenUse::CognitoIdentity]);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenUse {
    /// An access token by RFC 9068.
    AccessToken,
    /// An access token of an issuer that does not say so in `typ`. Identity, refresh, logout and DPoP
    /// tokens are told by their claims, as far as they have such.
    PlainJwt,
    /// An access token of Amazon Cognito.
    CognitoAccess,
    /// An identity token of Amazon Cognito, taken for an access token: the service has to want that.
    CognitoIdentity,
}

/// How a use is told.
pub(super) struct Marks {
    pub(super) kinds: &'static [Kind],
    pub(super) token_use: Option<&'static str>,
    /// Whether `client_id` stands for an absent `aud`.
    pub(super) client_for_audience: bool,
    pub(super) is_identity: bool,
}

impl TokenUse {
    pub(super) const fn marks(self) -> &'static Marks {
        match self {
            Self::AccessToken => &ACCESS_TOKEN,
            Self::PlainJwt => &PLAIN_JWT,
            Self::CognitoAccess => &COGNITO_ACCESS,
            Self::CognitoIdentity => &COGNITO_IDENTITY,
        }
    }
}

const ACCESS_TOKEN: Marks =
    Marks { kinds: &[Kind::AccessToken], token_use: None, client_for_audience: false, is_identity: false };

const PLAIN_JWT: Marks = Marks { kinds: &[Kind::Jwt], ..ACCESS_TOKEN };

const COGNITO_ACCESS: Marks = Marks {
    kinds: &[Kind::Absent, Kind::Jwt],
    token_use: Some("access"),
    client_for_audience: true,
    is_identity: false,
};

const COGNITO_IDENTITY: Marks = Marks {
    kinds: &[Kind::Absent, Kind::Jwt],
    token_use: Some("id"),
    client_for_audience: false,
    is_identity: true,
};
