//! Turns a request's credentials into a principal.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::ResponseBody;
use super::form_body::{BodyMode, FormBody, NoBody};
use crate::answer::Asked;
use crate::authenticator::{Pipeline, Verdict};
use crate::credential::CredentialKind;
use crate::dialect::{Dialect, DialectError};
use crate::head::Head;
use crate::rejection::{Rejection, Respond};
use crate::transport::Transport;
use crate::verify::Verifier;

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
/// let layer = AuthenticateLayer::new(dialect::OPENDATASOFT.realm("data"), verifier, transport::marked());
/// # let _ = layer;
/// # Ok::<(), tower_principal::MemoryVerifierError>(())
/// ```
#[must_use]
pub struct AuthenticateLayer<V, M = NoBody> {
    pipeline: &'static Pipeline,
    verifier: Arc<V>,
    mode: M,
}

/// The service of [`AuthenticateLayer`].
pub struct Authenticate<S, V, M = NoBody> {
    inner: S,
    pipeline: &'static Pipeline,
    verifier: Arc<V>,
    mode: M,
}

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
        let pipeline = Pipeline::new(&dialect, transport)?;
        Ok(Self { pipeline: keep(pipeline), verifier: Arc::new(verifier), mode: NoBody })
    }

    /// Reads form bodies of up to `limit` bytes that arrive within `deadline`, where the dialect has
    /// a body row and the head holds no subject. The inner service gets the identical bytes, as a
    /// [`RequestBody`](crate::RequestBody), which axum's router takes as it is.
    ///
    /// 64 KiB and 5 s are usual.
    pub fn form_body(self, limit: usize, deadline: Duration) -> AuthenticateLayer<V, FormBody> {
        let Self { pipeline, verifier, mode: NoBody } = self;
        AuthenticateLayer { pipeline, verifier, mode: FormBody::new(limit, deadline) }
    }
}

impl<V, M> AuthenticateLayer<V, M> {
    /// Renders refusals in your own way; see [`Respond`].
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{HeaderValue, Response};
    /// # use tower_principal::{AuthenticateLayer, MemoryVerifier, Rejection, dialect, transport};
    /// # let verifier = MemoryVerifier::builder().build()?;
    /// let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::marked())
    ///     .respond(|rejection: &Rejection, standard: Response<Bytes>| {
    ///         let mut response = standard.map(|_| Bytes::from(format!("<p>{}</p>", rejection.kind())));
    ///         response.headers_mut().insert("content-type", HeaderValue::from_static("text/html"));
    ///         response
    ///     });
    /// # let _ = layer;
    /// # Ok::<(), tower_principal::MemoryVerifierError>(())
    /// ```
    pub fn respond(self, respond: impl Respond) -> Self {
        self.change(|pipeline| pipeline.answers.set_respond(respond))
    }

    /// Tells verifiers the tenant of a request: its host, its organization, whatever separates
    /// credentials that must not be mixed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tower_principal::{AuthenticateLayer, Head, MemoryVerifier, dialect, transport};
    /// # let verifier = MemoryVerifier::builder().build()?;
    /// let layer = AuthenticateLayer::new(dialect::RFC6750, verifier, transport::marked())
    ///     .tenant(|head| head.headers().get("host")?.to_str().ok().map(Into::into));
    /// # let _ = layer;
    /// # Ok::<(), tower_principal::MemoryVerifierError>(())
    /// ```
    pub fn tenant<F>(self, tenant: F) -> Self
    where
        F: for<'r> Fn(&Head<'r>) -> Option<Cow<'r, str>> + Send + Sync + 'static,
    {
        self.change(|pipeline| pipeline.tenant = Some(Arc::new(tenant)))
    }

    /// How long all verification of a request may take before it is answered 503; 2 s unless said.
    /// Without a tokio timer there is no deadline.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.change(|pipeline| pipeline.deadline = deadline)
    }

    /// What a 503 says in `Retry-After`; 5 s unless said.
    pub fn retry_after(self, retry_after: Duration) -> Self {
        self.change(|pipeline| pipeline.answers.set_retry_after(retry_after))
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

impl<S, V, M: Clone> Layer<S> for AuthenticateLayer<V, M> {
    type Service = Authenticate<S, V, M>;

    fn layer(&self, inner: S) -> Self::Service {
        let Self { pipeline, verifier, mode } = self;
        Authenticate { inner, pipeline, verifier: Arc::clone(verifier), mode: mode.clone() }
    }
}

impl<S, V, M, B, R> Service<Request<B>> for Authenticate<S, V, M>
where
    S: Service<Request<M::Body>, Response = Response<R>> + Clone,
    V: Verifier,
    M: BodyMode<B>,
    M::Body: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = AuthenticateFuture<S, M::Body>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let head = Head::of(&request);
        let asked = Asked::of(head);
        let table = self.pipeline.table();
        let wants_body = match table.reads_body() {
            true => self.mode.wants(head, request.body(), table.reads_body_anyhow()),
            false => Ok(false),
        };
        let verdict = match wants_body {
            Ok(wants_body) => self.pipeline.decide_now(&*self.verifier, head, wants_body),
            Err(rejection) => Verdict::Refused(rejection),
        };
        let state = match verdict {
            Verdict::Admitted(authentication) => {
                self.pipeline.seal(&mut request, authentication);
                State::Calling { future: self.inner.call(request.map(M::pass)) }
            }
            Verdict::Refused(rejection) => State::Refused { rejection },
            Verdict::Waits => {
                // The service that was polled ready is the one to call; its clone is not ready yet.
                let clone = self.inner.clone();
                let inner = std::mem::replace(&mut self.inner, clone);
                let verifier = Arc::clone(&self.verifier);
                let waiting = wait(self.pipeline, verifier, self.mode.clone(), request);
                State::Waiting { waiting: Box::pin(waiting), inner }
            }
        };
        AuthenticateFuture { state, pipeline: self.pipeline, asked }
    }
}

