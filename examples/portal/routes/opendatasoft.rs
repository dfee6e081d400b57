//! OpenDataSoft: an access token in the header, the query or the body, or an API key.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_principal::transport::Transport;
use tower_principal::{AuthenticateLayer, Verifier, dialect};

use super::{BODY_DEADLINE, BODY_LIMIT};
use crate::whoami::whoami;

pub(super) fn routes(verifier: impl Verifier, transport: &Transport) -> Router {
    let authenticate = AuthenticateLayer::new(dialect::OPENDATASOFT, verifier, transport.clone());
    Router::new()
        .route("/opendatasoft/whoami", get(whoami).post(whoami))
        .route("/api/end/point", get(whoami))
        .route("/api/explore/v2.1/catalog/datasets", get(datasets))
        .route_layer(authenticate.form_body(BODY_LIMIT, BODY_DEADLINE))
}

async fn datasets() -> Json<Value> {
    let dataset = json!({ "dataset_id": "bike-counters", "has_records": true, "fields": [], "metas": {} });
    Json(json!({ "total_count": 1, "results": [dataset] }))
}
