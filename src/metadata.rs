//! The metadata document of a protected resource (RFC 9728).
//!
//! It leads a client that has only your URL to the authorization server. The guide's chapter on
//! [operations](crate::guide::operations) names the setting of the layer that announces it.
//!
//! # Examples
//!
//! ```
//! use tower_principal::dialect;
//! use tower_principal::metadata::ProtectedResource;
//!
//! let document =
//!     ProtectedResource::new("https://api.example", &dialect::RFC6750)?;
//! assert_eq!(document.path(), "/.well-known/oauth-protected-resource");
//! # Ok::<(), tower_principal::metadata::InvalidResource>(())
//! ```

use std::collections::BTreeSet;

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, Uri};
use serde_json::{Value, json};
use thiserror::Error;

use crate::credential::CredentialKind;
use crate::dialect::row::Row;
use crate::dialect::{Dialect, DialectError};
use crate::principal::Scopes;
use crate::read::Table;

/// The metadata document of a protected resource (RFC 9728 section 2). It names the authorization
/// servers for clients that have only the resource's URL, such as those of the Model Context
/// Protocol.
///
/// Serve it at [`path`](Self::path), outside the layer, and name it in the layer's challenges with
/// [`AuthenticateLayer::resource_metadata`](crate::AuthenticateLayer::resource_metadata).
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, body::Body, routing::get};
/// use tower_principal::metadata::ProtectedResource;
/// use tower_principal::verify::MemoryVerifier;
/// use tower_principal::{AuthenticateLayer, dialect, transport};
///
/// let document =
///     ProtectedResource::new("https://api.example", &dialect::OPENDATASOFT)?
///         .authorization_server("https://login.example")
///         .scopes(["datasets:read"]);
/// # let verifier = MemoryVerifier::builder().build()?;
/// let layer = AuthenticateLayer::new(
///     dialect::OPENDATASOFT,
///     verifier,
///     transport::from_acceptor(),
/// )
/// .resource_metadata(document.url());
///
/// let served = document.clone();
/// let app: Router = Router::new()
///     .route("/whoami", get(|| async { "somebody" }))
///     .route_layer(layer)
///     .route(
///         document.path(),
///         get(|| async move { served.response().map(Body::from) }),
///     );
/// # let _ = app;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ProtectedResource {
    resource: String,
    url: String,
    path_at: usize,
    servers: Vec<String>,
    scopes: Scopes,
    name: Option<String>,
    documentation: Option<String>,
    methods: Vec<&'static str>,
}

/// The error for an invalid metadata document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidResource {
    /// The resource is not an absolute `https` URL without query and fragment (RFC 9728 section
    /// 1.2). `http` is accepted only for `localhost` and loopback addresses.
    #[error("the resource must be an absolute https URL without query and fragment")]
    Url,
    /// The dialect is invalid.
    #[error(transparent)]
    Dialect(#[from] DialectError),
}

/// The path between the host and the resource's path (RFC 9728 section 3).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

impl ProtectedResource {
    /// Makes the document of the resource with this URL, as its clients use it. The dialect decides
    /// which ways of sending access tokens it lists.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidResource`] if the URL or the dialect is invalid.
    pub fn new(resource: impl Into<String>, dialect: &Dialect) -> Result<Self, InvalidResource> {
        let resource = resource.into();
        let (origin, path) = split(&resource).ok_or(InvalidResource::Url)?;
        let url = format!("{origin}{WELL_KNOWN}{path}");
        let path_at = origin.len();
        Table::compile(dialect)?;
        let methods: BTreeSet<_> = dialect.forms.iter().filter_map(|form| method(&form.row)).collect();
        Ok(Self {
            url,
            path_at,
            servers: Vec::new(),
            scopes: Scopes::none(),
            name: None,
            documentation: None,
            methods: methods.into_iter().collect(),
            resource,
        })
    }

