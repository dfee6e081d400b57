//! The authorization servers, one for each platform. Strict clients share the paths of each.

use axum::Router;
use tower_principal::server::profile::{self, Profile};
use tower_principal::server::{AuthorizationServer, AuthorizationServerBuilder, Signer};
use tower_principal::transport::Transport;

use super::throttled;
use crate::BoxError;
use crate::home;
use crate::platform::Platform;

/// The start of the path of a server's metadata.
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// The profiles of each platform's server. An application without a profile has the first.
pub(crate) const USERGRID: &[Profile] = &[profile::USERGRID];
pub(crate) const SOCRATA: &[Profile] =
    &[strict(&profile::SOCRATA), profile::SOCRATA, profile::SOCRATA_WITH_TOKEN_TYPE];
pub(crate) const OPENDATASOFT: &[Profile] = &[strict(&profile::OPENDATASOFT), profile::OPENDATASOFT];
pub(crate) const GEODATAHUB: &[Profile] = &[strict(&profile::GEODATAHUB), profile::GEODATAHUB];

/// Settings that all servers share.
#[derive(Clone, Copy)]
pub(super) struct Issuing<'p> {
    pub(super) transport: &'p Transport,
    /// The portal's public URL.
    pub(super) origin: &'p str,
}

impl Issuing<'_> {
    /// Returns the server for Usergrid's applications.
    pub(super) fn usergrid(self, platform: &Platform) -> Result<AuthorizationServer, BoxError> {
        Ok(self.builder(platform, self.origin, USERGRID)?.build()?)
    }

    /// Returns the routes of the server for Socrata's applications. The metadata of the portal is
    /// that of OpenDataSoft's server, which has the same issuer.
    pub(super) fn socrata(self, platform: &Platform) -> Result<Router, BoxError> {
        Ok(endpoints(&self.builder(platform, self.origin, SOCRATA)?.build()?))
    }

    /// Returns the routes of the server for OpenDataSoft's applications.
    pub(super) fn opendatasoft(self, platform: &Platform) -> Result<Router, BoxError> {
        let builder = self.builder(platform, self.origin, OPENDATASOFT)?;
        Ok(builder.scope_text("all", "Read and change all of your data").build()?.router())
    }

    /// Returns the routes of GeoDataHub's server, which is an issuer below `/geodatahub`.
    pub(super) fn geodatahub(self, platform: &Platform, signer: &Signer) -> Result<Router, BoxError> {
        let issuer = format!("{}/geodatahub", self.origin);
        let builder = self.builder(platform, &issuer, GEODATAHUB)?.sign(signer.clone());
        let server = builder.scope_text("datasets", "Read your datasets").build()?;
        let metadata = format!("{METADATA}/geodatahub");
        Ok(Router::new().nest("/geodatahub", endpoints(&server)).route_service(&metadata, server))
    }

    fn builder(
        self,
        platform: &Platform,
        issuer: &str,
        profiles: &[Profile],
    ) -> Result<AuthorizationServerBuilder, BoxError> {
        let (first, others) = profiles.split_first().ok_or("a server needs a profile")?;
        let builder = AuthorizationServer::builder(issuer, platform.store().clone(), self.transport.clone());
        let builder = others.iter().copied().fold(builder.only(*first), AuthorizationServerBuilder::profile);
        Ok(builder.users(platform.passwords()).pages(home::pages()).throttle(throttled(())?))
    }
}

/// Returns the standard profile at the paths of a platform.
const fn strict(platform: &Profile) -> Profile {
    Profile { door: platform.door, ..profile::STANDARD }
}

/// Returns the routes of a server, without its metadata.
fn endpoints(server: &AuthorizationServer) -> Router {
    let paths = server.paths().filter(|path| !path.starts_with(METADATA));
    paths.fold(Router::new(), |router, path| router.route_service(path, server.clone()))
}
