//! Socrata's routes: public datasets, and one only for accounts. Writing needs an account.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_principal::layer::RevocationLimits;
use tower_principal::transport::Transport;
use tower_principal::{
    AuthenticateLayer, Principal, Rejection, RejectionKind, Verifier, dialect, extract::protect,
};

use super::{BODY_LIMIT, shape};
use crate::documents::{Documents, Unkept};
use crate::rows::{Changes, Dataset, Row, Visibility};
use crate::whoami::{self, whoami};

type Datasets = Arc<Vec<Dataset>>;
type Answer<T> = Result<T, Failure>;

pub(super) fn routes(verifier: impl Verifier, documents: &Documents, transport: &Transport) -> Router {
    let routes = Router::new()
        .route("/socrata/whoami", get(whoami))
        .route("/resource/{file}", get(read).post(upsert).put(replace))
        .route("/resource/{id}/{row}", delete(remove))
        .route("/api/views/{id}", get(view))
        .route("/api/users/current.json", get(current_json))
        .route("/users/current.xml", get(current_xml))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::new(Dataset::demo(documents)));
    let routes = shape::errors(routes, |status| failure(&shape::name(status), shape::reason(status)));
    // All tokens of the demonstration belong to one user and are sent by one client.
    let layer = AuthenticateLayer::new(dialect::SOCRATA, verifier, transport.clone())
        .revocation(RevocationLimits::default().share(20));
    protect(routes, layer).into_router()
}

/// A caller with an account: a user with any credential, or an API key. An application has no
/// account, so a lone app token is asked for credentials, like a guest.
struct Account(Principal);

impl<S: Send + Sync> FromRequestParts<S> for Account {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        match Principal::from_request_parts(parts, state).await? {
            Principal::Guest(_) | Principal::AppToken(_) => Err(RejectionKind::Missing.into()),
            account => Ok(Self(account)),
        }
    }
}

impl Account {
    /// Returns the user, including the user that a key acts for.
    fn user(&self) -> &str {
        self.0.owner().or(self.0.id()).unwrap_or_default()
    }
}

async fn read(
    account: Result<Account, Rejection>,
    State(datasets): State<Datasets>,
    Path(file): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer<Json<Vec<Row>>> {
    Ok(Json(visible(find(&datasets, file.strip_suffix(".json"))?, account)?.read(&query).await?))
}

async fn upsert(
    _: Account,
    State(datasets): State<Datasets>,
    Path(file): Path<String>,
    body: Bytes,
) -> Answer<Json<Changes>> {
    Ok(Json(find(&datasets, file.strip_suffix(".json"))?.upsert(|| rows(&body)).await?))
}

async fn replace(
    _: Account,
    State(datasets): State<Datasets>,
    Path(file): Path<String>,
    body: Bytes,
) -> Answer<Json<Changes>> {
    Ok(Json(find(&datasets, file.strip_suffix(".json"))?.replace(|| rows(&body)).await?))
}

async fn remove(
    _: Account,
    State(datasets): State<Datasets>,
    Path((id, row)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let row = row.strip_suffix(".json").unwrap_or(&row);
    let removed = find(&datasets, Some(&id))?.delete(row).await?;
    if removed { Ok(StatusCode::OK) } else { Err(Failure::Absent) }
}

async fn view(
    account: Result<Account, Rejection>,
    State(datasets): State<Datasets>,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    let id = id.strip_suffix(".json").unwrap_or(&id);
    Ok(Json(visible(find(&datasets, Some(id))?, account)?.view()))
}

async fn current_json(account: Account) -> Json<Value> {
    Json(whoami::current(account.user()))
}

async fn current_xml(account: Account) -> impl IntoResponse {
    let xml = whoami::xml("user", &whoami::current(account.user()));
    ([(CONTENT_TYPE, "application/xml")], xml)
}

fn find<'d>(datasets: &'d Datasets, id: Option<&str>) -> Answer<&'d Dataset> {
    datasets.iter().find(|dataset| Some(dataset.id) == id).ok_or(Failure::Absent)
}

fn visible(dataset: &Dataset, account: Result<Account, Rejection>) -> Answer<&Dataset> {
    match (dataset.visibility, account) {
        (Visibility::Private, Err(rejection)) => Err(Failure::Refused(rejection)),
        _ => Ok(dataset),
    }
}

/// Reads one row or a list of them, regardless of the client's media type.
fn rows(body: &[u8]) -> Answer<Vec<Row>> {
    let rows = match body.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(body),
        _ => serde_json::from_slice(body).map(|row| vec![row]),
    };
    rows.map_err(|_| Failure::Malformed)
}

enum Failure {
    Refused(Rejection),
    Malformed,
    Absent,
    Unkept(Unkept),
}

impl From<Unkept> for Failure {
    fn from(reason: Unkept) -> Self {
        Self::Unkept(reason)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            Self::Refused(rejection) => return rejection.into_response(),
            Self::Malformed => {
                (StatusCode::BAD_REQUEST, "json_parse", "The body is not a JSON row or list of rows")
            }
            Self::Absent => (StatusCode::NOT_FOUND, "not_found", "There is no such dataset or row"),
            Self::Unkept(Unkept::Full) => {
                (StatusCode::INSUFFICIENT_STORAGE, "storage_full", "The demo keeps no more than this")
            }
            Self::Unkept(Unkept::Unavailable) => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The database cannot do this now")
            }
        };
        (status, Json(failure(code, message))).into_response()
    }
}

/// Returns an error in SODA's shape.
fn failure(code: &str, message: &str) -> Value {
    json!({ "code": code, "error": true, "message": message })
}
