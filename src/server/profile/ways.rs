//! The settings of a profile that apply when the client is known.

use std::time::Duration;

use crate::grant::{GrantType, Lifetime, RefreshRule, TokenShape};

/// Grant types of a profile, its tokens, and the fields of its answer.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "services write it as data")]
pub struct Ways {
    /// Grant types. An application may use one of them only if it is registered for it.
    pub grants: &'static [GrantType],
    /// Authorization codes.
    pub codes: Codes,
    /// Access tokens.
    pub access: AccessTokens,
    /// Refresh tokens; `None` if the profile has none.
    pub refresh: Option<RefreshTokens>,
    /// Lifetime of a grant of a user, unless the application has its own. No renewal exceeds it.
    pub grant_lifetime: Lifetime,
    /// Fields of a successful answer, in this order.
    pub answer: &'static [Field],
}

/// Authorization codes of a profile.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "services write it as data")]
pub struct Codes {
    /// Shape.
    pub shape: TokenShape,
    /// Time for which a code can be redeemed. RFC 6749 section 4.1.2 recommends 10 minutes at most.
    pub lifetime: Duration,
    /// Rule for code challenges.
    pub pkce: Pkce,
    /// `true` if a page shows the code to the user when the application has no redirect URI. The
    /// user copies the code into the application. Because another site can ask the user to paste
    /// the code there, the standard profile has no such page.
    pub page: bool,
    /// Rule for the scopes of the request that redeems a code.
    pub scopes: ScopesAtRedemption,
}

/// Rule for code challenges (RFC 7636).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pkce {
    /// Every code has an S256 challenge.
    Required,
    /// A confidential client may leave the challenge out. Such a client has no protection against
    /// injected codes (RFC 9700 section 2.1.1).
    Accepted,
    /// Every client may leave the challenge out, also a public one. Then any program that sees the
    /// code can redeem it: an app that catches the redirect, or a reader of the browser's history.
    /// RFC 9700 section 2.1.1 forbids this for public clients.
    Optional,
}

/// Rule for the scopes of a request that redeems a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopesAtRedemption {
    /// The parameter is ignored, because RFC 6749 section 4.1.3 does not have it.
    Ignored,
    /// A client may ask for fewer scopes than the user granted.
    Narrow,
}

/// Access tokens of a profile.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "services write it as data")]
pub struct AccessTokens {
    /// Shape of an opaque token.
    pub shape: TokenShape,
    /// Lifetime, unless the application has its own.
    pub lifetime: Lifetime,
    /// Claims of a token that is a JWT. If the server has no signer, or if this is `None`, access
    /// tokens are opaque.
    pub jwt: Option<JwtClaims>,
    /// Parameter with which a client asks for a shorter lifetime, in milliseconds; 0 asks for the
    /// longest. It has to be one of [`Door::parameters`](super::Door::parameters). `None` if the
    /// platform has no such parameter.
    pub lifetime_parameter: Option<&'static str>,
}

/// Claims of access tokens that are JWTs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtClaims {
    /// Those of RFC 9068. The type in the header is `at+jwt`.
    #[default]
    Rfc9068,
    /// Those of Amazon Cognito's access tokens: `token_use` is `access`, and `aud` is present only
    /// if the client asked for a resource (RFC 8707). `sub` is the user's UUID if there is one, and
    /// `username` is the name. The header has no type. A verifier with the default
    /// [use](crate::verify::TokenUse) refuses such a token.
    Cognito,
}

/// Refresh tokens of a profile.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "services write it as data")]
pub struct RefreshTokens {
    /// Shape.
    pub shape: TokenShape,
    /// Time after which an unused token ends, unless the application has its own.
    pub idle: Lifetime,
    /// Rule for the token before the current one.
    pub rule: RefreshRule,
    /// Which clients get a new token at each use.
    pub rotation: Rotation,
    /// Rule for the scopes of a refresh request.
    pub scopes: ScopesAtRefresh,
}

/// Which clients get a new refresh token at each use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// All clients.
    Always,
    /// Public clients, as RFC 9700 section 4.14.2 requires. The token of a confidential client
    /// stays in force, with its end.
    PublicClients,
    /// No client. A copy of a public client's token works beside the original until both end, and
    /// nothing shows that there are two. RFC 9700 section 4.14.2 forbids this for public clients.
    Never,
}

/// Rule for the scopes of a refresh request (RFC 6749 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopesAtRefresh {
    /// A client may ask for fewer scopes than were granted.
    Narrow,
    /// If a client names scopes, they must be all scopes of its tokens so far. Later tokens never
    /// have more than these.
    Match,
}

/// Field of a successful answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// `access_token`.
    AccessToken,
    /// `token_type`: `Bearer`.
    TokenType,
    /// `expires_in`, in seconds. Absent if the token does not expire.
    ExpiresIn,
    /// `refresh_token`. Absent if there is none.
    RefreshToken,
    /// `scope`. Absent if the token has no scopes.
    Scope,
    /// `user`: an object with `uuid`, `type` and `username`. Absent if the client acts for itself.
    User,
    /// `application`: the UUID in the client's id, or else the application's name. Absent if the
    /// client is not an application's, or acts for a user.
    Application,
    /// `organization`: an object with `name` and, if the client's id has it, `uuid`. Absent if the
    /// client is not an organization's, or acts for a user.
    Organization,
    /// `state`: the text that the client sent, for the client to compare. Absent if it sent none.
    /// The parameter has to be one of [`Door::parameters`](super::Door::parameters).
    State,
    /// `id_token`: a JWT that describes the user to the client, as Amazon Cognito's does. It has
    /// the lifetime of the access token. Absent if the access token is no JWT, or if the client
    /// acts for itself.
    IdToken,
}

impl Pkce {
    /// Returns `true` if a client may leave the challenge out.
    pub(in crate::server) const fn is_optional(self, is_confidential: bool) -> bool {
        match self {
            Self::Required => false,
            Self::Accepted => is_confidential,
            Self::Optional => true,
        }
    }
}

impl RefreshTokens {
    /// Returns `true` if this client gets a new refresh token at each use.
    pub(in crate::server) const fn rotates(&self, is_confidential: bool) -> bool {
        match self.rotation {
            Rotation::Always => true,
            Rotation::PublicClients => !is_confidential,
            Rotation::Never => false,
        }
    }
}
