//! Socrata.

use super::{
    AccessTokens, Codes, Door, Endpoint, Field, Methods, Pkce, Place, Profile, RefusalBody, Route, STANDARD,
    Ways,
};
use crate::grant::{GrantType, Lifetime};

/// Socrata's server flow: `/oauth/authorize` and `/oauth/access_token`.
///
/// The client id is the app token of an application, and the client secret its secret token. The
/// parameters of the token endpoint are in the query of the POST, as the document has them, or in a
/// form. The only grant type is `authorization_code`. The answer is `{"access_token": ".."}`, and
/// there is no refresh token. Refusals have the shape of SODA 2.1, with the codes of RFC 6749.
///
/// Users log in and out at `/oauth/login` and `/oauth/logout`, and `/oauth/applications` lists what
/// they allowed; the document does not name such pages.
///
/// Register the document's *Callback Prefix* as a redirect URI with
/// [`redirect_prefixes`](crate::grant::Application::redirect_prefixes).
///
/// The document defines neither codes nor lifetimes. Codes are those of the
/// [standard](super::STANDARD), and an access token lasts 24 hours. After that the user has to
/// allow the application again.
///
/// These ways are weaker than the standard's:
///
/// * [`Place::Query`]: secrets and codes in the query of a request end up in logs of servers and
///   proxies. A client that sends a form avoids this.
/// * [`Pkce::Accepted`]: a confidential client need not send a challenge, so a stolen code can be
///   injected into its callback.
/// * The answer has no `token_type`, which RFC 6749 section 5.1 requires. See
///   [`SOCRATA_WITH_TOKEN_TYPE`].
pub const SOCRATA: Profile = Profile {
    name: "socrata",
    door: Door {
        routes: &[
            Route::new("/oauth/authorize", Endpoint::Authorize, Methods::GetAndPost),
            Route::new("/oauth/login", Endpoint::LogIn, Methods::GetAndPost),
            Route::new("/oauth/logout", Endpoint::LogOut, Methods::GetAndPost),
            Route::new("/oauth/applications", Endpoint::Applications, Methods::GetAndPost),
            Route::new("/oauth/access_token", Endpoint::Token, Methods::Post),
        ],
        places: &[Place::Query, Place::Form],
        // The client id is the app token, which is a credential at the API.
        secret_client_ids: true,
        body: RefusalBody::Soda,
        ..STANDARD.door
    },
    ways: Ways {
        grants: &[GrantType::AuthorizationCode],
        codes: Codes { pkce: Pkce::Accepted, ..STANDARD.ways.codes },
        access: AccessTokens { lifetime: Lifetime::seconds(24 * 3_600), jwt: None, ..STANDARD.ways.access },
        refresh: None,
        answer: &[Field::AccessToken],
        ..STANDARD.ways
    },
};

/// [`SOCRATA`] with `token_type` and `expires_in` in the answer, for clients that insist on RFC
/// 6749 section 5.1.
///
/// `token_type` is `Bearer`, although the dialect [`SOCRATA`](crate::dialect::SOCRATA) reads a
/// token only behind the scheme `OAuth`.
pub const SOCRATA_WITH_TOKEN_TYPE: Profile = Profile {
    name: "socrata-with-token-type",
    ways: Ways { answer: &[Field::AccessToken, Field::TokenType, Field::ExpiresIn], ..SOCRATA.ways },
    ..SOCRATA
};
