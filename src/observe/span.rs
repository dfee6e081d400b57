//! Spans that hold no secrets.

use http::Request;
use tracing::Span;

/// A span for a request, with its method, path and version and without its query: for logging layers that stand outside
/// [`AuthenticateLayer`](crate::AuthenticateLayer), where credentials have not been cut out of the target
/// yet. The span that `tower-http` makes unless told otherwise records them.
///
/// # Examples
///
/// ```
/// use tower_http::trace::TraceLayer;
///
/// let layer = TraceLayer::new_for_http().make_span_with(tower_principal::layer::make_span::<axum::body::Body>);
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
