//! The functions of the middleware.

use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::TypedHeader;
use axum_extra::headers::Authorization;
use axum_extra::headers::authorization::{Basic, Bearer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Keys, Users};
use crate::users::User;

type Answer = Result<Response, StatusCode>;

const REFUSED: StatusCode = StatusCode::UNAUTHORIZED;

async fn pass<U: Clone + Send + Sync + 'static>(user: &U, mut request: Request, next: Next) -> Answer {
    request.extensions_mut().insert(user.clone());
    Ok(next.run(request).await)
}

/// Returns what follows the scheme in `Authorization`.
pub(crate) fn credential<'r, B>(request: &'r axum::http::Request<B>, scheme: &str) -> Option<&'r str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix(scheme)
}

pub(super) async fn bearer<U: Clone + Send + Sync + 'static>(
    State(users): State<Users<U>>,
    request: Request,
    next: Next,
) -> Answer {
    let token = credential(&request, "Bearer ").ok_or(REFUSED)?;
    let user = users.get(token).ok_or(REFUSED)?;
    pass(user, request, next).await
}

/// Sets the headers of the response that this crate sets, which keep it out of shared caches.
pub(super) async fn bearer_marked(users: State<Users<User>>, request: Request, next: Next) -> Answer {
    let mut response = bearer(users, request, next).await?;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("authorization"));
    Ok(response)
}

pub(super) async fn bearer_typed(
    State(users): State<Users<User>>,
    TypedHeader(Authorization(bearer)): TypedHeader<Authorization<Bearer>>,
    request: Request,
    next: Next,
) -> Answer {
    pass(users.get(bearer.token()).ok_or(REFUSED)?, request, next).await
}

fn known<'k>(keys: &'k Keys, id: &str, secret: &str) -> Result<&'k User, StatusCode> {
    keys.get(id).filter(|(stored, _)| stored == secret).map(|(_, user)| user).ok_or(REFUSED)
}

pub(super) async fn basic(State(keys): State<Keys>, request: Request, next: Next) -> Answer {
    let decoded = STANDARD.decode(credential(&request, "Basic ").ok_or(REFUSED)?).map_err(|_| REFUSED)?;
    let pair = String::from_utf8(decoded).map_err(|_| REFUSED)?;
    let (id, secret) = pair.split_once(':').ok_or(REFUSED)?;
    pass(known(&keys, id, secret)?, request, next).await
}

pub(super) async fn basic_typed(
    State(keys): State<Keys>,
    TypedHeader(Authorization(basic)): TypedHeader<Authorization<Basic>>,
    request: Request,
    next: Next,
) -> Answer {
    pass(known(&keys, basic.username(), basic.password())?, request, next).await
}

#[derive(Deserialize)]
pub(super) struct Parameters {
    access_token: String,
}

pub(super) async fn query(State(users): State<Users<User>>, request: Request, next: Next) -> Answer {
    let parameters = Query::<Parameters>::try_from_uri(request.uri()).map_err(|_| REFUSED)?;
    pass(users.get(&parameters.access_token).ok_or(REFUSED)?, request, next).await
}

/// Reads the whole form, and gives the handler the same body.
pub(super) async fn form(State(users): State<Users<User>>, request: Request, next: Next) -> Answer {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 * 1024).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let parameters: Parameters = serde_urlencoded::from_bytes(&body).map_err(|_| REFUSED)?;
    let user = users.get(&parameters.access_token).ok_or(REFUSED)?;
    pass(user, Request::from_parts(parts, Body::from(body)), next).await
}
