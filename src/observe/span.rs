//! Spans that hold no secrets.

use http::Request;
use tracing::Span;

/// Makes a span for a request with its method, path and version and without its query. It is for
/// logging layers outside [`AuthenticateLayer`](crate::AuthenticateLayer), where credentials have
/// not been cut out of the target yet. The default span of `tower-http` records them.
///
/// # Examples
///
/// ```
/// use tower_http::trace::TraceLayer;
///
/// let layer = TraceLayer::new_for_http()
///     .make_span_with(tower_principal::layer::make_span::<axum::body::Body>);
/// # let _ = layer;
/// ```
pub fn make_span<B>(request: &Request<B>) -> Span {
    tracing::debug_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        version = ?request.version(),
    )
}
