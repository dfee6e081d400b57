//! The cache around a verifier (REQ-39, REQ-51 to REQ-54).

use std::future::{Future, pending};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll, Waker};
use std::time::{Duration, SystemTime};

use allocation_counter::measure;
use axum::Router;
use axum::routing::get as route;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tower_principal::RejectionKind::{DeniedToken, InsufficientScope};
use tower_principal::clock::Clock;
use tower_principal::verify::Cached;
use tower_principal::{
    ApiKey, BasicUser, Credential, DenialReason, OAuthUser, Pair, Principal, PrincipalKind, RequireLayer,
    Secret, Verifier, VerifyContext, VerifyError, dialect, policy, verify,
};

use crate::support::*;

type Verdict = Result<Principal, VerifyError>;

fn token(text: &str) -> Credential<'_> {
    Credential::AccessToken(Secret::borrowed(text))
}

fn password<'c>(name: &'c str, password: &'c str) -> Credential<'c> {
    Credential::Password(Pair::new(Secret::borrowed(name), Secret::borrowed(password)))
}

fn otto() -> Verdict {
    Ok(OAuthUser::new("otto").into())
}

fn nowhere() -> VerifyContext<'static> {
    VerifyContext::default()
}

/// Answers what the test sets, once the test lets it. Counts its calls and records its revocations.
#[derive(Clone)]
struct Remote {
    asked: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
    answer: Arc<Mutex<Verdict>>,
    revoked: Arc<AtomicUsize>,
}

impl Remote {
    fn open(answer: Verdict) -> Self {
        let remote = Self::shut(answer);
        remote.gate.add_permits(1_000_000);
        remote
    }

