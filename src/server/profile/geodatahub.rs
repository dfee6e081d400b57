//! GeoDataHub.

use std::time::Duration;

use super::{
    AccessTokens, Codes, Door, Endpoint, Field, JwtClaims, Methods, Pkce, Profile, RefreshTokens, Rotation,
    Route, STANDARD, ScopesAtRedemption, ScopesAtRefresh, Ways,
};
use crate::grant::{GrantType, Lifetime, RefreshRule, TokenShape};

/// GeoDataHub's endpoints, which are Amazon Cognito's: `/oauth2/authorize`, `/oauth2/token` and
/// `/oauth2/revoke`, with the keys at `/.well-known/jwks.json`. Users log in and out at
/// `/oauth2/login` and `/oauth2/logout`, and `/oauth2/applications` lists what they allowed.
///
/// If the application has no redirect URI, a page shows the user a one-time code, a UUID, which the
/// user copies into the application. The client redeems a code with `redirect_uri` or with the
/// document's `redirection_uri`. It gets an access token and an identity token for an hour, and a
/// refresh token for 27 days. The first two are JWTs with Cognito's [claims](JwtClaims::Cognito).
/// Give the server an RSA key, because Cognito signs with `RS256`. Without a signer, the access
/// token is opaque and there is no identity token.
///
/// The document does not define two times. Here, a code lasts 5 minutes, which is enough to copy
/// it. A public client gets a new refresh token at each use, and all its refresh tokens end 27 days
/// after the user allowed the client.
///
/// These ways are weaker than the standard's:
///
/// * [`Codes::page`]: another site can ask the user to paste the code there.
/// * [`Pkce::Optional`]: a client without a secret need not send a challenge, because the document
///   has none. The program that redeems the code first then gets the tokens.
/// * [`TokenShape::Uuid`]: a code has 122 random bits, and not 160.
///
/// GeoDataHub itself does not replace a refresh token at its use, and its client does not store a
/// new one. [`Rotation::Never`] has this behaviour and its risk:
///
/// ```
/// use tower_principal::server::profile::{GEODATAHUB, RefreshTokens, Rotation};
/// use tower_principal::server::{Profile, Ways};
///
/// const AS_DOCUMENTED: Profile = Profile {
///     ways: Ways {
///         refresh: match GEODATAHUB.ways.refresh {
///             Some(refresh) => Some(RefreshTokens {
///                 rotation: Rotation::Never,
///                 ..refresh
///             }),
///             None => None,
///         },
///         ..GEODATAHUB.ways
///     },
///     ..GEODATAHUB
/// };
/// # let _ = AS_DOCUMENTED;
/// ```
pub const GEODATAHUB: Profile = Profile {
    name: "geodatahub",
    door: Door {
        routes: &[
            Route::new("/oauth2/authorize", Endpoint::Authorize, Methods::GetAndPost),
            Route::new("/oauth2/login", Endpoint::LogIn, Methods::GetAndPost),
            Route::new("/oauth2/logout", Endpoint::LogOut, Methods::GetAndPost),
            Route::new("/oauth2/applications", Endpoint::Applications, Methods::GetAndPost),
            Route::new("/oauth2/token", Endpoint::Token, Methods::Post),
            Route::new("/oauth2/revoke", Endpoint::Revoke, Methods::Post),
            Route::new("/.well-known/jwks.json", Endpoint::Keys, Methods::Get),
        ],
        aliases: &[("redirection_uri", "redirect_uri")],
        ..STANDARD.door
    },
    ways: Ways {
        grants: &[GrantType::AuthorizationCode, GrantType::RefreshToken],
        codes: Codes {
            shape: TokenShape::Uuid,
            lifetime: Duration::from_secs(5 * 60),
            pkce: Pkce::Optional,
            page: true,
            scopes: ScopesAtRedemption::Ignored,
        },
        access: AccessTokens { jwt: Some(JwtClaims::Cognito), ..STANDARD.ways.access },
        refresh: Some(RefreshTokens {
            shape: TokenShape::prefixed("tp"),
            idle: LOG_IN,
            rule: RefreshRule::new(),
            rotation: Rotation::PublicClients,
            scopes: ScopesAtRefresh::Narrow,
        }),
        grant_lifetime: LOG_IN,
        answer: &[
            Field::AccessToken,
            Field::RefreshToken,
            Field::IdToken,
            Field::TokenType,
            Field::ExpiresIn,
            Field::Scope,
        ],
    },
};

/// Lifetime of a log-in: 27 days.
const LOG_IN: Lifetime = Lifetime::seconds(27 * 24 * 3_600);
