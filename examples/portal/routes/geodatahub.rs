//! GeoDataHub's routes: a bare JWT of its authorization server.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_principal::transport::Transport;
use tower_principal::{AuthenticateLayer, Verifier, dialect, extract::protect};

use super::shape;
use crate::whoami::whoami;

const DATASETS: [&str; 2] = ["4d9f2c0e-6b1a-4b57-9d0e-2f6a1c7e8b30", "a1c3b7d2-05f4-4e9a-8c66-7b0d9e2f4a15"];

pub(super) fn routes(verifier: impl Verifier, transport: &Transport) -> Router {
    let routes = Router::new()
        .route("/geodatahub/whoami", get(whoami))
        .route("/geodatahub/ping", get(async || "pong"))
        .route("/geodatahub/datasets", get(datasets))
        .route("/geodatahub/datasets/{uuid}", get(dataset));
    let routes = shape::errors(routes, |status| json!({ "message": shape::reason(status) }));
    let authenticate = AuthenticateLayer::new(dialect::GEODATAHUB, verifier, transport.clone());
    protect(routes, authenticate).into_router()
}

async fn datasets() -> Json<Vec<Value>> {
    Json(DATASETS.into_iter().map(describe).collect())
}

async fn dataset(Path(uuid): Path<String>) -> Result<Json<Value>, StatusCode> {
    let known = DATASETS.into_iter().find(|known| *known == uuid);
    known.map(describe).map(Json).ok_or(StatusCode::NOT_FOUND)
}

fn describe(uuid: &str) -> Value {
    json!({
        "identifier": uuid,
        "datatype": "https://schemas.geodatahub.dk/organizations/geus/borehole.json",
        "description": "A borehole",
        "projected_geometry": { "type": "Point", "coordinates": [9.9, 55.7] },
        "result": {},
        "distribution_info": { "link": "https://data.example/boreholes" },
    })
}
