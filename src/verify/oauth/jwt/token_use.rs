//! The uses of JWTs.

use super::Kind;

/// A use of JWTs that a verifier accepts. It refuses every other JWT of the same issuer (RFC 8725
/// section 3.11).
///
/// | | `typ` header | the token's kind | its audience |
/// |---|---|---|---|
/// | `AccessToken` | `at+jwt` | access | `aud` |
/// | `PlainJwt` | `JWT` | access, or not named | `aud` |
/// | `UntypedJwt` | none | access, or not named | `aud` |
/// | `IdentityToken` | none or `JWT` | identity, or not named | a client in `aud` |
/// | `ServiceAccountToken` | none or `JWT` | `kubernetes.io` claim | `aud` |
/// | `CognitoAccess` | none or `JWT` | `token_use` is `access` | `aud`, or without it `client_id` |
/// | `CognitoIdentity` | none or `JWT` | `token_use` is `id` | `aud` |
///
/// The kind is read from everything that names it: `typ` in the header, and the claims `typ`,
/// `type`, `token_use`, `token_type`, `tokenType` and `drn`. The claims `nonce`, `at_hash`,
/// `c_hash` and `s_hash` of identity tokens count, too. In words, case, `_` and `-` do not matter:
///
/// * access: `Bearer`, `access`, `access_token`, `at+jwt`, `app`, `DS`, and words that
///   [`access_word`](crate::verify::JwtVerifierBuilder::access_word) adds;
/// * identity: `ID`, `id_token`, `identity`. An access token has no such word, and no `at_hash`,
///   `c_hash` or `s_hash`. It may have a `nonce` only if a word or the header names an access
///   token;
/// * refresh: `Refresh`, `Offline`, `refresh_token`, `DSR`. Such a token is always refused.
///
/// If a word is unknown or a claim is not a text, the token is refused. The claims of logout
/// tokens, security events, DPoP proofs, request objects, authorization responses and introspection
/// responses refuse it, too.
///
/// # Examples
///
/// GeoDataHub's clients send either of Amazon Cognito's tokens:
///
/// ```
/// use tower_principal::verify::{JwtVerifier, TokenUse};
///
/// let builder = JwtVerifier::builder(
///     "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example",
/// )
/// .audience("the-id-of-the-client")
/// .accept([TokenUse::CognitoAccess, TokenUse::CognitoIdentity]);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenUse {
    /// An access token by RFC 9068.
    AccessToken,
    /// An access token of an issuer that writes `JWT` as `typ`. An identity, refresh or logout
    /// token is refused if a claim marks it. An issuer that marks none of them needs different
    /// audiences.
    PlainJwt,
    /// Same without a `typ` in the header, as Okta writes access tokens.
    UntypedJwt,
    /// An identity token (OpenID Connect Core 1.0 section 2) of a client that
    /// [`identity_client`](crate::verify::JwtVerifierBuilder::identity_client) names, accepted like
    /// an access token. Access tokens are refused under this use: by a word, by `at+jwt`, or by
    /// scopes.
    IdentityToken,
    /// A token of a Kubernetes service account: `sub` is
    /// `system:serviceaccount:NAMESPACE:NAME`, with the names that the claim `kubernetes.io` has.
    ServiceAccountToken,
    /// An access token of Amazon Cognito.
    CognitoAccess,
    /// An identity token of Amazon Cognito, accepted like an access token.
    CognitoIdentity,
}

/// The marks of a use.
pub(super) struct Marks {
    pub(super) kinds: &'static [Kind],
    pub(super) is_identity: bool,
    /// True if `token_use` is required, false if it must be absent.
    pub(super) token_use: Option<bool>,
    pub(super) is_service_account: bool,
    pub(super) audience: Audience,
}

/// The claim with the audience of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// `aud` has a name of this service.
    Service,
    /// `aud`, or `client_id` if there is no `aud`.
    ServiceOrClient,
    /// `aud` has a client whose identity tokens are accepted.
    Client,
}

impl TokenUse {
    pub(super) const ALL: [Self; 7] = [
        Self::AccessToken,
        Self::PlainJwt,
        Self::UntypedJwt,
        Self::ServiceAccountToken,
        Self::CognitoAccess,
        Self::CognitoIdentity,
        Self::IdentityToken,
    ];

    pub(super) const fn marks(self) -> &'static Marks {
        match self {
            Self::AccessToken => &ACCESS_TOKEN,
            Self::PlainJwt => &PLAIN_JWT,
            Self::UntypedJwt => &UNTYPED_JWT,
            Self::IdentityToken => &IDENTITY_TOKEN,
            Self::ServiceAccountToken => &SERVICE_ACCOUNT_TOKEN,
            Self::CognitoAccess => &COGNITO_ACCESS,
            Self::CognitoIdentity => &COGNITO_IDENTITY,
        }
    }

    /// Returns the setting that accepts this use, for a log line.
    pub(super) const fn setting(self) -> &'static str {
        match self {
            Self::AccessToken => "accept(TokenUse::AccessToken)",
            Self::PlainJwt => "accept(TokenUse::PlainJwt)",
            Self::UntypedJwt => "accept(TokenUse::UntypedJwt)",
            Self::IdentityToken => "identity_client",
            Self::ServiceAccountToken => "accept(TokenUse::ServiceAccountToken)",
            Self::CognitoAccess => "accept(TokenUse::CognitoAccess)",
            Self::CognitoIdentity => "accept(TokenUse::CognitoIdentity)",
        }
    }
}

const ACCESS_TOKEN: Marks = Marks {
    kinds: &[Kind::AccessToken],
    is_identity: false,
    token_use: None,
    is_service_account: false,
    audience: Audience::Service,
};

const PLAIN_JWT: Marks = Marks { kinds: &[Kind::Jwt], token_use: Some(false), ..ACCESS_TOKEN };

const UNTYPED_JWT: Marks = Marks { kinds: &[Kind::Absent], token_use: Some(false), ..ACCESS_TOKEN };

const IDENTITY_TOKEN: Marks = Marks {
    kinds: &[Kind::Absent, Kind::Jwt],
    is_identity: true,
    audience: Audience::Client,
    ..ACCESS_TOKEN
};

const SERVICE_ACCOUNT_TOKEN: Marks =
    Marks { kinds: &[Kind::Absent, Kind::Jwt], is_service_account: true, ..UNTYPED_JWT };

const COGNITO_ACCESS: Marks = Marks {
    kinds: &[Kind::Absent, Kind::Jwt],
    token_use: Some(true),
    audience: Audience::ServiceOrClient,
    ..ACCESS_TOKEN
};

const COGNITO_IDENTITY: Marks = Marks { is_identity: true, audience: Audience::Service, ..COGNITO_ACCESS };