    /// Adds an authorization server, by its issuer (RFC 8414 section 2).
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.servers.push(issuer.into());
        self
    }

    /// Sets the scopes that clients may ask for. Names that are not scope tokens are left out.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Sets the resource's name, for people.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the URL of the resource's documentation, for people.
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.documentation = Some(url.into());
        self
    }

    /// Returns the document's URL: the resource's, with `/.well-known/oauth-protected-resource`
    /// between host and path.
    ///
    /// # Examples
    ///
    /// ```
    /// use tower_principal::dialect;
    /// use tower_principal::metadata::ProtectedResource;
    ///
    /// let document =
    ///     ProtectedResource::new("https://api.example/v1", &dialect::RFC6750)?;
    /// assert_eq!(document.path(), "/.well-known/oauth-protected-resource/v1");
    /// assert!(document.url().starts_with("https://api.example/.well-known/"));
    /// # Ok::<(), tower_principal::metadata::InvalidResource>(())
    /// ```
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the path of that URL, at which to serve the document.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.get(self.path_at..).unwrap_or_default()
    }

    /// Returns the document, as it is served.
    #[must_use]
    pub fn json(&self) -> Bytes {
        let scopes: Vec<&str> = self.scopes.iter().collect();
        let optional = [
            ("authorization_servers", json!(self.servers), self.servers.is_empty()),
            ("scopes_supported", json!(scopes), scopes.is_empty()),
            ("bearer_methods_supported", json!(self.methods), false),
            ("resource_name", json!(self.name), self.name.is_none()),
            ("resource_documentation", json!(self.documentation), self.documentation.is_none()),
        ];
        let mut document = serde_json::Map::new();
        document.insert("resource".to_owned(), Value::from(&*self.resource));
        let there = optional.into_iter().filter(|(_, _, absent)| !absent);
        document.extend(there.map(|(name, value, _)| (name.to_owned(), value)));
        Value::from(document).to_string().into()
    }

    /// Returns the response with the document. Pages of any origin may read it, because it is
    /// public.
    #[must_use]
    pub fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(self.json());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }
}

/// Returns the origin, and the path unless it is a lone slash.
fn split(resource: &str) -> Option<(&str, &str)> {
    // `Uri` accepts characters that a URL must not have; a challenge could not name such a URL, nor
    // a router serve it.
    if !resource.bytes().all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte)) {
        return None;
    }
    let uri: Uri = resource.parse().ok()?;
    let authority = uri.authority().filter(|authority| !authority.host().is_empty())?;
    let is_local = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    let scheme = uri.scheme_str().filter(|scheme| *scheme == "https" || (*scheme == "http" && is_local))?;
    if resource.contains(['?', '#']) || authority.as_str().contains('@') {
        return None;
    }
    let (origin, path) = resource.split_at_checked(scheme.len() + "://".len() + authority.as_str().len())?;
    Some((origin, if path == "/" { "" } else { path }))
}

/// Returns the name of the way in which a row reads bearer tokens (RFC 9728 section 2). The names
/// stand for the ways of RFC 6750 sections 2.1 to 2.3, with their scheme and their parameter. Other
/// rows have no name, because a client that reads the document could not use them.
fn method(row: &Row) -> Option<&'static str> {
    if row.kind() != Some(CredentialKind::AccessToken) {
        return None;
    }
    match row {
        Row::Scheme { word, colon: false, .. } if word.eq_ignore_ascii_case("Bearer") => Some("header"),
        Row::Query { name: "access_token", .. } => Some("query"),
        Row::Body { name: "access_token", .. } => Some("body"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect;

    #[test]
    fn the_well_known_part_stands_between_host_and_path() {
        for (resource, url, path) in [
            ("https://api.example", "https://api.example/.well-known/oauth-protected-resource", WELL_KNOWN),
            ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource", WELL_KNOWN),
            (
                "https://api.example:8443/mcp",
                "https://api.example:8443/.well-known/oauth-protected-resource/mcp",
                "/.well-known/oauth-protected-resource/mcp",
            ),
        ] {
            let document = ProtectedResource::new(resource, &dialect::RFC6750).unwrap();
            assert_eq!((document.url(), document.path()), (url, path));
            let json: Value = serde_json::from_slice(&document.json()).unwrap();
            assert_eq!(json["resource"], resource);
        }
    }

    #[test]
    fn only_https_urls_are_resources() {
        for bad in [
            "api.example",
            "/x",
            "http://api.example",
            "ftp://h",
            "https://h/#f",
            "https://h/?x=1",
            "https://u@h",
            "https:///x",
            "",
        ] {
            assert_eq!(
                ProtectedResource::new(bad, &dialect::RFC6750).err(),
                Some(InvalidResource::Url),
                "{bad}"
            );
        }
        assert!(ProtectedResource::new("http://127.0.0.1:8080", &dialect::RFC6750).is_ok());
    }

    #[test]
    fn the_document_has_what_is_known() {
        let document = ProtectedResource::new("https://api.example", &dialect::OPENDATASOFT).unwrap();
        let full = document.authorization_server("https://login.example").scopes(["a", "b"]).name("Data");
        let json: Value = serde_json::from_slice(&full.json()).unwrap();
        let expected = json!({
            "resource": "https://api.example",
            "authorization_servers": ["https://login.example"],
            "bearer_methods_supported": ["body", "header", "query"],
            "resource_name": "Data",
            "scopes_supported": ["a", "b"],
        });
        assert_eq!(json, expected);
    }
}
