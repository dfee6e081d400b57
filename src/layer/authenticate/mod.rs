//! The layer that turns a request's credentials into a principal.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tower_layer::Layer;

use super::{FormBody, NoBody};
use crate::clock::Clock;
use crate::dialect::{Dialect, DialectError};
use crate::pipeline::{Pipeline, RevocationLimits};
use crate::principal::identity::Home;
use crate::request::RequestHead;
use crate::transport::Transport;
use crate::verify::{Tenancy, Verifier};

mod answers;
mod future;
mod service;

pub use self::future::AuthenticateFuture;
pub use self::service::Authenticate;

/// Turns a request's credentials into one verified [`Principal`](crate::Principal), which handlers
/// take as an extractor and [`RequireLayer`](crate::RequireLayer) checks.
///
/// Three decisions are required: the credential forms that are read (the dialect), their
/// verification (the verifier), and how a secure connection is recognised (the transport). The
/// layer renders every refusal inside it: its own and those of `RequireLayer` and the extractors.
///
/// Build layers at start-up: the compiled dialect of each, some hundred bytes, lives as long as the
/// process. Requests on several cores therefore share no reference count. The verifier is dropped
/// as usual.
///
/// # Examples
///
/// ```
/// use tower_principal::verify::MemoryVerifier;
/// use tower_principal::{AuthenticateLayer, dialect, transport};
///
/// let verifier = MemoryVerifier::builder().build()?;
/// let transport = transport::from_acceptor();
/// let layer = AuthenticateLayer::new(dialect::OPENDATASOFT, verifier, transport);
/// # let _ = layer;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[must_use]
pub struct AuthenticateLayer<V, M = NoBody> {
    pipeline: &'static Pipeline,
    verifier: Arc<V>,
    mode: M,
}

/// The error of a layer with a tenant whose verifier accepts every credential at every tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the layer has a tenant, but its verifier ignores tenants: bind it with `.at_tenant(..)`, `.tenant_claim(..)` \
     or `.separates_tenants()`, or give up the separation with `.danger_at_every_tenant()`"
)]
#[non_exhaustive]
pub struct IgnoresTenants;

impl<V: Verifier> AuthenticateLayer<V> {
    /// Makes a layer that reads these credential forms, asks this verifier and trusts these
    /// connections.
    ///
    /// # Panics
    ///
    /// Panics if the dialect is invalid; the message names the row. [`try_new`](Self::try_new)
    /// returns the error instead.
    #[allow(clippy::panic, reason = "a start-up error; `try_new` is there for others")]
    pub fn new(dialect: Dialect, verifier: V, transport: Transport) -> Self {
        let name = dialect.name;
        Self::try_new(dialect, verifier, transport)
            .unwrap_or_else(|error| panic!("dialect `{name}`: {error}"))
    }

    /// The same as [`new`](Self::new), for dialects that are made at run time.
    ///
    /// # Errors
    ///
    /// Returns [`DialectError`], which names the invalid row, if the dialect is invalid.
    pub fn try_new(dialect: Dialect, verifier: V, transport: Transport) -> Result<Self, DialectError> {
        let mut pipeline = Pipeline::new(&dialect, transport)?;
        pipeline.source = Home::of(verifier.source());
        Ok(Self { pipeline: keep(pipeline), verifier: Arc::new(verifier), mode: NoBody })
    }

    /// Reads form bodies of up to `limit` bytes that arrive within `deadline`, if the dialect has a
    /// body row and the head holds no subject. The inner service receives the identical bytes as a
    /// [`RequestBody`](crate::layer::RequestBody), which axum's router accepts.
    ///
    /// Usual values are 64 KiB and 5 s.
    pub fn with_form_body(self, limit: usize, deadline: Duration) -> AuthenticateLayer<V, FormBody> {
        let Self { pipeline, verifier, mode: NoBody } = self;
        AuthenticateLayer { pipeline, verifier, mode: FormBody::new(limit, deadline) }
    }
}

