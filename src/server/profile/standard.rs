//! The standard: RFC 6749 as RFC 9700 and OAuth 2.1 narrow it.

use std::time::Duration;

use super::{
    AccessTokens, Codes, Door, Endpoint, Field, JwtClaims, Methods, Pkce, Place, Profile, RefreshTokens,
    RefusalBody, Rotation, Route, ScopesAtRedemption, ScopesAtRefresh, Ways,
};
use crate::grant::{GrantType, Lifetime, RefreshRule, TokenShape};

/// The standard profile: RFC 6749 as RFC 9700 narrows it. It is the default.
///
/// It has the pages `/oauth2/authorize` (RFC 6749 section 3.1), `/oauth2/login`, `/oauth2/logout`
/// and `/oauth2/applications`, and the endpoints `/oauth2/token`, `/oauth2/revoke` (RFC 7009),
/// `/oauth2/introspect` (RFC 7662) and `/oauth2/jwks` (RFC 7517). The parameters of a page are in
/// the query, and all others in the form of a POST. Codes last 60 s and need an S256 challenge.
/// Access tokens last an hour, and are JWTs if the server has a signer. Refresh tokens change at
/// each use, end after 30 days without use, and after a year at the latest. There is no grant type
/// `password`.
pub const STANDARD: Profile = Profile {
    name: "standard",
    door: Door {
        routes: &[
            Route::new("/oauth2/authorize", Endpoint::Authorize, Methods::GetAndPost),
            Route::new("/oauth2/login", Endpoint::LogIn, Methods::GetAndPost),
            Route::new("/oauth2/applications", Endpoint::Applications, Methods::GetAndPost),
            Route::new("/oauth2/logout", Endpoint::LogOut, Methods::GetAndPost),
            Route::new("/oauth2/token", Endpoint::Token, Methods::Post),
            Route::new("/oauth2/revoke", Endpoint::Revoke, Methods::Post),
            Route::new("/oauth2/introspect", Endpoint::Introspect, Methods::Post),
            Route::new("/oauth2/jwks", Endpoint::Keys, Methods::Get),
        ],
        places: &[Place::Form],
        any_content_type: false,
        aliases: &[],
        parameters: &[],
        secret_client_ids: false,
        refusals: &[],
        body: RefusalBody::OAuth,
    },
    ways: Ways {
        grants: &[GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials],
        codes: Codes {
            shape: SHAPE,
            lifetime: Duration::from_secs(60),
            pkce: Pkce::Required,
            page: false,
            scopes: ScopesAtRedemption::Ignored,
        },
        access: AccessTokens {
            shape: SHAPE,
            lifetime: Lifetime::seconds(3_600),
            jwt: Some(JwtClaims::Rfc9068),
            lifetime_parameter: None,
        },
        refresh: Some(RefreshTokens {
            shape: SHAPE,
            idle: Lifetime::seconds(30 * DAY),
            rule: RefreshRule::new(),
            rotation: Rotation::Always,
            scopes: ScopesAtRefresh::Narrow,
        }),
        grant_lifetime: Lifetime::seconds(365 * DAY),
        answer: &[Field::AccessToken, Field::TokenType, Field::ExpiresIn, Field::RefreshToken, Field::Scope],
    },
};

const SHAPE: TokenShape = TokenShape::prefixed("tp");

const DAY: u64 = 24 * 3_600;
