//! The layer that records the target a client asked for.

use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::request::original_target::OriginalTarget;

/// Records the target of every request, for inner decisions by path: path rules of guests,
/// [`policy::application`](crate::policy::application()) and
/// [`RequestHead::original_path`](crate::request::RequestHead::original_path).
///
/// Put it around the whole service, outside every router that strips a prefix. A second layer
/// further inside keeps the record of the first. With the feature `axum`, axum's `Router` records
/// the target itself, and this layer is needed only for routers of other crates. Without the
/// feature, path rules admit only requests that passed this layer.
///
/// # Examples
///
/// ```
/// use tower_layer::Layer;
/// use tower_principal::layer::OriginalTargetLayer;
/// use tower_principal::verify::MemoryVerifier;
/// use tower_principal::{AuthenticateLayer, dialect, transport};
///
/// # let inner = tower::service_fn(async |_: http::Request<()>| Ok::<_, ()>(http::Response::new(bytes::Bytes::new())));
/// let verifier = MemoryVerifier::builder().build()?;
/// let authenticate = AuthenticateLayer::new(
///     dialect::USERGRID,
///     verifier,
///     transport::from_acceptor(),
/// );
/// let service = OriginalTargetLayer::new().layer(authenticate.layer(inner));
/// # let _ = service;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
#[non_exhaustive]
pub struct OriginalTargetLayer;

/// The service of [`OriginalTargetLayer`].
#[derive(Clone, Copy, Debug)]
pub struct RecordOriginalTarget<S> {
    inner: S,
}

impl OriginalTargetLayer {
    /// Makes the layer.
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for OriginalTargetLayer {
    type Service = RecordOriginalTarget<S>;

    fn layer(&self, inner: S) -> RecordOriginalTarget<S> {
        RecordOriginalTarget { inner }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for RecordOriginalTarget<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if request.extensions().get::<OriginalTarget>().is_none() {
            let target = OriginalTarget(request.uri().clone());
            request.extensions_mut().insert(target);
        }
        self.inner.call(request)
    }
}
