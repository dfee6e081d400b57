//! Detection of routes that allow requests without a credential.

use std::fmt::Write as _;
use std::future::poll_fn;

use http::{Method, Request, Response, StatusCode};
use tower_service::Service;

/// Returns the routes of a list that allow requests without any credential. These routes answer
/// such a request with a status other than 401 and 403. A path that does not exist answers 404 and
/// is included, so that a list with a wrong path does not pass by mistake.
///
/// axum cannot list its routes, so provide the list: methods, and paths as a client requests them.
/// `body` makes an empty request body of the type that the service accepts.
///
/// # Panics
///
/// Panics if a path is not a URI, or if the service fails instead of answering.
///
/// # Examples
///
/// ```
/// use axum::{Router, body::Body, routing::get};
/// use http::Method;
/// use tower_principal::{
///     AuthenticateLayer, dialect, test_util, transport, verify::MemoryVerifier,
/// };
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let layer = AuthenticateLayer::new(
///     dialect::RFC6750,
///     MemoryVerifier::builder().build().unwrap(),
///     transport::from_acceptor(),
/// );
/// let app: Router = Router::new()
///     .route("/inside", get(|| async { "a secret" }))
///     .layer(layer)
///     .route("/forgotten", get(|| async { "another" })); // added after the layer
///
/// let open = test_util::unguarded(
///     app,
///     Body::empty,
///     [(Method::GET, "/inside"), (Method::GET, "/forgotten")],
/// )
/// .await;
/// assert_eq!(open, [(Method::GET, "/forgotten", http::StatusCode::OK)]);
/// # });
/// ```
#[allow(clippy::panic, reason = "for tests, which a panic fails")]
pub async fn unguarded<'p, S, B, R>(
    mut service: S,
    body: impl Fn() -> B,
    routes: impl IntoIterator<Item = (Method, &'p str)>,
) -> Vec<(Method, &'p str, StatusCode)>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    let mut open = Vec::new();
    for (method, path) in routes {
        let Ok(request) = Request::builder().method(method.clone()).uri(path).body(body()) else {
            panic!("`{path}` is not a path");
        };
        let answer = async {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request).await
        };
        let Ok(response) = answer.await else {
            panic!("the service failed at `{path}`");
        };
        if !matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            open.push((method, path, response.status()));
        }
    }
    open
}

/// Fails a test if a route allows requests without a credential, and lists all such routes; see
/// [`unguarded`].
///
/// # Panics
///
/// Panics if there is such a route.
///
/// # Examples
///
/// ```
/// use axum::{Router, body::Body, routing::get};
/// use http::Method;
/// use tower_principal::{
///     AuthenticateLayer, dialect, test_util, transport, verify::MemoryVerifier,
/// };
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let layer = AuthenticateLayer::new(
///     dialect::RFC6750,
///     MemoryVerifier::builder().build().unwrap(),
///     transport::from_acceptor(),
/// );
/// let app: Router =
///     Router::new().route("/inside", get(|| async { "a secret" })).layer(layer);
/// test_util::assert_guarded(
///     app,
///     Body::empty,
///     [(Method::GET, "/inside"), (Method::OPTIONS, "/inside")],
/// )
/// .await;
/// # });
/// ```
#[allow(clippy::panic, reason = "for tests, which a panic fails")]
pub async fn assert_guarded<'p, S, B, R>(
    service: S,
    body: impl Fn() -> B,
    routes: impl IntoIterator<Item = (Method, &'p str)>,
) where
    S: Service<Request<B>, Response = Response<R>>,
{
    let open = unguarded(service, body, routes).await;
    let list = open.iter().fold(String::new(), |mut list, (method, path, status)| {
        _ = write!(list, "\n  {method} {path} returns {status}");
        list
    });
    if !open.is_empty() {
        panic!("routes that admit a request without a credential:{list}");
    }
}