type Waiting<B> = Pin<Box<dyn Future<Output = Result<Request<B>, Rejection>> + Send>>;

/// The way of a request whose verifier waits, or whose body has to be read. What the head presents is
/// read again here: borrowing twice is cheaper than owning once.
async fn wait<V: Verifier, M: BodyMode<B>, B: Send>(
    pipeline: &'static Pipeline,
    verifier: Arc<V>,
    mode: M,
    request: Request<B>,
) -> Result<Request<M::Body>, Rejection>
where
    M::Body: Send,
{
    let wants_body = pipeline.table().reads_body()
        && mode.wants(Head::of(&request), request.body(), pipeline.table().reads_body_anyhow())?;
    let (parts, body) = request.into_parts();
    let head = Head::of_parts(&parts);
    let mut found = pipeline.verify_head(&*verifier, head).await?;
    let subject =
        found.as_ref().is_some_and(|found| found.credential_kind() != Some(CredentialKind::AppToken));
    let body = if wants_body && !subject {
        let (form, body) = mode.read(head, body).await?;
        let in_body = pipeline.verify_body(&*verifier, head, form.bytes()).await?;
        found = match (in_body, found) {
            (Some(in_body), Some(app)) => Some(in_body.with_app(app.app().cloned())),
            (in_body, found) => in_body.or(found),
        };
        body
    } else {
        M::pass(body)
    };
    let authentication = match found {
        Some(found) => found,
        None => pipeline.guest(head)?,
    };
    let mut request = Request::from_parts(parts, body);
    pipeline.seal(&mut request, authentication);
    Ok(request)
}

pin_project! {
    /// The response future of [`Authenticate`].
    pub struct AuthenticateFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B, S::Future>,
        pipeline: &'static Pipeline,
        asked: Asked,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        Waiting { waiting: Waiting<B>, inner: S },
        Calling { #[pin] future: F },
        Refused { rejection: Rejection },
    }
}

impl<S, B, R> Future for AuthenticateFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Waiting { waiting, inner } => match ready!(waiting.as_mut().poll(context)) {
                    Ok(request) => State::Calling { future: inner.call(request) },
                    Err(rejection) => State::Refused { rejection },
                },
                StateProjection::Calling { future } => {
                    let response = ready!(future.poll(context))?;
                    return Poll::Ready(Ok(render(this.pipeline, *this.asked, response)));
                }
                StateProjection::Refused { rejection } => {
                    let answer = this.pipeline.answers.render(rejection, *this.asked);
                    return Poll::Ready(Ok(answer.map(ResponseBody::fixed)));
                }
            };
            this.state.set(next);
        }
    }
}

/// Renders a refusal of an inner layer or extractor in this dialect's way; other responses pass.
fn render<R>(pipeline: &Pipeline, asked: Asked, response: Response<R>) -> Response<ResponseBody<R>> {
    match response.extensions().get::<Rejection>() {
        Some(rejection) if !rejection.is_rendered() => {
            pipeline.answers.render(rejection, asked).map(ResponseBody::fixed)
        }
        _ => response.map(ResponseBody::inner),
    }
}

impl<V, M: Clone> Clone for AuthenticateLayer<V, M> {
    fn clone(&self) -> Self {
        Self { pipeline: self.pipeline, verifier: Arc::clone(&self.verifier), mode: self.mode.clone() }
    }
}

impl<S: Clone, V, M: Clone> Clone for Authenticate<S, V, M> {
    fn clone(&self) -> Self {
        let Self { inner, pipeline, verifier, mode } = self;
        Self { inner: inner.clone(), pipeline, verifier: Arc::clone(verifier), mode: mode.clone() }
    }
}

impl<V, M> fmt::Debug for AuthenticateLayer<V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateLayer").field("dialect", &self.pipeline.name()).finish_non_exhaustive()
    }
}

impl<S, V, M> fmt::Debug for Authenticate<S, V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticate").field("dialect", &self.pipeline.name()).finish_non_exhaustive()
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for AuthenticateFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateFuture").finish_non_exhaustive()
    }
}
