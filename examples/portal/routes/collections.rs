//! Routes of Usergrid's collections: `/{org}/{app}/{collection}` and
//! `/{org}/{app}/{collection}/{entity}`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;

use super::usergrid::{failure, unavailable};
use crate::collections::{Collections, Entity, Refused};

pub(super) fn methods() -> MethodRouter {
    get(read).post(create).put(update).delete(remove)
}

/// The segments that the wildcard route captured.
#[derive(Deserialize)]
struct Place {
    org: String,
    app: String,
    path: String,
}

async fn read(Path(place): Path<Place>, Extension(store): Extension<Arc<Collections>>) -> Response {
    let found = match place.target() {
        (collection, None) => store.list(collection).await,
        (collection, Some(id)) => store.find(collection, id).await.map(|entity| vec![entity]),
    };
    place.answer("get", found)
}

async fn create(
    Path(place): Path<Place>,
    Extension(store): Extension<Arc<Collections>>,
    body: Bytes,
) -> Response {
    let created = match place.target() {
        (collection, None) => store.create(collection, || entities(&body)).await,
        (_, Some(_)) => Err(Refused::Absent),
    };
    place.answer("post", created)
}

async fn update(
    Path(place): Path<Place>,
    Extension(store): Extension<Arc<Collections>>,
    body: Bytes,
) -> Response {
    let changes = || Ok(entities(&body)?.into_iter().flatten().collect());
    let updated = match place.target() {
        (collection, Some(id)) => store.update(collection, id, changes).await,
        (_, None) => Err(Refused::Absent),
    };
    place.answer("put", updated.map(|entity| vec![entity]))
}

async fn remove(Path(place): Path<Place>, Extension(store): Extension<Arc<Collections>>) -> Response {
    let removed = match place.target() {
        (collection, Some(id)) => store.remove(collection, id).await.map(|entity| vec![entity]),
        (_, None) => Err(Refused::Absent),
    };
    place.answer("delete", removed)
}

impl Place {
    /// Returns the collection, and the entity in it if the path names one.
    fn target(&self) -> (&str, Option<&str>) {
        match self.path.trim_end_matches('/').split_once('/') {
            Some((collection, id)) => (collection, Some(id)),
            None => (self.path.trim_end_matches('/'), None),
        }
    }

    /// Omits timestamp and duration, so that requests that differ only in a secret get the same
    /// bytes.
    fn answer(&self, action: &str, entities: Result<Vec<Entity>, Refused>) -> Response {
        let Self { org, app, .. } = self;
        let (collection, _) = self.target();
        match entities {
            Ok(entities) => Json(json!({
                "action": action,
                "organization": org,
                "applicationName": app,
                "path": format!("/{collection}"),
                "count": entities.len(),
                "entities": entities,
            }))
            .into_response(),
            Err(Refused::Malformed) => failure(
                StatusCode::BAD_REQUEST,
                "json_parse",
                "The body is not a JSON object or list of objects",
            ),
            Err(Refused::Absent) => {
                failure(StatusCode::NOT_FOUND, "service_resource_not_found", "Service resource not found")
            }
            Err(Refused::Unavailable) => unavailable("The database cannot do this now"),
            Err(Refused::Full) => {
                failure(StatusCode::INSUFFICIENT_STORAGE, "storage_full", "The demo keeps no more than this")
            }
        }
    }
}

/// Reads one entity or a list of them, regardless of the client's media type.
fn entities(body: &[u8]) -> Result<Vec<Entity>, Refused> {
    let entities = match body.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(body),
        _ => serde_json::from_slice(body).map(|entity| vec![entity]),
    };
    entities.map_err(|_| Refused::Malformed)
}
