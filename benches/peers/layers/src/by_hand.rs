//! Middleware as services write it: a function, a map behind an `Arc`, and the user as an extension
//! of the request.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;

use crate::greet;
use crate::users::{CROWD, User, tokens, user};

type Users<U> = Arc<HashMap<String, U>>;

async fn authenticate<U: Clone + Send + Sync + 'static>(
    State(users): State<Users<U>>,
    mut request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let header = request.headers().get(AUTHORIZATION).ok_or(StatusCode::UNAUTHORIZED)?;
    let header = header.to_str().map_err(|_| StatusCode::UNAUTHORIZED)?;
    let token = header.strip_prefix("Bearer ").ok_or(StatusCode::UNAUTHORIZED)?;
    let user = users.get(token).cloned().ok_or(StatusCode::UNAUTHORIZED)?;
    request.extensions_mut().insert(user);
    Ok(next.run(request).await)
}

/// Returns the router whose map owns each user, so that a request has a copy.
pub(crate) fn owned() -> Router {
    let users: Users<User> = Arc::new(tokens(CROWD).map(|token| (token, user())).collect());
    Router::new()
        .route("/", get(async |Extension(user): Extension<User>| greet(&user.id)))
        .layer(from_fn_with_state(users, authenticate))
}

/// Returns the router whose users are shared.
pub(crate) fn shared() -> Router {
    let users: Users<Arc<User>> = Arc::new(tokens(CROWD).map(|token| (token, Arc::new(user()))).collect());
    Router::new()
        .route("/", get(async |Extension(user): Extension<Arc<User>>| greet(&user.id)))
        .layer(from_fn_with_state(users, authenticate))
}
