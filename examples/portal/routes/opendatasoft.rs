//! OpenDataSoft's routes: an access token in the header, the query or the body, or an API key.

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_http::cors::{Any, CorsLayer};
use tower_principal::transport::Transport;
use tower_principal::{AuthenticateLayer, Verifier, dialect, extract::protect};

use super::{BODY_DEADLINE, BODY_LIMIT};
use crate::whoami::whoami;

/// Builds the routes. Pages of any origin may call them, as on the platform: a preflight has no
/// credentials, and the layer inside would refuse it. `metadata` is the URL of the document that
/// names the authorization server.
pub(super) fn routes(verifier: impl Verifier, transport: &Transport, metadata: &str) -> Router {
    let authenticate = AuthenticateLayer::new(dialect::OPENDATASOFT, verifier, transport.clone())
        .with_form_body(BODY_LIMIT, BODY_DEADLINE)
        .resource_metadata(metadata);
    let pages =
        CorsLayer::new().allow_origin(Any).allow_headers([AUTHORIZATION]).expose_headers([WWW_AUTHENTICATE]);
    let routes = Router::new()
        .route("/opendatasoft/whoami", get(whoami).post(whoami))
        .route("/api/end/point", get(whoami))
        .route("/api/explore/v2.1/catalog/datasets", get(datasets));
    protect(routes, authenticate).cors(pages).into_router()
}

async fn datasets() -> Json<Value> {
    let dataset = json!({ "dataset_id": "bike-counters", "has_records": true, "fields": [], "metas": {} });
    Json(json!({ "total_count": 1, "results": [dataset] }))
}
