//! The settings of a profile that apply before the client is known.

use crate::server::refusal::{Refusal, RefusalKind, RefusalRow};

/// The paths of a profile, the places of parameters, and the shape of refusals.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "services write it as data")]
pub struct Door {
    /// Endpoints by their paths. Profiles may share a path; the first of them reads its requests.
    pub routes: &'static [Route],
    /// Places of parameters. A request that has the same parameter in two places is refused. An
    /// authorization request has its parameters in the query in any case.
    pub places: &'static [Place],
    /// `true` if the media type of the body does not matter. If `false`, a form needs
    /// `application/x-www-form-urlencoded`. A body with a content encoding, another charset than
    /// UTF-8 or two `Content-Type` lines is always refused.
    pub any_content_type: bool,
    /// Other names of parameters: the name in a request, and the parameter that it stands for.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Parameters of this platform, beside those of the standards.
    pub parameters: &'static [&'static str],
    /// `true` if the platform uses client ids as credentials elsewhere, so no event names a client.
    /// Events then have only the fingerprint of the id.
    pub secret_client_ids: bool,
    /// Rows that replace those of [`RefusalKind::row`]. The first that fits counts. Pages do not
    /// use them.
    pub refusals: &'static [(RefusalKind, RefusalRow)],
    /// Shape of a refusal's body. A refusal in a browser is a page instead.
    pub body: RefusalBody,
}

/// An endpoint at a path.
///
/// # Examples
///
/// ```
/// use tower_principal::server::profile::{Endpoint, Methods, Route};
///
/// const TOKEN: Route =
///     Route::new("/{org}/{app}/token", Endpoint::Token, Methods::GetAndPost)
///         .implied_client("{org}.{app}");
/// assert_eq!(TOKEN.path, "/{org}/{app}/token");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// Path, below the place at which the server is mounted. `{name}` stands for one segment.
    pub path: &'static str,
    /// Endpoint.
    pub endpoint: Endpoint,
    /// Methods of the endpoint.
    pub methods: Methods,
    /// Id of the public application that a request without client credentials is from; `{name}`
    /// stands for the segment of the path. `None` if every request names its client.
    pub client: Option<&'static str>,
}

/// Shape of the body of a refusal, which is a JSON object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalBody {
    /// `error`, `exception` if the row has it, and `error_description` (RFC 6749 section 5.2).
    #[default]
    OAuth,
    /// `code`, `error`, which is `true`, and `message`, as SODA 2.1 has them. The code is that of
    /// RFC 6749.
    Soda,
}

/// What an endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// Asks a user at a browser whether a client may act for the user (RFC 6749 section 3.1).
    Authorize,
    /// Logs a user in, without a client that asks for it.
    LogIn,
    /// Ends the browser session of a user, with the grants that were made in it.
    LogOut,
    /// Lists the applications that act for a user, and ends their access.
    Applications,
    /// Issues tokens (RFC 6749 section 3.2).
    Token,
    /// Ends the grant of a token (RFC 7009).
    Revoke,
    /// Describes a token to a service (RFC 7662).
    Introspect,
    /// Publishes the keys that verify access tokens (RFC 7517). Not found without a signer.
    Keys,
    /// Describes the server (RFC 8414). Every server has it at the path of its issuer.
    Metadata,
}

/// Methods of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Methods {
    /// `GET` and `HEAD`.
    Get,
    /// `POST`.
    Post,
    /// `GET` and `POST`. The profile's parameters should then be allowed in the query.
    GetAndPost,
}

/// Place of parameters in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The query of the target. It ends up in logs, so RFC 6749 section 2.3.1 forbids it for client
    /// secrets.
    Query,
    /// A form in the body.
    Form,
    /// A JSON object in the body. A body is read as JSON if it starts with `{` or `[` after white
    /// space.
    Json,
}

impl Route {
    /// Returns a route at which every request names its client.
    pub const fn new(path: &'static str, endpoint: Endpoint, methods: Methods) -> Self {
        Self { path, endpoint, methods, client: None }
    }

    /// Sets the public application that a request without client credentials is from.
    #[must_use]
    pub const fn implied_client(mut self, id: &'static str) -> Self {
        self.client = Some(id);
        self
    }
}

impl Endpoint {
    /// Returns `true` if the endpoint answers browsers with pages.
    pub(in crate::server) const fn is_page(self) -> bool {
        matches!(self, Self::Authorize | Self::LogIn | Self::LogOut | Self::Applications)
    }
}

impl Methods {
    /// Returns the value of `Allow`.
    pub const fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
            Self::GetAndPost => "GET, POST",
        }
    }

    /// Returns `true` if the endpoint has this method.
    pub fn contains(self, method: &http::Method) -> bool {
        self.allow().split(", ").any(|name| name == method.as_str())
    }
}

impl Door {
    /// Returns the row of the profile for a refusal; `None` if the standard row is the answer.
    pub(in crate::server) fn row(&self, refusal: &Refusal) -> Option<&RefusalRow> {
        let fits = |row: &RefusalRow| row.carrier.is_none_or(|place| refusal.carrier == Some(place));
        self.refusals.iter().find(|(of, row)| *of == refusal.kind && fits(row)).map(|(_, row)| row)
    }
}
