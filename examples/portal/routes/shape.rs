//! Errors in the shape of a platform. This includes errors that handlers and axum return as a
//! status only, for example for a missing dataset, a method without a route, or a path that is not
//! text.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::{map_response, map_response_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_principal::Rejection;

/// Returns a platform's body for a status.
type Shape = fn(StatusCode) -> Value;

/// Gives each error of these routes a body of this shape, unless it is JSON already or a refusal,
/// which the layer around the routes renders.
pub(super) fn errors(routes: Router, shape: Shape) -> Router {
    routes.route_layer(map_response_with_state(shape, shaped))
}

async fn shaped(State(shape): State<Shape>, response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_shaped = response.headers().get(CONTENT_TYPE).is_some_and(|sort| sort == "application/json");
    let is_refusal = response.extensions().get::<Rejection>().is_some();
    if !is_error || is_shaped || is_refusal {
        return response;
    }
    (status, Json(shape(status))).into_response()
}

/// Gives errors without a body the crate's standard one: 404 for an unknown path, 405 for a method.
pub(super) fn with_bodies(routes: Router) -> Router {
    routes.layer(map_response(with_body))
}

async fn with_body(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.headers().contains_key(CONTENT_TYPE) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let body = Json(json!({ "error": name(status), "error_description": reason(status) })).into_response();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.extend(body.headers().clone());
    Response::from_parts(parts, body.into_body())
}

/// Returns the error's name: `not_found`.
pub(super) fn name(status: StatusCode) -> String {
    reason(status).to_lowercase().replace(' ', "_")
}

/// Returns the error in words: `Not Found`.
pub(super) fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}
