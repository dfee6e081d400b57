//! Tower's readiness contract, and requests that clients abandon.

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::Full;
use tokio::sync::Semaphore;
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimit;
use tower::load_shed::LoadShed;
use tower::{Layer as _, Service, ServiceExt, service_fn};
use tower_principal::layer::FormBody;
use tower_principal::{
    AuthenticateLayer, OAuthUser, Principal, RejectionKind, RequireLayer, Verifier, VerifyError, dialect,
    policy, verify,
};

use crate::support::*;

/// Panics if it is called before this instance was polled ready. A clone is never ready.
#[derive(Default)]
struct Strict {
    is_ready: bool,
    polled: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { is_ready: false, polled: Arc::clone(&self.polled) }
    }
}

impl<B> Service<Request<B>> for Strict {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.polled.fetch_add(1, Ordering::SeqCst);
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called without having been polled ready");
        ready(Ok(Response::default()))
    }
}

/// Accepts all credentials of the tests at once.
fn now() -> impl Verifier {
    one_of_each_kind()
}

/// Accepts only [`TOKEN`], and answers after a while.
fn later() -> impl Verifier {
    says_later(|credential| match credential {
        tower_principal::Credential::AccessToken(token) if token.expose_secret() == TOKEN => {
            Ok(OAuthUser::new("otto").into())
        }
        _ => Err(VerifyError::UNKNOWN),
    })
}

/// Never answers, and counts the waiting calls.
fn hang(waiting: &Arc<AtomicUsize>) -> impl Verifier {
    let waiting = Arc::clone(waiting);
    verify::from_fn(move |_, _| {
        let waits = Waits::start(&waiting);
        async move {
            let _waits = waits;
            pending::<Result<Principal, VerifyError>>().await
        }
    })
}

struct Waits(Arc<AtomicUsize>);

