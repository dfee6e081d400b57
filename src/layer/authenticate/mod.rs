//! Turns a request's credentials into a principal.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tower_layer::Layer;

use self::future::{ResponseContext, Waiting};
use super::{FormBody, NoBody};
use crate::clock::Clock;
use crate::dialect::{Dialect, DialectError};
use crate::pipeline::{Pipeline, RevocationLimits};
use crate::principal::Scopes;
use crate::principal::identity::Home;
use crate::rejection::RenderRejection;
use crate::request::RequestHead;
use crate::transport::Transport;
use crate::verify::{Tenancy, Verifier};

mod future;
mod service;

pub use self::future::AuthenticateFuture;
pub use self::service::Authenticate;

/// Turns a request's credentials into one verified [`Principal`](crate::Principal), which handlers
/// take as an extractor and [`RequireLayer`](crate::RequireLayer) decides by.
///
/// Three decisions are required: which credential forms are read (the dialect), who says whom they
/// belong to (the verifier), and how a secure connection is known (the transport). It answers every
/// refusal inside it, its own and those of `RequireLayer` and the extractors.
///
/// Build layers at start-up: the compiled dialect of each, some hundred bytes, lives as long as the
/// process, so that requests on several cores share no reference count. The verifier does not.
///
/// # Examples
///
/// ```
/// use tower_principal::{AuthenticateLayer, MemoryVerifier, dialect, transport};
///
/// let verifier = MemoryVerifier::builder().build()?;
/// let layer = AuthenticateLayer::new(dialect::OPENDATASOFT.realm("data"), verifier, transport::from_acceptor());
/// # let _ = layer;
/// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
/// ```
#[must_use]
pub struct AuthenticateLayer<V, M = NoBody> {
    pipeline: &'static Pipeline,
    verifier: Arc<V>,
    mode: M,
}

/// A layer has a tenant, and its verifier takes every credential at every tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the layer has a tenant, and its verifier ignores tenants: bind it with `.at_tenant(..)`, \
     `.tenant_claim(..)` or `.separates_tenants()`, or give up the wall with `.danger_at_every_tenant()`"
)]
#[non_exhaustive]
pub struct IgnoresTenants;

impl<V: Verifier> AuthenticateLayer<V> {
    /// Reads these credential forms, asks this verifier, trusts these connections.
    ///
    /// # Panics
    ///
    /// When the dialect cannot work; the message names the row. [`try_new`](Self::try_new) returns
    /// the error instead.
    #[allow(clippy::panic, reason = "a start-up error; `try_new` is there for others")]
    pub fn new(dialect: Dialect, verifier: V, transport: Transport) -> Self {
        let name = dialect.name;
        Self::try_new(dialect, verifier, transport)
            .unwrap_or_else(|error| panic!("dialect `{name}`: {error}"))
    }

    /// The same, for dialects that are made at run time.
    ///
    /// # Errors
    ///
    /// [`DialectError`], which names the row that is wrong.
    pub fn try_new(dialect: Dialect, verifier: V, transport: Transport) -> Result<Self, DialectError> {
        let mut pipeline = Pipeline::new(&dialect, transport)?;
        pipeline.source = Home::of(verifier.source());
        Ok(Self { pipeline: keep(pipeline), verifier: Arc::new(verifier), mode: NoBody })
    }

    /// Reads form bodies of up to `limit` bytes that arrive within `deadline`, where the dialect has
    /// a body row and the head holds no subject. The inner service gets the identical bytes, as a
    /// [`RequestBody`](crate::layer::RequestBody), which axum's router takes as it is.
    ///
    /// 64 KiB and 5 s are usual.
    pub fn form_body(self, limit: usize, deadline: Duration) -> AuthenticateLayer<V, FormBody> {
        let Self { pipeline, verifier, mode: NoBody } = self;
        AuthenticateLayer { pipeline, verifier, mode: FormBody::new(limit, deadline) }
    }
}

impl<V, M> AuthenticateLayer<V, M> {
    /// Renders refusals in your own way; see [`RenderRejection`].
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{HeaderValue, Response};
    /// # use tower_principal::{AuthenticateLayer, MemoryVerifier, Rejection, dialect, transport};
    /// # let verifier = MemoryVerifier::builder().build()?;
    /// let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::from_acceptor())
    ///     .respond(|rejection: &Rejection, standard: Response<Bytes>| {
    ///         let mut response = standard.map(|_| Bytes::from(format!("<p>{}</p>", rejection.kind())));
    ///         response.headers_mut().insert("content-type", HeaderValue::from_static("text/html"));
    ///         response
    ///     });
    /// # let _ = layer;
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    pub fn respond(self, respond: impl RenderRejection) -> Self {
        self.change(|pipeline| pipeline.answers.set_respond(respond))
    }

