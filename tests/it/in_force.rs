//! A token that was sent over plain http is refused at once, even if the store is busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::{Router, routing::get};
use futures_util::FutureExt as _;
use http::Request;
use tower::ServiceExt as _;
use tower_principal::layer::RevocationLimits;
use tower_principal::transport::{self, PlainConnection, SecureConnection};
use tower_principal::{
    AuthenticateLayer, Credential, Dialect, OAuthUser, Principal, Verifier, VerifyContext, VerifyError,
    dialect,
};

use crate::support::logged;

fn app<V: Verifier>(dialect: Dialect, verifier: V) -> Router {
    app_with(dialect, verifier, RevocationLimits::default())
}

fn app_with<V: Verifier>(dialect: Dialect, verifier: V, limits: RevocationLimits) -> Router {
    let layer = AuthenticateLayer::new(dialect, verifier, transport::from_acceptor()).revocation(limits);
    Router::new().route("/", get(async |me: Principal| me.kind().to_string())).layer(layer)
}

fn request(scheme: &str, token: &str, plain: bool) -> Request<Body> {
    let request = Request::get("/").header("authorization", format!("{scheme} {token}"));
    let mut request = request.body(Body::empty()).unwrap();
    match plain {
        true => _ = request.extensions_mut().insert(PlainConnection),
        false => _ = request.extensions_mut().insert(SecureConnection),
    }
    request
}

async fn show(app: &Router, scheme: &str, token: &str, plain: bool) -> u16 {
    app.clone().oneshot(request(scheme, token, plain)).await.unwrap().status().as_u16()
}

/// A store that fails or waits as the test sets it.
#[derive(Clone, Default)]
struct Store(Arc<State>);

#[derive(Default)]
struct State {
    busy: AtomicBool,
    slow: AtomicBool,
    blind: AtomicBool,
    attempts: AtomicUsize,
    revoked: AtomicBool,
}

impl Verifier for Store {
    /// Every text with the same start is the same token.
    async fn verify(
        &self,
        credential: &Credential<'_>,
        _: &VerifyContext<'_>,
    ) -> Result<Principal, VerifyError> {
        let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
        if self.0.slow.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        if self.0.blind.load(Ordering::SeqCst) {
            return Err(VerifyError::unavailable("blind"));
        }
        let id: String = token.expose_secret().split('~').next().unwrap().chars().rev().collect();
        Ok(OAuthUser::new("otto").with_credential_id(id).into())
    }

    async fn revoke(&self, _: &Credential<'_>, _: &VerifyContext<'_>) -> Result<(), VerifyError> {
        self.0.attempts.fetch_add(1, Ordering::SeqCst);
        if self.0.busy.load(Ordering::SeqCst) {
            return Err(VerifyError::unavailable("locked"));
        }
        self.0.revoked.store(true, Ordering::SeqCst);
        Ok(())
    }
}

async fn until(holds: impl Fn() -> bool) {
    let holds = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), holds).await.expect("in time");
}

