//! What every request of a server shares.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::browser::BrowserSettings;
use super::collect::BodyLimits;
use super::issuer::Issuer;
use super::profile::{Endpoint, Profile, Ways};
use super::routes::Routes;
use super::sign::SignTokens;
use super::stores::Stores;
use crate::clock::Clock;
use crate::grant::Application;
use crate::request::RequestHead;
use crate::transport::{Security, Transport};
use crate::verify::{BoxVerifier, Throttled};

/// A function that returns the stores of a request's tenant.
pub(super) type Tenants = Arc<dyn for<'r> Fn(&RequestHead<'r>) -> Option<Stores> + Send + Sync>;

/// The settings of a server.
pub(super) struct State {
    pub(super) issuer: Issuer,
    pub(super) stores: Stores,
    pub(super) tenants: Option<Tenants>,
    pub(super) users: Option<BoxVerifier>,
    pub(super) browser: BrowserSettings,
    pub(super) transport: Transport,
    /// At least one; the first is that of applications without a profile.
    pub(super) profiles: Vec<Profile>,
    pub(super) routes: Routes,
    pub(super) resources: Vec<Resource>,
    pub(super) signer: Option<Arc<dyn SignTokens>>,
    pub(super) guesses: Throttled<()>,
    pub(super) body: BodyLimits,
    /// Time after which the client stops waiting for the stores.
    pub(super) deadline: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

/// A service that tokens are issued for (RFC 8707).
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) uri: String,
    /// Scopes of the service, for metadata.
    pub(super) scopes: Vec<String>,
}

impl State {
    /// Returns the stores for a request; `None` if it is of no tenant that is known.
    pub(super) fn stores_of(&self, head: &RequestHead<'_>) -> Option<Stores> {
        match &self.tenants {
            Some(tenants) => tenants(head),
            None => Some(self.stores.clone()),
        }
    }

    /// Returns `true` if the connection is secure. If the issuer is an `http` URL, a client on this
    /// machine counts as secure.
    pub(super) fn is_secure(&self, head: RequestHead<'_>) -> bool {
        let is_local =
            || self.transport.client(head).is_some_and(|client| client.to_canonical().is_loopback());
        self.transport.security(head) == Security::Secure || self.issuer.is_loopback_http() && is_local()
    }

    /// Returns `true` if users can log in at this server, so that it has pages.
    pub(super) const fn has_pages(&self) -> bool {
        self.users.is_some() || self.browser.login.is_some()
    }

    /// Returns the URL of an endpoint, below the issuer: of the first path that has no names in it.
    /// Returns `None` if there is none.
    pub(super) fn url(&self, endpoint: Endpoint) -> Option<String> {
        let (_, path) = self.described(endpoint).next()?;
        Some(self.issuer.below(path))
    }

    /// Returns the profiles that have an endpoint at a path without names, with the path.
    pub(super) fn described(&self, endpoint: Endpoint) -> impl Iterator<Item = (&Profile, &'static str)> {
        self.profiles.iter().filter_map(move |profile| {
            let mut routes = profile.door.routes.iter();
            let route = routes.find(|route| route.endpoint == endpoint && !route.path.contains('{'))?;
            Some((profile, route.path))
        })
    }

    /// Returns the profile of an application; `None` if this server does not have it.
    pub(super) fn profile_of(&self, application: &Application) -> Option<&Profile> {
        match application.profile.as_deref() {
            Some(name) => self.profiles.iter().find(|profile| profile.name == name),
            None => self.profiles.first(),
        }
    }

    /// Returns the ways of an application; `None` if this server does not have its profile.
    pub(super) fn ways_of(&self, application: &Application) -> Option<&Ways> {
        self.profile_of(application).map(|profile| &profile.ways)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("State");
        shown.field("issuer", &self.issuer.as_str()).field("stores", &self.stores);
        shown.field("profiles", &self.profiles.iter().map(|profile| profile.name).collect::<Vec<_>>());
        shown.field("transport", &self.transport).finish_non_exhaustive()
    }
}
