//! The authorization servers: Usergrid's, and the one for OpenDataSoft's routes.

use tower_principal::server::profile::{self, Endpoint, Methods, Route};
use tower_principal::server::{AuthorizationServer, AuthorizationServerBuilder, Door, Profile};
use tower_principal::transport::Transport;

use super::throttled;
use crate::BoxError;
use crate::platform::Platform;

/// The standard, at OpenDataSoft's paths, which end with a slash.
const OPENDATASOFT: Profile = Profile {
    door: Door {
        routes: &[
            Route::new("/oauth2/authorize/", Endpoint::Authorize, Methods::GetAndPost),
            Route::new("/oauth2/token/", Endpoint::Token, Methods::Post),
            Route::new("/oauth2/revoke/", Endpoint::Revoke, Methods::Post),
            Route::new("/oauth2/introspect/", Endpoint::Introspect, Methods::Post),
        ],
        ..profile::STANDARD.door
    },
    ..profile::STANDARD
};

/// Returns the server that gives applications of Usergrid, and their users, tokens.
pub(super) fn usergrid(
    platform: &Platform,
    transport: &Transport,
    origin: &str,
) -> Result<AuthorizationServer, BoxError> {
    let server = builder(platform, transport, origin)?.only(profile::USERGRID);
    Ok(server.users(platform.passwords()).build()?)
}

/// Returns the server of the clients that are registered for OpenDataSoft's routes.
pub(super) fn opendatasoft(
    platform: &Platform,
    transport: &Transport,
    origin: &str,
) -> Result<AuthorizationServer, BoxError> {
    Ok(builder(platform, transport, origin)?.only(OPENDATASOFT).users(platform.passwords()).build()?)
}

fn builder(
    platform: &Platform,
    transport: &Transport,
    origin: &str,
) -> Result<AuthorizationServerBuilder, BoxError> {
    let stores = platform.store().clone();
    Ok(AuthorizationServer::builder(origin, stores, transport.clone()).throttle(throttled(())?))
}