    /// Tells the verifier the tenant of a request: its host, its organization, whatever separates
    /// credentials that must not be mixed. The verifier has to [separate](Verifier::tenancy) tenants, so
    /// that no credential is good at another tenant.
    ///
    /// # Panics
    ///
    /// Panics if the verifier ignores tenants. [`try_tenant`](Self::try_tenant) returns the error instead.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tower_principal::request::RequestHead;
    /// # use tower_principal::{AuthenticateLayer, MemoryVerifier, Verifier, dialect, transport};
    /// # let verifier = MemoryVerifier::builder().build()?;
    /// let verifier = verifier.at_tenant("acme.example");
    /// let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::from_acceptor())
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

    /// How long all verification of a request may take before it is answered 503; 2 s unless said.
    /// Without a tokio timer there is no deadline.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.change(|pipeline| pipeline.deadline = deadline)
    }

    /// Tells the time by which a verified principal has expired; the operating system's unless said. A verifier
    /// judges expiry itself, by a clock of its own and perhaps with a leeway: this refuses what one answered 30 s
    /// past its end or later.
    pub fn clock(self, clock: impl Clock) -> Self {
        self.change(|pipeline| pipeline.clock = Arc::new(clock))
    }

    /// Leaves credentials in the query that inner services, `OriginalUri` and spans see. They are cut
    /// out unless this is said; logs and `Referer` headers are where they leak.
    pub fn keep_query_credentials(self) -> Self {
        self.change(|pipeline| pipeline.cut_query = false)
    }

    /// What a 503 says in `Retry-After`; 5 s unless said.
    pub fn retry_after(self, retry_after: Duration) -> Self {
        self.change(|pipeline| pipeline.answers.set_retry_after(retry_after))
    }

    /// Names the metadata document of the resource in every challenge for access tokens, so that clients find
    /// its authorization server (RFC 9728 section 5.1). With the feature `metadata`, `ProtectedResource` makes that
    /// document and knows its URL.
    ///
    /// # Panics
    ///
    /// When the URL is no printable ASCII.
    #[allow(clippy::panic, reason = "a start-up error, as those of `new`")]
    pub fn resource_metadata(self, url: &str) -> Self {
        self.change(|pipeline| match pipeline.answers.set_metadata(url) {
            Ok(()) => {}
            Err(error) => panic!("the URL of the resource's metadata: {error}"),
        })
    }

    /// Names the scopes that a client needs in every challenge that asks for an access token
    /// (`scope`, RFC 6750 section 3), so that the first token that a client asks for is good
    /// enough. `scopes` is a space-delimited list.
    ///
    /// If a policy refuses a request, the challenge names the scopes of that policy instead.
    /// Challenges of schemes without scopes, such as `Basic`, stay as they are. Defaults to no
    /// scopes.
    ///
    /// # Panics
    ///
    /// If `scopes` is empty or not a scope list.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tower_principal::{AuthenticateLayer, MemoryVerifier, dialect, transport};
    /// # let verifier = MemoryVerifier::builder().build()?;
    /// let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::from_acceptor())
    ///     .challenge_scope("datasets:read datasets:write");
    /// # let _ = layer;
    /// # Ok::<(), tower_principal::verify::MemoryVerifierError>(())
    /// ```
    #[allow(clippy::panic, reason = "a start-up error, as those of `new`")]
    pub fn challenge_scope(self, scopes: &str) -> Self {
        let Ok(parsed) = scopes.parse::<Scopes>() else { panic!("`{scopes}` is not a scope list") };
        assert!(!parsed.is_empty(), "the scope list is empty");
        self.change(|pipeline| match pipeline.answers.set_scope(&parsed) {
            Ok(()) => {}
            Err(error) => panic!("the scopes of the challenges: {error}"),
        })
    }

    /// How often credentials may be revoked for being shown over plain http; see [`RevocationLimits`].
    pub fn revocation(self, limits: RevocationLimits) -> Self {
        self.change(|pipeline| pipeline.guard.set_revocation(limits))
    }

    fn change(self, change: impl FnOnce(&mut Pipeline)) -> Self {
        let mut pipeline = self.pipeline.clone();
        change(&mut pipeline);
        Self { pipeline: keep(pipeline), ..self }
    }
}

/// Keeps a pipeline for the life of the process. A reference count that every request of every core
/// writes to costs more than the rest of a request's way; a layer is made at start-up and kept anyway.
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