impl Waits {
    fn start(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Polls a service ready and calls it, as a server does.
fn call<S: Service<Request<Body>>>(service: &mut S, request: Request<Body>) -> S::Future {
    readied(service).unwrap().call(request)
}

/// Returns the service if it is ready now.
fn readied<S: Service<Request<Body>>>(service: &mut S) -> Option<&mut S> {
    service.ready().now_or_never().map(|ready| ready.unwrap_or_else(|_| panic!("the service failed")))
}

fn good() -> Request<Body> {
    authorization(bearer(TOKEN))
}

fn bad() -> Request<Body> {
    authorization(bearer(UNKNOWN_TOKEN))
}

fn in_form() -> Request<Body> {
    form("/", format!("access_token={TOKEN}"))
}

/// Sends three requests one after another, as a server does. Returns how often the inner service
/// was polled.
async fn thrice<V: Verifier>(verifier: V, request: fn() -> Request<Body>) -> usize {
    let inner = Strict::default();
    let polled = Arc::clone(&inner.polled);
    let inner = RequireLayer::new(policy::authenticated()).layer(inner);
    let layer = layer_of(dialect::OPENDATASOFT, verifier).with_form_body(1024, Duration::from_secs(5));
    let mut service = layer.layer(inner);
    for _ in 0..3 {
        let response = call(&mut service, request()).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    polled.load(Ordering::SeqCst)
}

/// Peers clone their inner service, poll one instance and call the other.
#[tokio::test]
async fn defect_01_the_readied_service_is_the_one_called() {
    assert_eq!(thrice(now(), good).await, 3);
    // A request that waits for verification gives up its readied service, and a clone is polled
    // ready afterwards.
    assert_eq!(thrice(later(), good).await, 6);
    assert_eq!(thrice(now(), in_form).await, 6);
    assert_eq!(thrice(later(), in_form).await, 6);
}

/// A second request that starts before the first is answered has its own readied service.
#[tokio::test]
async fn defect_01_requests_that_overlap_each_have_a_readied_service() {
    let mut service = layer_of(dialect::RFC6750, later()).layer(Strict::default());
    let mut responses = Vec::new();
    for _ in 0..4 {
        responses.push(call(&mut service, good()));
    }
    for response in futures_util::future::join_all(responses).await {
        assert_eq!(response.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn defect_01_buffered_and_limited_services_are_called_when_they_are_ready() {
    async fn check<V: Verifier>(verifier: V, request: fn() -> Request<Body>) {
        let limited = ConcurrencyLimit::new(Buffer::new(service_fn(greet), 1), 1);
        let layer = layer_of(dialect::OPENDATASOFT, verifier).with_form_body(1024, Duration::from_secs(5));
        let mut service = layer.layer(limited);
        for _ in 0..3 {
            service.clone().oneshot(request()).await.unwrap();
        }
        for _ in 0..3 {
            ServiceExt::<Request<Body>>::ready(&mut service).await.unwrap().call(request()).await.unwrap();
        }
    }
    for request in [good, in_form, bad] {
        check(now(), request).await;
        check(later(), request).await;
    }
}

/// If the inner service is not ready, the layer is not ready. If it fails, the layer fails.
#[tokio::test]
async fn the_layer_is_ready_when_its_inner_service_is() {
    let limited = ConcurrencyLimit::new(service_fn(greet::<Body>), 1);
    let mut first = layer(dialect::RFC6750).layer(limited);
    let mut second = first.clone();
    assert!(readied(&mut first).is_some());
    assert!(readied(&mut second).is_none());
    drop(first);
    assert!(readied(&mut second).is_some());
}

#[tokio::test]
async fn a_refused_request_keeps_no_permit() {
    for at_once in [true, false] {
        let answer = |_: &tower_principal::Credential<'_>| Err(VerifyError::UNKNOWN);
        let limited = ConcurrencyLimit::new(service_fn(greet::<Body>), 1);
        let mut service = layer_of(dialect::RFC6750, Says { answer, at_once }).layer(limited);
        let mut other = service.clone();
        let mut response = Box::pin(call(&mut service, bad()));
        assert_eq!((&mut response).await.unwrap().status(), 401);
        // The readied service may keep its permit for the next call; no other permit is held.
        drop(service);
        assert!(readied(&mut other).is_some(), "at once: {at_once}");
    }
}

#[tokio::test]
async fn dropping_the_response_ends_the_verification_which_held_no_permit() {
    let waiting = Arc::new(AtomicUsize::new(0));
    let limited = ConcurrencyLimit::new(service_fn(greet::<Body>), 1);
    let mut service = layer_of(dialect::RFC6750, hang(&waiting)).layer(limited.clone());
    for _ in 0..5 {
        let mut response = Box::pin(call(&mut service, good()));
        assert!((&mut response).now_or_never().is_none());
        assert_eq!(waiting.load(Ordering::SeqCst), 1);
        assert!(readied(&mut limited.clone()).is_some());
        drop(response);
        assert_eq!(waiting.load(Ordering::SeqCst), 0);
    }
    drop(service);
    assert!(readied(&mut limited.clone()).is_some());
}

/// If the response is never polled, nothing starts, and the permit is returned.
#[tokio::test]
async fn a_response_that_is_never_polled_leaves_nothing() {
    let waiting = Arc::new(AtomicUsize::new(0));
    let limited = ConcurrencyLimit::new(service_fn(greet::<Body>), 1);
    let mut service = layer_of(dialect::RFC6750, hang(&waiting)).layer(limited);
    for _ in 0..5 {
        let response = call(&mut service, good());
        assert_eq!(waiting.load(Ordering::SeqCst), 0);
        drop(response);
    }
}

#[tokio::test]
async fn dropping_the_response_while_the_body_arrives_drops_the_body() {
    let arriving = Arc::new(AtomicUsize::new(0));
    let waits = Waits::start(&arriving);
    let frames = futures_util::stream::once(async move {
        let _waits = waits;
        pending::<Result<Bytes, Infallible>>().await
    });
    let layer = layer(dialect::OPENDATASOFT).with_form_body(1024, Duration::from_secs(5));
    let service = layer.layer(service_fn(greet));
    let mut response = Box::pin(service.oneshot(form("/", Body::from_stream(frames))));
    assert!((&mut response).now_or_never().is_none());
    assert_eq!(arriving.load(Ordering::SeqCst), 1);
    drop(response);
    assert_eq!(arriving.load(Ordering::SeqCst), 0);
}

/// The deadline ends a verification in the same way as a client that leaves.
#[tokio::test(start_paused = true)]
async fn a_verification_that_is_late_is_dropped() {
    let waiting = Arc::new(AtomicUsize::new(0));
    let service = layer_of(dialect::RFC6750, hang(&waiting)).layer(service_fn(greet));
    let mut response = Box::pin(service.oneshot(good()));
    let answer = Answer::of((&mut response).await.unwrap()).await;
    assert_eq!(answer.outcome(), Err(RejectionKind::Unavailable));
    assert_eq!(waiting.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_error_of_the_inner_service_passes_through() {
    let failing = service_fn(async |_: Request<Body>| Err::<Response<Full<Bytes>>, _>("no such service"));
    for error in [
        layer_of(dialect::RFC6750, now()).layer(failing).oneshot(good()).await.unwrap_err(),
        layer_of(dialect::RFC6750, later()).layer(failing).oneshot(good()).await.unwrap_err(),
    ] {
        assert_eq!(error, "no such service");
    }
}

/// If the answer is immediate, neither the verifier nor the inner service is cloned.
#[tokio::test]
async fn on_the_ready_path_nothing_is_cloned() {
    struct Uncloned(Strict);
    impl Clone for Uncloned {
        fn clone(&self) -> Self {
            panic!("cloned on the ready path")
        }
    }
    impl Service<Request<Body>> for Uncloned {
        type Response = Response<Full<Bytes>>;
        type Error = Infallible;
        type Future = Ready<Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Service::<Request<Body>>::poll_ready(&mut self.0, context)
        }

        fn call(&mut self, request: Request<Body>) -> Self::Future {
            self.0.call(request)
        }
    }
    let mut service = layer_of(dialect::ANY, now()).layer(Uncloned(Strict::default()));
    for (request, status) in [(good(), 200), (bad(), 401), (get("/", &[("x-app-token", APP_TOKEN)]), 200)] {
        let response = call(&mut service, request).await.unwrap();
        assert_eq!(response.status(), status);
    }
}

/// A service that holds its permit and answers when the test lets it.
fn slow(gate: &Arc<Semaphore>) -> impl Service<Request<Body>, Response = Served, Error = Infallible> + Clone {
    let gate = Arc::clone(gate);
    service_fn(move |request: Request<Body>| {
        let gate = Arc::clone(&gate);
        async move {
            let _open = gate.acquire().await;
            greet(request).await
        }
    })
}

type Served = Response<Full<Bytes>>;

/// Returns a request with the head of a form and no body.
fn head_of_a_form() -> Request<Body> {
    let frames = futures_util::stream::pending::<Result<Bytes, Infallible>>();
    form("/", Body::from_stream(frames))
}

fn reading<V: Verifier>(verifier: V) -> AuthenticateLayer<V, FormBody> {
    layer_of(dialect::OPENDATASOFT, verifier).with_form_body(1024, Duration::from_secs(5))
}

/// Sends requests and keeps their responses pending.
fn send_and_wait<S: Service<Request<Body>> + Clone>(
    service: &S,
    count: usize,
    request: impl Fn() -> Request<Body>,
) -> Vec<Pin<Box<S::Future>>> {
    let sent = (0..count).map(|_| Box::pin(call(&mut service.clone(), request())));
    let mut sent: Vec<_> = sent.collect();
    assert!(sent.iter_mut().all(|response| response.now_or_never().is_none()));
    sent
}

#[tokio::test]
async fn four_strangers_with_the_head_of_a_form_leave_four_places_free() {
    let limited = ConcurrencyLimit::new(service_fn(greet), 4);
    let service = reading(now()).layer(limited);
    let strangers = send_and_wait(&service, 40, head_of_a_form);
    for _ in 0..4 {
        let response = service.clone().oneshot(good()).now_or_never().expect("a place is free");
        assert_eq!(response.unwrap().status(), 200);
    }
    drop(strangers);
}

#[tokio::test]
async fn verifications_that_wait_leave_the_only_place_free() {
    let waiting = Arc::new(AtomicUsize::new(0));
    let limited = ConcurrencyLimit::new(service_fn(greet), 1);
    let strangers = layer_of(dialect::RFC6750, hang(&waiting)).layer(limited.clone());
    let strangers = send_and_wait(&strangers, 5, bad);
    assert_eq!(waiting.load(Ordering::SeqCst), 5);
    let service = layer_of(dialect::RFC6750, now()).layer(limited);
    let response = service.oneshot(good()).now_or_never().expect("a place is free");
    assert_eq!(response.unwrap().status(), 200);
    drop(strangers);
}

/// One service for all requests of a connection, as HTTP/2 servers keep it.
#[tokio::test]
async fn a_service_that_is_kept_holds_no_place_while_its_request_is_verified() {
    let mut kept = reading(now()).layer(ConcurrencyLimit::new(service_fn(greet), 1));
    let other = kept.clone();
    let mut sent: Vec<_> = (0..3).map(|_| Box::pin(call(&mut kept, head_of_a_form()))).collect();
    assert!(sent.iter_mut().all(|response| response.now_or_never().is_none()));
    let response = other.oneshot(good()).now_or_never().expect("a place is free");
    assert_eq!(response.unwrap().status(), 200);
}

#[tokio::test]
async fn places_of_a_buffer_are_free_while_strangers_are_verified() {
    let service = reading(now()).layer(Buffer::new(service_fn(greet), 2));
    let _strangers = send_and_wait(&service, 8, head_of_a_form);
    for _ in 0..3 {
        assert_eq!(service.clone().oneshot(good()).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_service_that_sheds_load_is_asked_again_after_verification() {
    let gate = Arc::new(Semaphore::new(0));
    let shedding = LoadShed::new(ConcurrencyLimit::new(slow(&gate), 1));
    let service = layer_of(dialect::RFC6750, later()).layer(shedding.clone());
    let mut first = Box::pin(service.clone().oneshot(good()));
    for _ in 0..3 {
        assert!((&mut first).now_or_never().is_none());
    }
    // A verified request holds the place, so the next request is shed.
    let shed = service.clone().oneshot(good()).await.unwrap_err();
    assert!(shed.is::<tower::load_shed::error::Overloaded>(), "{shed}");
    gate.add_permits(1);
    assert_eq!(first.await.unwrap().status(), 200);
    assert_eq!(service.oneshot(good()).await.unwrap().status(), 200);
}

/// A verified request waits for its place in the order of the inner service.
#[tokio::test]
async fn verified_requests_get_the_places_in_turn() {
    let gate = Arc::new(Semaphore::new(0));
    let limited = ConcurrencyLimit::new(slow(&gate), 1);
    let service = layer_of(dialect::RFC6750, later()).layer(limited.clone());
    let mut first = Box::pin(call(&mut service.clone(), good()));
    let mut second = Box::pin(call(&mut service.clone(), good()));
    let mut third = Box::pin(call(&mut service.clone(), good()));
    for _ in 0..3 {
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none());
    }
    // A client that leaves also leaves the queue.
    drop(second);
    gate.add_permits(1);
    assert_eq!(first.await.unwrap().status(), 200);
    assert_eq!(third.await.unwrap().status(), 200);
    assert!(readied(&mut limited.clone()).is_some());
}

/// The inner service fails while a verified request waits for it, or earlier.
#[tokio::test]
async fn an_error_of_poll_ready_after_verification_passes_through() {
    #[derive(Clone)]
    struct Failing {
        polls: usize,
        fails_at: Arc<AtomicUsize>,
    }
    impl Service<Request<Body>> for Failing {
        type Response = Served;
        type Error = &'static str;
        type Future = Ready<Result<Served, &'static str>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            self.polls += 1;
            match self.fails_at.fetch_sub(1, Ordering::SeqCst) {
                1 => Poll::Ready(Err("down")),
                _ => Poll::Ready(Ok(())),
            }
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            ready(Ok(Response::default()))
        }
    }
    for (fails_at, expected) in [(1, Err("down")), (2, Err("down")), (3, Ok(200))] {
        let inner = Failing { polls: 0, fails_at: Arc::new(AtomicUsize::new(fails_at)) };
        let service = layer_of(dialect::RFC6750, later()).layer(inner);
        let answer = service.oneshot(good()).await.map(|response| response.status().as_u16());
        assert_eq!(answer, expected, "{fails_at}");
    }
}

/// A request that is refused after waiting for its verification never entered the inner service's
/// queue.
#[tokio::test]
async fn a_stranger_is_refused_although_every_place_is_taken_meanwhile() {
    let gate = Arc::new(Semaphore::new(0));
    let limited = ConcurrencyLimit::new(slow(&gate), 1);
    let refusing = layer_of(dialect::RFC6750, later()).layer(limited.clone());
    let mut stranger = Box::pin(call(&mut refusing.clone(), bad()));
    let mut other = limited.clone();
    let _busy = call(&mut other, good());
    assert_eq!((&mut stranger).await.unwrap().status(), 401);
}