#[tokio::test]
async fn a_token_shown_over_plain_http_is_refused_by_every_layer_while_the_store_is_busy() {
    let store = Store::default();
    store.0.busy.store(true, Ordering::SeqCst);
    let socrata = app(dialect::SOCRATA, store.clone());
    let other = app(dialect::RFC6750, store.clone());
    let token = "in-force-one-0123456789";
    assert_eq!(
        (show(&socrata, "OAuth", token, false).await, show(&other, "Bearer", token, false).await),
        (200, 200)
    );
    assert_eq!(show(&socrata, "OAuth", token, true).await, 403);
    for _ in 0..20 {
        assert_eq!(show(&socrata, "OAuth", token, false).await, 401);
        assert_eq!(show(&other, "Bearer", token, false).await, 401, "by another layer and another scheme");
        let spelled = format!("{token}~again");
        assert_eq!(show(&socrata, "OAuth", &spelled, false).await, 401, "another text of the same token");
        assert_eq!(show(&socrata, "OAuth", "in-force-neighbour", false).await, 200);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(store.0.attempts.load(Ordering::SeqCst) > 1, "it is tried again");
    store.0.busy.store(false, Ordering::SeqCst);
    until(|| store.0.revoked.load(Ordering::SeqCst)).await;
}

#[tokio::test]
async fn a_revocation_is_stored_though_the_client_left() {
    let store = Store::default();
    store.0.busy.store(true, Ordering::SeqCst);
    let app = app(dialect::SOCRATA, store.clone());
    let token = "in-force-left-0123456789";
    // The client polls once and leaves.
    assert!(app.clone().oneshot(request("OAuth", token, true)).now_or_never().is_none());
    until(|| store.0.attempts.load(Ordering::SeqCst) > 1).await;
    assert_eq!(show(&app, "OAuth", token, false).await, 401);
    store.0.busy.store(false, Ordering::SeqCst);
    until(|| store.0.revoked.load(Ordering::SeqCst)).await;
}

/// The answer to plain http comes before the verifier's. Until the token is revoked, requests with
/// it are refused.
#[tokio::test]
async fn a_token_is_not_good_while_it_is_looked_at() {
    let store = Store::default();
    let app = app(dialect::SOCRATA, store.clone());
    let token = "in-force-slow-0123456789";
    store.0.slow.store(true, Ordering::SeqCst);
    assert_eq!(show(&app, "OAuth", token, true).await, 403);
    store.0.slow.store(false, Ordering::SeqCst);
    assert_eq!(show(&app, "OAuth", token, false).await, 503);
    until(|| store.0.revoked.load(Ordering::SeqCst)).await;
}

/// A verifier that is unavailable is asked again; otherwise every token would survive an outage of
/// the database.
#[tokio::test]
async fn a_token_is_revoked_if_the_verifier_is_unavailable_at_first() {
    let store = Store::default();
    let app = app(dialect::SOCRATA, store.clone());
    store.0.blind.store(true, Ordering::SeqCst);
    assert_eq!(show(&app, "OAuth", "in-force-blind-0123456789", true).await, 403);
    tokio::time::sleep(Duration::from_millis(100)).await;
    store.0.blind.store(false, Ordering::SeqCst);
    assert_ne!(show(&app, "OAuth", "in-force-blind-0123456789", false).await, 200);
    until(|| store.0.revoked.load(Ordering::SeqCst)).await;
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_is_never_stored_is_logged_and_refused_for_good() {
    let store = Store::default();
    store.0.busy.store(true, Ordering::SeqCst);
    let app = app(dialect::SOCRATA, store.clone());
    let token = "in-force-never-0123456789";
    let ((), log) = logged(async {
        assert_eq!(show(&app, "OAuth", token, true).await, 403);
        tokio::time::sleep(Duration::from_secs(1_200)).await;
        assert_eq!(show(&app, "OAuth", token, false).await, 401);
    })
    .await;
    let lines = |word: &str| log.lines().filter(|line| line.contains(word)).count();
    assert_eq!(lines("the store could not be changed"), 1, "{log}");
    assert_eq!(lines("outcome=\"revocation_failed\""), 1, "{log}");
    assert!(!log.contains(token), "{log}");
    let attempts = store.0.attempts.load(Ordering::SeqCst);
    assert!((100..1_000).contains(&attempts), "bounded, and with a backoff: {attempts}");
}

#[tokio::test]
async fn a_dry_run_and_a_blown_fuse_refuse_nothing_over_tls() {
    let store = Store::default();
    store.0.busy.store(true, Ordering::SeqCst);
    let dry = app_with(dialect::SOCRATA, store.clone(), RevocationLimits::default().dry_run());
    assert_eq!(show(&dry, "OAuth", "in-force-dry-0123456789", true).await, 403);
    assert_eq!(show(&dry, "OAuth", "in-force-dry-0123456789", false).await, 200);
    let blown = app_with(dialect::SOCRATA, store.clone(), RevocationLimits::default().per_minute(0));
    assert_eq!(show(&blown, "OAuth", "in-force-blown-0123456789", true).await, 403);
    assert_eq!(show(&blown, "OAuth", "in-force-blown-0123456789", false).await, 200);
    assert_eq!(store.0.attempts.load(Ordering::SeqCst), 0);
}

#[cfg(all(feature = "sqlite", feature = "cache"))]
mod locked {
    use std::time::Instant;

    use sqlx::{Connection as _, Executor as _, SqliteConnection};
    use tower_principal::verify::Cached;
    use tower_principal::verify::sql::{NewCredential, SqlVerifier};

    use super::*;
    use crate::support::cheap_passwords;

    /// Holds a database lock while a token comes over plain http, and until its revocation is
    /// stored.
    async fn held_for(held: Duration) {
        let folder = tempfile::TempDir::new().unwrap();
        let address = format!("sqlite:{}", folder.path().join("test.db").display());
        let connect = || SqlVerifier::sqlite(address.as_str()).passwords(cheap_passwords()).connect();
        let database = connect().await.unwrap();
        let cached = Arc::new(Cached::new(database.clone()).unwrap());
        let apart = Arc::new(Cached::new(connect().await.unwrap()).unwrap());
        let apps = [
            ("OAuth", app(dialect::SOCRATA, Arc::clone(&cached))),
            ("OAuth", app(dialect::SOCRATA, database.clone())),
            ("Bearer", app(dialect::RFC6750, Arc::clone(&cached))),
            ("Bearer", app(dialect::RFC6750, apart)),
        ];
        let tokens = database.store().access_tokens();
        let issued = tokens.create(NewCredential::new().user("otto")).await.unwrap();
        let token = issued.secret.expose_secret();
        for (scheme, app) in &apps {
            assert_eq!(show(app, scheme, token, false).await, 200);
        }
        let mut writer = SqliteConnection::connect(&address).await.unwrap();
        writer.execute("BEGIN IMMEDIATE").await.unwrap();
        let locked = Instant::now();
        assert_eq!(show(&apps[0].1, "OAuth", token, true).await, 403);
        while locked.elapsed() < held {
            for (scheme, app) in &apps {
                assert_eq!(show(app, scheme, token, false).await, 401, "after {:?}", locked.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        writer.execute("ROLLBACK").await.unwrap();
        let free = Instant::now();
        let other = connect().await.unwrap();
        let credential = Credential::AccessToken(issued.secret.reborrow());
        while other.verify(&credential, &VerifyContext::default()).await.is_ok() {
            for (scheme, app) in &apps[..3] {
                assert_eq!(show(app, scheme, token, false).await, 401);
            }
            assert!(free.elapsed() < Duration::from_secs(10), "it is stored");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        eprintln!("stored {:?} after the lock of {held:?} was gone", free.elapsed());
        for (scheme, app) in &apps[..3] {
            assert_eq!(show(app, scheme, token, false).await, 401);
        }
    }

    #[tokio::test]
    async fn a_token_is_refused_at_once_while_a_database_is_locked_for_a_second() {
        held_for(Duration::from_secs(1)).await;
    }

    #[tokio::test]
    async fn a_token_is_refused_at_once_while_a_database_is_locked_for_three_seconds() {
        held_for(Duration::from_secs(3)).await;
    }
}
