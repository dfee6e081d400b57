//! Limits on the memory that hostile traffic holds, on work for clients that left, and on the time
//! until a revoked credential ends.

use std::future::Future as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context as Task, Waker};
use std::time::Duration;

use allocation_counter::measure;
use axum::body::Body;
use futures_util::FutureExt as _;
use http::{Request, Response};
use tokio::runtime::Handle;
use tokio::time::sleep;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};
use tower_principal::layer::RevocationLimits;
use tower_principal::transport::{self, PlainConnection};
use tower_principal::{
    AuthenticateLayer, Credential, OAuthUser, Principal, PrincipalKind, Secret, Verifier, VerifyContext,
    VerifyError, dialect, verify::MemoryVerifier,
};

use crate::support::*;

/// Only this file uses this token, because the whole process refuses it while it is revoked.
const SHOWN_TOKEN: &str = "9kxoTUYvSxnAiMpv008NBqRiqkBound";

/// The maximum number of credentials that wait to be revoked. Further ones are refused and stay
/// valid.
const QUEUE: usize = 4_096;

/// Returns unique invalid credentials of every kind, in turn in every place that `ANY` reads.
fn garbage(number: usize) -> Request<Body> {
    let token = format!("garbage-{number:030}");
    match number % 7 {
        0 => authorization(bearer(&token)),
        1 => authorization(format!("OAuth {token}")),
        2 => authorization(basic(&format!("{number:025}"), &token)),
        3 => get("/", &[("x-app-token", &token)]),
        4 => get(&format!("/?access_token={token}"), &[]),
        5 => get(&format!("/?client_id=b3U6{number:022}&client_secret={token}"), &[]),
        _ => authorization(format!("Bearer {token} {token}")),
    }
}

/// Memory is counted on the thread that serves: bytes that are not freed are held.
#[test]
fn req_54_garbage_leaves_nothing_behind() {
    let verifier = MemoryVerifier::builder().access_token(TOKEN, OAuthUser::new("otto"));
    let service =
        layer_of(dialect::ANY, verifier.build().unwrap()).layer(service_fn(async |_: Request<Body>| {
            Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
        }));
    let send = |number| {
        let answer =
            service.clone().oneshot(garbage(number)).now_or_never().expect("answered at once").unwrap();
        assert!((400..500).contains(&answer.status().as_u16()), "{number} {}", answer.status());
    };
    // The first requests of each kind may allocate structures that stay.
    (0..70).for_each(send);
    let held = measure(|| (70..14_070).for_each(send));
    assert!(held.count_total > 14_000, "nothing was counted");
    assert_eq!((held.count_current, held.bytes_current), (0, 0));
}

/// The verifier never answers, and more tokens come over plain http than may wait for it.
#[tokio::test(start_paused = true)]
async fn req_54_tokens_that_wait_to_be_revoked_are_bounded() {
    struct Never;
    impl Verifier for Never {
        async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<Principal, VerifyError> {
            std::future::pending().await
        }
    }
    let layer = AuthenticateLayer::new(dialect::SOCRATA, Never, transport::from_acceptor());
    let app = whoami().layer(layer).layer(axum::Extension(PlainConnection));
    let alive = || Handle::current().metrics().num_alive_tasks();
    let before = alive();
    for number in 0..QUEUE + 1_000 {
        let app = app.clone();
        tokio::spawn(async move {
            let answer = send(app, authorization(format!("OAuth token-{number}"))).await;
            assert_eq!(answer.status, 403);
        });
    }
    // By now every request is answered, and only the queue is left.
    sleep(Duration::from_millis(500)).await;
    assert_eq!(alive() - before, QUEUE);
    // They outlast the request's deadline, until the time limit for verifying a credential that is
    // to be revoked.
    sleep(Duration::from_secs(3)).await;
    assert_eq!(alive() - before, QUEUE);
    sleep(Duration::from_secs(34)).await;
    assert_eq!(alive() - before, 0);
}

/// Accepts one token, answers slowly, and records its revocation.
struct Slow {
    revoked: Arc<AtomicBool>,
}

impl Verifier for Slow {
    async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<Principal, VerifyError> {
        sleep(Duration::from_millis(200)).await;
        Ok(OAuthUser::new("otto").into())
    }

    async fn revoke(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<(), VerifyError> {
        sleep(Duration::from_millis(200)).await;
        self.revoked.store(true, Ordering::SeqCst);
        Ok(())
    }
}

/// A server drops the request of a client that has left. Revoking writes, so it runs in its own
/// task.
#[tokio::test(start_paused = true)]
async fn req_57_a_client_that_leaves_does_not_stop_the_revoking() {
    let revoked = Arc::new(AtomicBool::new(false));
    let verifier = Slow { revoked: Arc::clone(&revoked) };
    let layer = AuthenticateLayer::new(dialect::SOCRATA, verifier, transport::from_acceptor())
        .revocation(RevocationLimits::default());
    let mut app = whoami().layer(layer).layer(axum::Extension(PlainConnection));
    let mut answer = Box::pin(app.call(authorization(format!("OAuth {SHOWN_TOKEN}"))));
    assert!(answer.as_mut().poll(&mut Task::from_waker(Waker::noop())).is_pending());
    drop(answer);
    assert!(!revoked.load(Ordering::SeqCst));
    sleep(Duration::from_secs(1)).await;
    assert!(revoked.load(Ordering::SeqCst));
}

/// Four tasks send requests without a pause. Of the requests that start after `revoke` has
/// returned, those with the token fail and all others pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn req_39_what_is_revoked_is_refused_on_this_node_at_once() {
    let others = "another-token-of-otto";
    let verifier = MemoryVerifier::builder()
        .access_token(TOKEN, OAuthUser::new("otto"))
        .access_token(others, OAuthUser::new("olga"));
    let verifier = Arc::new(verifier.build().unwrap());
    // Through a combined verifier, which must not remember an answer either.
    let both = Arc::clone(&verifier).or(other_users());
    let app = whoami().layer(layer_of(dialect::RFC6750, both));
    let (revoked, passed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let asking = (0..4).map(|_| {
        let (app, revoked, passed) = (app.clone(), Arc::clone(&revoked), Arc::clone(&passed));
        tokio::spawn(async move {
            let mut refused = 0;
            while refused < 100 {
                let over = revoked.load(Ordering::SeqCst);
                let status = send(app.clone(), authorization(bearer(TOKEN))).await.status;
                assert!(!over || status == 401, "taken after it was revoked");
                refused += usize::from(over);
                passed.fetch_add(usize::from(status == 200), Ordering::SeqCst);
                assert_eq!(send(app.clone(), authorization(bearer(others))).await.status, 200);
                tokio::task::yield_now().await;
            }
        })
    });
    let asking: Vec<_> = asking.collect();
    while passed.load(Ordering::SeqCst) < 100 {
        tokio::task::yield_now().await;
    }
    let token = Credential::AccessToken(Secret::borrowed(TOKEN));
    verifier.revoke(&token, &VerifyContext::default()).await.unwrap();
    revoked.store(true, Ordering::SeqCst);
    for task in asking {
        task.await.unwrap();
    }
    // Revokes all credentials of a user at once, also those that were stored with only the name.
    assert_eq!(verifier.revoke_all(PrincipalKind::OAuthUser, "olga"), 1);
    assert_eq!(send(app, authorization(bearer(others))).await.status, 401);
}

/// Accepts the token of another user.
fn other_users() -> MemoryVerifier {
    MemoryVerifier::builder().access_token(UNKNOWN_TOKEN, OAuthUser::new("nina")).build().unwrap()
}