    fn shut(answer: Verdict) -> Self {
        Self {
            asked: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
            answer: Arc::new(Mutex::new(answer)),
            revoked: Arc::default(),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn says(&self, answer: Verdict) {
        *self.answer.lock().unwrap() = answer;
    }
}

impl Verifier for Remote {
    async fn verify(&self, _: &Credential<'_>, context: &VerifyContext<'_>) -> Verdict {
        assert!(context.head().is_none(), "a context that outlives the request has no head");
        // Takes the answer at the time of the call, and returns it later.
        let answer = self.answer.lock().unwrap().clone();
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        answer
    }

    async fn revoke(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<(), VerifyError> {
        self.revoked.fetch_add(1, Ordering::SeqCst);
        self.says(Err(VerifyError::Denied(DenialReason::Revoked)));
        Ok(())
    }
}

/// Polls a future once; it must not be ready.
fn poll_once(future: &mut (impl Future + Unpin)) {
    assert!(future.poll_unpin(&mut Task::from_waker(Waker::noop())).is_pending());
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        yield_now().await;
    }
}

#[tokio::test]
async fn what_was_verified_is_at_hand() {
    let remote = Remote::open(otto());
    let cached = Cached::new(remote.clone()).unwrap();
    assert!(cached.verify_now(&token("a"), &nowhere()).is_none());
    for _ in 0..3 {
        assert_eq!(cached.verify(&token("a"), &nowhere()).await.unwrap().id(), Some("otto"));
        assert_eq!(cached.verify_now(&token("a"), &nowhere()).unwrap().unwrap().id(), Some("otto"));
    }
    assert_eq!((remote.asked(), cached.stored(), cached.in_flight()), (1, (1, 0), 0));
    assert!(cached.verify_now(&token("b"), &nowhere()).is_none());
}

#[tokio::test]
async fn an_answer_at_hand_is_kept_too() {
    let (verifier, asked) = Counting::new(says(|_| otto()));
    let cached = Cached::new(verifier).unwrap();
    for _ in 0..3 {
        cached.verify_now(&token("a"), &nowhere()).unwrap().unwrap();
    }
    assert_eq!(asked(), 1);
}

#[tokio::test]
async fn req_51_no_answer_crosses_kinds_tenants_or_halves() {
    let remote = Remote::open(otto());
    let cached = Cached::new(remote.clone()).unwrap();
    let acme = nowhere().with_tenant("acme");
    let pair = |id, secret| Pair::new(Secret::borrowed(id), Secret::borrowed(secret));
    cached.verify(&token("a:b"), &acme).await.unwrap();
    cached.verify(&Credential::KeyPair(pair("a", "b:c")), &acme).await.unwrap();
    for (credential, context) in [
        (token("a:b"), nowhere()),
        (token("a:b"), nowhere().with_tenant("")),
        (token("a:b"), nowhere().with_tenant("other")),
        (token("a"), acme.clone()),
        (Credential::AppToken(Secret::borrowed("a:b")), acme.clone()),
        (Credential::ApiKey(Secret::borrowed("a:b")), acme.clone()),
        (Credential::KeyPair(pair("a:b", "c")), acme.clone()),
        (Credential::KeyPair(pair("a", "b")), acme.clone()),
    ] {
        assert!(cached.verify_now(&credential, &context).is_none(), "{:?}", credential.kind());
    }
    assert!(cached.verify_now(&token("a:b"), &acme).is_some());
    assert_eq!(remote.asked(), 2);
}

#[tokio::test]
async fn req_52_refusals_that_last_are_kept_and_nothing_else_that_is_no_principal() {
    let throttled = DenialReason::Throttled(Duration::from_secs(9));
    for (answer, asked) in [
        (Err(VerifyError::UNKNOWN), 1),
        (Err(VerifyError::Denied(DenialReason::Revoked)), 1),
        (Err(VerifyError::Denied(throttled)), 3),
        (Err(VerifyError::Unsupported), 3),
        (Err(VerifyError::unavailable("on purpose")), 3),
    ] {
        let remote = Remote::open(answer.clone());
        let cached = Cached::new(remote.clone()).unwrap();
        for _ in 0..3 {
            let again = cached.verify(&token("a"), &nowhere()).await.unwrap_err();
            assert_eq!(again.to_string(), answer.as_ref().unwrap_err().to_string());
        }
        assert_eq!(remote.asked(), asked, "{answer:?}");
    }
}

#[tokio::test]
async fn req_52_passwords_go_past_the_cache_unless_switched_on() {
    let alice = || Ok(BasicUser::new("alice").into());
    for (kept, asked) in [(false, 3), (true, 1)] {
        let remote = Remote::open(alice());
        let cached = Cached::new(remote.clone()).unwrap();
        let cached = if kept { cached.cache_passwords() } else { cached };
        for _ in 0..3 {
            cached.verify(&password("alice", "pa:ss"), &nowhere()).await.unwrap();
        }
        assert_eq!(remote.asked(), asked);
        remote.says(Err(VerifyError::UNKNOWN));
        // The verifier gets every wrong password, and none passes because of an accepted one.
        for wrong in ["ss", "pa:ss ", "pa", ""] {
            for _ in 0..2 {
                cached.verify(&password("alice", wrong), &nowhere()).await.unwrap_err();
            }
        }
        cached.verify(&password("alice:pa", "ss"), &nowhere()).await.unwrap_err();
        assert_eq!(remote.asked(), asked + 9);
        assert_eq!(cached.stored(), (usize::from(kept), 0));
    }
}

#[derive(Clone, Debug)]
struct Set(Arc<AtomicU64>);

impl Clock for Set {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn req_52_expiry_is_judged_at_every_hit() {
    let clock = Set(Arc::new(AtomicU64::new(1_000)));
    let expires_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_010);
    let key = ApiKey::new("k").with_expires_at(expires_at);
    let cached = Cached::new(Remote::open(Ok(key.into()))).unwrap().clock(clock.clone());
    let hit = |at| {
        clock.0.store(at, Ordering::SeqCst);
        cached.verify_now(&token("a"), &nowhere()).is_some()
    };
    cached.verify(&token("a"), &nowhere()).await.unwrap();
    assert_eq!([1_000, 1_009, 1_010, 1_011].map(hit), [true, true, false, false]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nothing_for_ever() {
    let clock = Set(Arc::new(AtomicU64::new(1_000_000)));
    let cached = Cached::new(Remote::open(otto())).unwrap().clock(clock.clone());
    let cached = cached.ttl(Duration::from_millis(50));
    cached.verify(&token("a"), &nowhere()).await.unwrap();
    clock.0.store(1_000, Ordering::SeqCst);
    assert!(cached.verify_now(&token("a"), &nowhere()).is_none());
    // The wall clock stands still, and the monotonic clock does not.
    clock.0.store(1_000_000, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(60));
    assert!(cached.verify_now(&token("a"), &nowhere()).is_none());
}

/// The cache stores the identity of a caller. Each route checks the permissions.
#[tokio::test]
async fn identity_is_cached_and_authorization_never() {
    let user = OAuthUser::new("otto").with_scopes(["read"]);
    let remote = Remote::open(Ok(user.into()));
    let cached = Arc::new(Cached::new(remote.clone()).unwrap());
    let app = Router::new()
        .route("/read", route(|| async {}))
        .route_layer(RequireLayer::new(policy::scope("read")))
        .route("/write", route(|| async {}).route_layer(RequireLayer::new(policy::scope("write"))))
        .layer(layer_of(dialect::RFC6750, Arc::clone(&cached)));
    for _ in 0..2 {
        assert_eq!(send(app.clone(), get("/read", &[("authorization", &bearer(TOKEN))])).await.status, 200);
        let refused = send(app.clone(), get("/write", &[("authorization", &bearer(TOKEN))])).await;
        assert_eq!(refused.outcome(), Err(InsufficientScope));
    }
    assert_eq!(remote.asked(), 1);
}

/// D5.
#[tokio::test]
async fn req_53_ten_thousand_at_once_are_one_call() {
    let remote = Remote::shut(otto());
    let cached = Arc::new(Cached::new(remote.clone()).unwrap());
    let context = nowhere();
    let credential = token("a");
    let all = join_all((0..10_000).map(|_| cached.verify(&credential, &context)));
    let opened = async {
        until(|| remote.asked() == 1).await;
        assert_eq!(cached.in_flight(), 1);
        remote.gate.add_permits(1);
    };
    let (answers, ()) = tokio::join!(all, opened);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((remote.asked(), cached.in_flight(), cached.stored()), (1, 0, (1, 0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn req_53_one_call_on_several_threads_too() {
    for _ in 0..50 {
        let remote = Remote::open(otto());
        let cached = Arc::new(Cached::new(remote.clone()).unwrap());
        let tasks = (0..100).map(|_| {
            let cached = Arc::clone(&cached);
            tokio::spawn(async move { cached.verify(&token("a"), &nowhere()).await.is_ok() })
        });
        assert!(join_all(tasks).await.into_iter().all(Result::unwrap));
        assert_eq!((remote.asked(), cached.in_flight()), (1, 0));
    }
}

/// D4.
#[tokio::test]
async fn req_53_a_leader_that_leaves_fails_no_other_request() {
    let remote = Remote::shut(otto());
    let cached = Arc::new(Cached::new(remote.clone()).unwrap());
    let ask = || {
        let cached = Arc::clone(&cached);
        tokio::spawn(async move { cached.verify(&token("a"), &nowhere()).await })
    };
    let leader = ask();
    until(|| remote.asked() == 1).await;
    let followers: Vec<_> = (0..1_000).map(|_| ask()).collect();
    yield_now().await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    remote.gate.add_permits(1);
    for follower in followers {
        follower.await.unwrap().unwrap();
    }
    assert_eq!((remote.asked(), cached.in_flight()), (1, 0));
    // If every caller leaves, the answer is still stored for the next caller.
    let (credential, context) = (token("b"), nowhere());
    let mut alone = Box::pin(cached.verify(&credential, &context));
    poll_once(&mut alone);
    drop(alone);
    remote.gate.add_permits(1);
    until(|| cached.verify_now(&token("b"), &nowhere()).is_some()).await;
    assert_eq!((remote.asked(), cached.in_flight()), (2, 0));
}

/// Panics at its first call.
struct Fragile {
    asked: AtomicUsize,
    gate: Semaphore,
}

impl Verifier for Fragile {
    async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Verdict {
        let before = self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        assert!(before > 0, "on purpose");
        otto()
    }
}

#[tokio::test]
async fn req_53_a_verifier_that_panics_fails_only_the_first_request() {
    let fragile = Arc::new(Fragile { asked: AtomicUsize::new(0), gate: Semaphore::new(0) });
    let cached = Cached::new(Arc::clone(&fragile)).unwrap();
    let (credential, context) = (token("a"), nowhere());
    let ask = || AssertUnwindSafe(cached.verify(&credential, &context)).catch_unwind();
    let opened = async {
        until(|| fragile.asked.load(Ordering::SeqCst) == 1).await;
        fragile.gate.add_permits(10);
    };
    let (leader, followers, ()) = tokio::join!(ask(), join_all((0..100).map(|_| ask())), opened);
    assert!(leader.is_err(), "as without the cache");
    assert!(followers.into_iter().all(|follower| follower.unwrap().is_ok()));
    assert_eq!((fragile.asked.load(Ordering::SeqCst), cached.in_flight()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn req_53_what_hangs_is_given_up_and_nothing_stays() {
    let cached = Cached::new(verify::from_fn(|_, _| pending::<Verdict>())).unwrap();
    let (credential, context) = (token("a"), nowhere());
    let start = tokio::time::Instant::now();
    let answers = join_all((0..10).map(|_| cached.verify(&credential, &context))).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(VerifyError::Unavailable(_)))));
    // The follower called the verifier once more.
    assert!((2..=4).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!((cached.in_flight(), cached.stored()), (0, (0, 0)));
}

#[tokio::test]
async fn what_runs_ends_with_the_verifier() {
    struct OnDrop(Arc<AtomicBool>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let ended = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&ended);
    let cached = Cached::new(verify::from_fn(move |_, _| {
        let held = OnDrop(Arc::clone(&held));
        async move {
            pending::<()>().await;
            drop(held);
            otto()
        }
    }))
    .unwrap();
    let (credential, context) = (token("a"), nowhere());
    let mut ask = Box::pin(cached.verify(&credential, &context).map(drop));
    poll_once(&mut ask);
    yield_now().await;
    assert!(!ended.load(Ordering::SeqCst));
    drop(ask);
    drop(cached);
    until(|| ended.load(Ordering::SeqCst)).await;
}

#[tokio::test]
async fn req_54_past_the_limit_each_request_verifies_alone() {
    let remote = Remote::shut(otto());
    let cached = Cached::new(remote.clone()).unwrap().shared_verifications(2);
    let names: Vec<String> = (0..5).map(|at| format!("t{at}")).collect();
    let context = nowhere();
    let credentials: Vec<_> = names.iter().map(|name| token(name)).collect();
    let all = join_all(credentials.iter().map(|credential| cached.verify(credential, &context)));
    let opened = async {
        until(|| remote.asked() == 5).await;
        assert_eq!(cached.in_flight(), 2);
        remote.gate.add_permits(5);
    };
    let (answers, ()) = tokio::join!(all, opened);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((cached.in_flight(), cached.stored()), (0, (5, 0)));
}

#[tokio::test]
async fn req_39_revoking_evicts_at_once_and_revokes_in_the_verifier() {
    let remote = Remote::open(otto());
    let cached = Cached::new(remote.clone()).unwrap();
    let (credential, context) = (token("a"), nowhere());
    cached.verify(&credential, &context).await.unwrap();
    cached.revoke(&credential, &context).await.unwrap();
    assert!(cached.verify_now(&credential, &context).is_none());
    let refused = cached.verify(&credential, &context).await.unwrap_err();
    assert!(matches!(refused, VerifyError::Denied(DenialReason::Revoked)));
    assert_eq!(remote.revoked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn req_39_a_verification_that_began_before_does_not_bring_it_back() {
    type Evict = fn(&Cached<Remote>, &Credential<'_>, &VerifyContext<'_>);
    let evictions: [Option<Evict>; 4] = [
        // This case revokes the credential.
        None,
        Some(|cached, credential, context| _ = cached.evict(credential, context)),
        Some(|cached, _, _| _ = cached.evict_principal(PrincipalKind::OAuthUser, "otto")),
        Some(|cached, _, _| cached.evict_all()),
    ];
    for evict in evictions {
        let remote = Remote::shut(otto());
        let clock = Set(Arc::new(AtomicU64::new(1_000)));
        let cached = Cached::new(remote.clone()).unwrap().clock(clock.clone());
        let (credential, context) = (token("a"), nowhere());
        // A first verification was cached, so that the revocation need not ask for the principal;
        // its entry has expired by now.
        remote.gate.add_permits(1);
        cached.verify(&credential, &context).await.unwrap();
        clock.0.store(2_000, Ordering::SeqCst);
        let mut before = Box::pin(cached.verify(&credential, &context));
        poll_once(&mut before);
        until(|| remote.asked() == 2).await;
        match evict {
            Some(evict) => evict(&cached, &credential, &context),
            None => cached.revoke(&credential, &context).await.unwrap(),
        }
        remote.says(Err(VerifyError::Denied(DenialReason::Revoked)));
        // A new caller does not get the earlier answer.
        let mut after = Box::pin(cached.verify(&credential, &context));
        poll_once(&mut after);
        until(|| remote.asked() == 3).await;
        remote.gate.add_permits(1);
        assert!(before.await.is_ok());
        assert!(cached.verify_now(&credential, &context).is_none());
        remote.gate.add_permits(1);
        assert!(after.await.is_err());
        assert!(matches!(cached.verify_now(&credential, &context), Some(Err(_))));
        assert_eq!((cached.stored(), cached.in_flight()), ((0, 1), 0));
    }
}

#[tokio::test]
async fn req_39_a_revocation_that_is_dropped_half_way_forgets_too() {
    struct Stuck;
    impl Verifier for Stuck {
        async fn verify(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Verdict {
            otto()
        }
        async fn revoke(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<(), VerifyError> {
            pending().await
        }
    }
    let cached = Cached::new(Stuck).unwrap();
    cached.verify(&token("a"), &nowhere()).await.unwrap();
    let (credential, context) = (token("a"), nowhere());
    let mut revoking = Box::pin(cached.revoke(&credential, &context));
    poll_once(&mut revoking);
    drop(revoking);
    assert!(cached.verify_now(&credential, &context).is_none());
}

#[tokio::test]
async fn evicting_a_principal_leaves_the_others() {
    let cached = Cached::new(verify::from_fn(|credential, _| async move {
        let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
        let (name, id) = token.expose_secret().split_once('-').unwrap();
        Ok(OAuthUser::new(name).with_credential_id(id))
    }))
    .unwrap();
    let all = ["otto-1", "otto-2", "olga-3"];
    for name in all {
        cached.verify(&token(name), &nowhere()).await.unwrap();
    }
    let known = || all.map(|name| cached.verify_now(&token(name), &nowhere()).is_some());
    assert_eq!(cached.evict_principal(PrincipalKind::BasicUser, "otto"), 0);
    assert_eq!(cached.evict_principal(PrincipalKind::OAuthUser, "3"), 1);
    assert_eq!(known(), [true, true, false]);
    assert_eq!(cached.evict_where(|principal| principal.id() == Some("otto")), 2);
    assert_eq!(known(), [false; 3]);
    cached.verify(&token("otto-1"), &nowhere()).await.unwrap();
    assert!(cached.evict(&token("otto-1"), &nowhere()) && !cached.evict(&token("otto-1"), &nowhere()));
}

/// REQ-54, D7: unknown tokens take bounded memory, and evict no valid token.
#[tokio::test]
async fn req_54_a_flood_of_bad_tokens_takes_a_bounded_room() {
    let cached = Cached::new(verify::from_fn(|credential, _| async move {
        match credential {
            Credential::AccessToken(token) if token.expose_secret().starts_with("good") => otto(),
            _ => Err(VerifyError::UNKNOWN),
        }
    }))
    .unwrap()
    .capacity(1_000)
    .negative_capacity(500);
    let good: Vec<String> = (0..500).map(|at| format!("good{at}")).collect();
    for name in &good {
        cached.verify(&token(name), &nowhere()).await.unwrap();
    }
    for at in 0..20_000 {
        cached.verify(&token(&format!("bad{at}")), &nowhere()).await.unwrap_err();
    }
    let (kept, refused) = cached.stored();
    assert!(kept >= 495 && refused <= 512, "{kept} {refused}");
    let hits = good.iter().filter(|name| cached.verify_now(&token(name), &nowhere()).is_some()).count();
    assert!(hits >= 495, "{hits}");
}

/// Goal G12.
#[tokio::test]
async fn a_hit_allocates_nothing() {
    let cached = Cached::new(Remote::open(otto())).unwrap().cache_passwords();
    let context = nowhere().with_tenant("acme");
    let credentials = [token(TOKEN), password("alice", "correct horse"), token(UNKNOWN_TOKEN)];
    for (at, credential) in credentials.iter().enumerate() {
        cached.inner().says(if at == 2 { Err(VerifyError::UNKNOWN) } else { otto() });
        let _ = cached.verify(credential, &context).await;
        let info = measure(|| assert!(cached.verify_now(credential, &context).is_some()));
        assert_eq!(info.count_total, 0);
        let info = measure(|| {
            let answer = pin!(cached.verify(credential, &context));
            assert!(matches!(answer.poll(&mut Task::from_waker(Waker::noop())), Poll::Ready(_)));
        });
        assert_eq!(info.count_total, 0);
    }
}

#[test]
fn without_a_runtime_it_verifies_without_company() {
    let remote = Remote::open(otto());
    let cached = Cached::new(remote.clone()).unwrap();
    for _ in 0..2 {
        cached.verify(&token("a"), &nowhere()).now_or_never().unwrap().unwrap();
    }
    assert_eq!(remote.asked(), 1);
}

#[tokio::test]
async fn behind_a_layer_it_is_a_verifier_like_any() {
    let cached = Arc::new(Cached::new(one_of_each_kind()).unwrap());
    let app = whoami().layer(layer_of(dialect::ANY, Arc::clone(&cached)));
    for _ in 0..2 {
        assert_eq!(send(app.clone(), authorization(bearer(TOKEN))).await.outcome(), Ok("OAuthUser"));
        let unknown = send(app.clone(), authorization(bearer(UNKNOWN_TOKEN))).await;
        assert_eq!(unknown.outcome(), Err(DeniedToken));
        assert_eq!(send(app.clone(), authorization(basic(USER, PASSWORD))).await.outcome(), Ok("BasicUser"));
    }
    assert_eq!(cached.stored(), (1, 1));
}

#[tokio::test]
async fn nothing_of_it_shows_a_secret() {
    let cached = Cached::new(Remote::open(otto())).unwrap();
    cached.verify(&token("hunter2"), &nowhere()).await.unwrap();
    assert_eq!(format!("{cached:?}"), "Cached { good: 1, bad: 0, .. }");
}
