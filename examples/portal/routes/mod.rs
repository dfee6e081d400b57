//! The routes. A group's layers are attached with `route_layer`, so an unknown path meets none of them.

mod any;
mod collections;
mod geodatahub;
mod opendatasoft;
mod rfc6750;
mod socrata;
mod usergrid;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tower_principal::Verifier as _;
use tower_principal::transport::Transport;

use crate::BoxError;
use crate::demo::Demo;
use crate::jwt::SigningKey;

/// The longest form body that is looked into for a token, in bytes.
const BODY_LIMIT: usize = 64 * 1024;
/// How long it may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(5);

pub(crate) async fn all(demo: &Demo, key: Arc<SigningKey>, transport: Transport) -> Result<Router, BoxError> {
    let socrata = Arc::new(demo.socrata.verifier().await?);
    let usergrid = Arc::new(demo.usergrid.verifier()?);
    let geodatahub = Arc::new(demo.geodatahub.verifier(Arc::clone(&key))?);
    let opendatasoft = Arc::new(demo.opendatasoft.verifier()?);
    let any = socrata.clone().or(usergrid.clone()).or(geodatahub.clone()).or(opendatasoft.clone());

    Ok(Router::new()
        .merge(any::routes(Arc::new(any), &transport))
        .merge(rfc6750::routes(opendatasoft.clone(), &transport))
        .merge(socrata::routes(socrata, &transport))
        .merge(usergrid::routes(usergrid, &transport))
        .merge(geodatahub::routes(geodatahub, &transport, &key))
        .merge(opendatasoft::routes(opendatasoft, &transport))
        .route("/healthz", get(async || "ok")))
}
