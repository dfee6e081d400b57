//! The routes: the MCP server behind its layer, and the document that names its authorization
//! server.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::routing::get;
use http::Uri;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tower_principal::metadata::ProtectedResource;
use tower_principal::transport::Transport;
use tower_principal::{AuthenticateLayer, Verifier, dialect};

use super::tools::{Datasets, READ, refuse};

/// Returns the routes of the MCP server at the URL `resource`. Clients get tokens for it from
/// `issuer`, and the verifier accepts no others.
pub(crate) fn routes(
    resource: &str,
    issuer: &str,
    verifier: impl Verifier,
    transport: Transport,
) -> Result<Router, Box<dyn std::error::Error>> {
    let document = ProtectedResource::new(resource, &dialect::RFC6750)?
        .authorization_server(issuer)
        .scopes([READ])
        .name("Datasets");
    let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport)
        .resource_metadata(document.url())
        .challenge_scope(READ);

    let uri: Uri = resource.parse()?;
    let host = uri.authority().ok_or("the URL has no host")?.as_str();
    let config = StreamableHttpServerConfig::default()
        // Without sessions, no request can act in the session of another caller.
        .with_legacy_session_mode(false)
        // The answer is sent after the tool has decided, so its status can be a refusal.
        .with_json_response(true)
        // Pages of other sites cannot reach it by a name of their own (DNS rebinding).
        .with_allowed_hosts([host])
        .enforce_origin_validation();
    let sessions = Arc::new(NeverSessionManager::default());
    let server = StreamableHttpService::new(|| Ok(Datasets), sessions, config);

    let path = document.path().to_owned();
    Ok(Router::new()
        .route_service(uri.path(), server)
        .route_layer(from_fn(refuse))
        .route_layer(layer)
        .route(&path, get(async move || document.response().map(Body::from))))
}
