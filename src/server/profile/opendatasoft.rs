//! OpenDataSoft.

use std::time::Duration;

use super::{
    AccessTokens, Codes, Door, Endpoint, Field, Methods, Pkce, Profile, RefreshTokens, Rotation, Route,
    STANDARD, ScopesAtRedemption, ScopesAtRefresh, Ways,
};
use crate::grant::{GrantType, Lifetime, RefreshRule, TokenShape};

/// OpenDataSoft's endpoints: `/oauth2/authorize/` and `/oauth2/token/`. The document does not name
/// the others: `revoke/`, `introspect/`, `login/`, `logout/` and `applications/`.
///
/// Codes, access tokens and refresh tokens are 30 alphanumeric characters. A code and an access
/// token last an hour, and a refresh token lasts until it is used once. The parameter `scopes` is
/// another name of `scope`. When a client redeems a code, it may ask for fewer scopes than the user
/// granted. If it names scopes when it refreshes, they must be those of its tokens. The answer
/// repeats `state`.
///
/// An application of OpenDataSoft belongs to one domain. To have the same, give each domain a
/// [tenant](crate::server::AuthorizationServerBuilder::tenants).
///
/// Strict clients can share the paths, see the [module](super).
///
/// These ways are weaker than the standard's:
///
/// * A code lasts an hour. RFC 6749 section 4.1.2 recommends 10 minutes at most, because a code may
///   leak through logs and `Referer`.
/// * [`Pkce::Accepted`]: a confidential client need not send a challenge, so a stolen code can be
///   injected into its callback. A public client has to send one, although the document does not.
/// * A refresh token that is not used never ends, so a copy in an old backup works. Set
///   [`Lifetimes::refresh`](crate::grant::Lifetimes::refresh) of an application to end it.
pub const OPENDATASOFT: Profile = Profile {
    name: "opendatasoft",
    door: Door {
        routes: &[
            Route::new("/oauth2/authorize/", Endpoint::Authorize, Methods::GetAndPost),
            Route::new("/oauth2/login/", Endpoint::LogIn, Methods::GetAndPost),
            Route::new("/oauth2/logout/", Endpoint::LogOut, Methods::GetAndPost),
            Route::new("/oauth2/applications/", Endpoint::Applications, Methods::GetAndPost),
            Route::new("/oauth2/token/", Endpoint::Token, Methods::Post),
            Route::new("/oauth2/revoke/", Endpoint::Revoke, Methods::Post),
            Route::new("/oauth2/introspect/", Endpoint::Introspect, Methods::Post),
        ],
        aliases: &[("scopes", "scope")],
        parameters: &["state"],
        ..STANDARD.door
    },
    ways: Ways {
        grants: &[GrantType::AuthorizationCode, GrantType::RefreshToken],
        codes: Codes {
            shape: SHAPE,
            lifetime: Duration::from_secs(3_600),
            pkce: Pkce::Accepted,
            page: false,
            scopes: ScopesAtRedemption::Narrow,
        },
        access: AccessTokens {
            shape: SHAPE,
            lifetime: Lifetime::seconds(3_600),
            jwt: None,
            lifetime_parameter: None,
        },
        refresh: Some(RefreshTokens {
            shape: SHAPE,
            idle: Lifetime::Unlimited,
            rule: RefreshRule::new(),
            rotation: Rotation::Always,
            scopes: ScopesAtRefresh::Match,
        }),
        grant_lifetime: Lifetime::Unlimited,
        answer: &[
            Field::AccessToken,
            Field::ExpiresIn,
            Field::TokenType,
            Field::State,
            Field::Scope,
            Field::RefreshToken,
        ],
    },
};

const SHAPE: TokenShape = TokenShape::Alphanumeric(30);
