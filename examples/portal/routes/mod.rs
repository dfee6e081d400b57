//! All routes. A group's layers are attached with `route_layer`, so they do not run for unknown
//! paths.

mod any;
mod collections;
mod geodatahub;
pub(crate) mod issuing;
mod opendatasoft;
mod rfc6750;
mod shape;
mod socrata;
mod usergrid;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use tower_principal::metadata::ProtectedResource;
use tower_principal::server::Signer;
use tower_principal::transport::Transport;
use tower_principal::verify::Throttled;
use tower_principal::{Verifier as _, dialect};

use crate::BoxError;
use crate::demo::Demo;
use crate::documents::Documents;
use crate::home;
use crate::platform::Platforms;

/// The maximum length of a body, in bytes: of a form that is searched for a token, and of JSON.
const BODY_LIMIT: usize = 64 * 1024;
/// The time limit for a form body.
const BODY_DEADLINE: Duration = Duration::from_secs(5);

/// Builds all routes. `origin` is the portal's public URL, and the issuer of the tokens for
/// Socrata's, Usergrid's and OpenDataSoft's routes. GeoDataHub's issuer is below it.
pub(crate) fn all(
    demo: &Demo,
    signer: &Signer,
    platforms: Platforms,
    documents: &Documents,
    transport: Transport,
    origin: &str,
    metrics: Router,
) -> Result<Router, BoxError> {
    let Platforms { socrata, usergrid, geodatahub, opendatasoft } = platforms;
    let issuing = issuing::Issuing { transport: &transport, origin };
    let endpoints = issuing
        .opendatasoft(&opendatasoft)?
        .merge(issuing.socrata(&socrata)?)
        .merge(issuing.geodatahub(&geodatahub, signer)?);
    let usergrids = issuing.usergrid(&usergrid)?;
    let geodatahub = Arc::new(demo.geodatahub.tokens(&geodatahub, signer)?.or(geodatahub));
    let any = socrata.clone().or(usergrid.clone()).or(geodatahub.clone()).or(opendatasoft.clone());

    let metadata =
        ProtectedResource::new(origin, &dialect::OPENDATASOFT)?.authorization_server(origin).scopes(["all"]);
    let url = metadata.url().to_owned();
    let path = metadata.path().to_owned();
    let tokens = Arc::new(throttled(opendatasoft)?);

    let routes = Router::new()
        .merge(any::routes(Arc::new(throttled(any)?), &transport, &url))
        .merge(rfc6750::routes(Arc::clone(&tokens), &transport, &url))
        .merge(socrata::routes(throttled(socrata)?, documents, &transport))
        .merge(usergrid::routes(throttled(usergrid.clone())?, usergrid, usergrids, documents, &transport))
        .merge(geodatahub::routes(throttled(geodatahub)?, &transport))
        .merge(opendatasoft::routes(tokens, &transport, &url))
        .merge(endpoints)
        .route(&path, get(async move || metadata.response().map(Body::from)))
        .merge(home::routes(origin)?)
        .route("/healthz", get(async || "ok"))
        .merge(metrics);
    Ok(shape::with_bodies(routes))
}

/// Throttles clients that keep failing, except those on this machine. There a demonstration, its
/// tests and a user with a mistyped password share 127.0.0.1 and would throttle one another. Behind
/// a proxy that forwards client addresses, the limits apply.
fn throttled<V>(verifier: V) -> Result<Throttled<V>, BoxError> {
    Ok(Throttled::new(verifier)?.exempt(["127.0.0.0/8".parse()?, "::1/128".parse()?]))
}