impl<V, M> AuthenticateLayer<V, M> {
    /// Passes the tenant of a request to the verifier: its host, its organization, or another name
    /// that separates credentials which must not be mixed. The verifier has to
    /// [separate](Verifier::tenancy) tenants, so that no credential is valid at another tenant.
    ///
    /// # Panics
    ///
    /// Panics if the verifier ignores tenants. [`try_tenant`](Self::try_tenant) returns the error
    /// instead.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tower_principal::{AuthenticateLayer, Verifier, dialect, transport, verify::MemoryVerifier};
    /// let verifier = MemoryVerifier::builder().build()?.at_tenant("acme.example");
    /// let transport = transport::from_acceptor();
    /// let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport)
    ///     .tenant(|head| match head.uri().host() {
    ///         // HTTP/2 has no `Host`, and a request that has both could name two.
    ///         Some(host) => Some(host.into()),
    ///         None => head.headers().get("host")?.to_str().ok().map(Into::into),
    ///     });
    /// # let _ = layer;
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    #[allow(clippy::panic, reason = "a start-up error; `try_tenant` is there for others")]
    pub fn tenant<F>(self, tenant: F) -> Self
    where
        V: Verifier,
        F: for<'r> Fn(&RequestHead<'r>) -> Option<Cow<'r, str>> + Send + Sync + 'static,
    {
        self.try_tenant(tenant).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same as [`tenant`](Self::tenant), for verifiers that are chosen at run time.
    ///
    /// # Errors
    ///
    /// Returns [`IgnoresTenants`] if the verifier ignores tenants.
    pub fn try_tenant<F>(self, tenant: F) -> Result<Self, IgnoresTenants>
    where
        V: Verifier,
        F: for<'r> Fn(&RequestHead<'r>) -> Option<Cow<'r, str>> + Send + Sync + 'static,
    {
        match self.verifier.tenancy() {
            Tenancy::Separates => Ok(self.change(|pipeline| pipeline.tenant = Some(Arc::new(tenant)))),
            Tenancy::Ignores => Err(IgnoresTenants),
        }
    }

    /// Limits the time for all verification of a request; after it the answer is 503. The limit
    /// defaults to 2 s. Without a tokio timer there is no deadline.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.change(|pipeline| pipeline.deadline = deadline)
    }

    /// Sets the clock with which the layer checks again if a verified principal has expired.
    /// Defaults to the operating system's clock. The layer refuses a principal 30 s after its
    /// expiry, or after the leeway of its verifier if that is longer.
    pub fn clock(self, clock: impl Clock) -> Self {
        self.change(|pipeline| pipeline.clock = Arc::new(clock))
    }

    /// Leaves credentials in the query that inner services, `OriginalUri` and spans receive. By
    /// default they are cut out, because queries leak into logs and `Referer` headers.
    pub fn keep_query_credentials(self) -> Self {
        self.change(|pipeline| pipeline.cut_query = false)
    }

    /// Limits how often credentials are revoked because they came over plain http; see
    /// [`RevocationLimits`].
    pub fn revocation(self, limits: RevocationLimits) -> Self {
        self.change(|pipeline| pipeline.guard.set_revocation(limits))
    }

    fn change(self, change: impl FnOnce(&mut Pipeline)) -> Self {
        let mut pipeline = self.pipeline.clone();
        change(&mut pipeline);
        Self { pipeline: keep(pipeline), ..self }
    }
}

/// Keeps a pipeline for the life of the process.
// The compiled pipeline is leaked, once for each layer. If every request of every core wrote to one
// reference count, that would cost more than the rest of a request's way. A layer is made at
// start-up and kept for the life of the process anyway, so its pipeline (some hundred bytes) is
// `&'static`. Each method that changes it leaks another one. The verifier is in an `Arc`, whose
// count changes only when a request waits or when the service is cloned.
fn keep(pipeline: Pipeline) -> &'static Pipeline {
    Box::leak(Box::new(pipeline))
}

impl<S, V, M: Clone + 'static> Layer<S> for AuthenticateLayer<V, M> {
    type Service = Authenticate<S, V, M>;

    fn layer(&self, inner: S) -> Self::Service {
        let Self { pipeline, verifier, mode } = self;
        if TypeId::of::<M>() == TypeId::of::<NoBody>() {
            pipeline.body_is_not_read();
        }
        Authenticate::new(inner, pipeline, Arc::clone(verifier), mode.clone())
    }
}

impl<V, M: Clone> Clone for AuthenticateLayer<V, M> {
    fn clone(&self) -> Self {
        Self { pipeline: self.pipeline, verifier: Arc::clone(&self.verifier), mode: self.mode.clone() }
    }
}

impl<V, M> fmt::Debug for AuthenticateLayer<V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateLayer").field("dialect", &self.pipeline.name()).finish_non_exhaustive()
    }
}
