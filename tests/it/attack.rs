//! Attacks, one test each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use tower::ServiceExt as _;
use tower_principal::clock::Clock;
use tower_principal::credential::ClientKind;
use tower_principal::layer::RevocationLimits;
use tower_principal::principal::Operation;
use tower_principal::test_util::TestClock;
use tower_principal::transport::{OnInsecure, PlainConnection, TransportRule};
use tower_principal::verify::sql::{Change, NewCredential, NewUser, SqlError, SqlVerifier, SqliteSource};
use tower_principal::{
    ApiKey, AuthenticateLayer, Credential, Principal, Secret, Verifier, VerifyContext, VerifyError, dialect,
    transport,
};

use crate::sql::*;
use crate::support::*;

/// Only this file uses this key, because the whole process refuses it while it is revoked.
const SHOWN_ID: &str = "6q8nsfbqnxy2n1mo1aqjjshwn";
const SHOWN_SECRET: &str = "2lqfdxyt5wp8mze6mydrpbwvbqb3cyq3w5rb1mfrnhb7wcshwn";

/// Otherwise a user whose name differs only by case would have the permissions that `${user}`
/// grants to the other user.
#[tokio::test]
async fn no_user_takes_a_name_that_permissions_confuse_with_another() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        let (users, roles) = (store.users(), store.roles());
        roles.create("member", ["get,put:/users/${user}/**"]).await.unwrap();
        let create = async |name: &str| users.create(name, Secret::borrowed("p"), NewUser::new()).await;
        create("alice").await.unwrap();
        let twin = create("ALICE").await;
        assert!(matches!(twin, Err(SqlError::Exists)), "{}: {twin:?}", place.name);
        let hash = cheap_passwords().hash("p").unwrap();
        let twin = users.import("Alice", &hash, NewUser::new()).await;
        assert!(matches!(twin, Err(SqlError::Exists)), "{}: {twin:?}", place.name);
        // In another tenant, and after the first user is deleted, the name is free.
        let acme = verifier.store().tenant("acme").unwrap();
        acme.users().create("ALICE", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        assert!(users.delete("alice").await.unwrap());
        create("ALICE").await.unwrap();
        roles.assign("member", "ALICE").await.unwrap();
        let alice = who(&verifier, &password("ALICE", "p")).await;
        assert!(alice.permissions().allow(Operation::Get, "/users/ALICE/x", &["ALICE"]));
        assert!(!alice.permissions().allow(Operation::Get, "/users/alice/x", &["ALICE"]));
    }
}

/// An app token names an application and is visible to every browser, so it does not have its
/// owner's permissions.
#[tokio::test]
async fn an_app_token_does_not_lend_what_its_owner_may() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        store.users().create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        store.users().grant("alice", "/**").await.unwrap();
        let new = || NewCredential::new().owner("alice");
        let (plain, own) = (new(), new().permissions(["get:/open/**"]));
        let tokens = store.app_tokens();
        for (new, open) in [(plain, false), (own, true)] {
            let issued = tokens.create(new).await.unwrap();
            let app = who(&verifier, &Credential::AppToken(issued.secret.reborrow())).await;
            assert_eq!(app.owner(), Some("alice"));
            assert!(!app.permissions().allow(Operation::Delete, "/users/alice", &[]), "{}", place.name);
            assert_eq!(app.permissions().allow(Operation::Get, "/open/x", &[]), open);
        }
        // An API key has its owner's permissions.
        let issued = store.api_keys().create(new()).await.unwrap();
        let key = who(&verifier, &key(issued.secret.expose_secret())).await;
        assert!(key.permissions().allow(Operation::Delete, "/users/alice", &[]));
    }
}

/// A client's token ends with the client, also if the client ends because of its owner.
#[tokio::test]
async fn a_disabled_owner_takes_the_tokens_of_a_client_along() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let store = verifier.store();
        let ends = NewUser::new().expires_at(clock.now() + Duration::from_secs(60));
        store.users().create("alice", Secret::borrowed("p"), ends).await.unwrap();
        let client = store.clients().create(NewCredential::new().owner("alice").org("acme")).await.unwrap();
        let own = NewCredential::new().client(&client.id).org("acme");
        let users = NewCredential::new().client(&client.id).user("otto");
        let [own, users] = [
            store.access_tokens().create(own).await.unwrap(),
            store.access_tokens().create(users).await.unwrap(),
        ];
        let mut changes = verifier.changes().unwrap();
        let mut held = Vec::new();
        let pair = pair(&client.id, client.secret.expose_secret());
        let all = [
            Credential::Client(ClientKind::from_id(&client.id), pair),
            token(own.secret.expose_secret()),
            token(users.secret.expose_secret()),
        ];
        for credential in &all {
            held.push(who(&verifier, credential).await);
        }
        assert!(store.users().disable("alice").await.unwrap());
        for credential in &all {
            assert_eq!(ask(&verifier, credential).await, DISABLED, "{} {credential:?}", place.name);
        }
        // A cache must receive the change.
        let change = loop {
            match changes.next().await.unwrap() {
                change @ Change::User { .. } => break change,
                _ => continue,
            }
        };
        for principal in &held {
            assert!(change.concerns(principal), "{} {principal:?}", place.name);
        }
        assert!(store.users().enable("alice").await.unwrap());
        clock.pass(Duration::from_secs(60));
        for credential in &all {
            assert_eq!(ask(&verifier, credential).await, EXPIRED, "{} {credential:?}", place.name);
        }
    }
}

/// A verifier with a leeway accepts a token for a while after its end, so a denial of it must last
/// as long.
#[cfg(feature = "jwt")]
#[tokio::test]
async fn a_denial_lasts_through_the_leeway_of_every_verifier() {
    use tower_principal::test_util::Issuer;
    use tower_principal::verify::Algorithm;
    use tower_principal::verify::JwtVerifier;

    use crate::jwt::{API, ISSUER, good};

    let places = |leeway| Place::all().into_iter().map(move |place| (place, leeway));
    for (place, leeway) in places(30).chain(places(300)) {
        let clock = TestClock::default();
        let issuer = Issuer::with_algorithm(ISSUER, Algorithm::Es256, clock.clone()).unwrap();
        let jwts = JwtVerifier::builder(ISSUER).audience(API).keys(issuer.keys().unwrap());
        let jwts = jwts.clock(clock.clone()).leeway(Duration::from_secs(leeway)).build().unwrap();
        let database = place.builder().clock(clock.clone()).connect().await.unwrap();
        let verifier = database.denylist(jwts);
        let text = good(&issuer).sign();
        let end = who(&verifier, &token(&text)).await.expires_at().unwrap();
        verifier.revoke(&token(&text), &VerifyContext::default()).await.unwrap();
        for seconds in [0, leeway - 1] {
            clock.set(end + Duration::from_secs(seconds));
            assert_eq!(database.store().purge_expired(Duration::ZERO).await.unwrap(), 0);
            assert_eq!(ask(&verifier, &token(&text)).await, REVOKED, "{} {seconds}", place.name);
        }
        clock.set(end + Duration::from_secs(leeway + 90));
        assert_eq!(database.store().purge_expired(Duration::ZERO).await.unwrap(), 1);
    }
}

/// The operator of one of several issuers can write any name and any `jti` into a token.
#[cfg(feature = "jwt")]
#[tokio::test]
async fn one_issuer_does_not_end_what_another_one_issued() {
    use tower_principal::test_util::Issuer;

    use crate::jwt::API;

    for place in Place::all() {
        let issuers =
            ["https://ours.example", "https://theirs.example"].map(|name| Issuer::new(name).unwrap());
        let [ours, theirs] = issuers.each_ref().map(|issuer| issuer.verifier(API).build().unwrap());
        let [our, their] = issuers
            .each_ref()
            .map(|issuer| issuer.token("otto").audience(API).claim("jti", "the same").sign());
        let verifier = place.connect().await.denylist(ours.or(theirs));
        let otto = who(&verifier, &token(&our)).await;
        assert_eq!(otto.issuer(), Some("https://ours.example"));
        verifier.revoke(&token(&their), &VerifyContext::default()).await.unwrap();
        assert_eq!(ask(&verifier, &token(&their)).await, REVOKED, "{}", place.name);
        who(&verifier, &token(&our)).await;
    }
}

/// A guessed secret over plain http, whose revocation is under way, does not protect the true
/// secret of the same id.
#[tokio::test]
async fn a_wrong_secret_that_is_looked_at_does_not_spare_the_right_one() {
    #[derive(Clone)]
    struct Slow(Arc<Mutex<Vec<String>>>, Arc<AtomicUsize>);

    impl Verifier for Slow {
        async fn verify(
            &self,
            credential: &Credential<'_>,
            _: &VerifyContext<'_>,
        ) -> Result<Principal, VerifyError> {
            let Credential::KeyPair(pair) = credential else {
                return Err(VerifyError::Unsupported);
            };
            self.1.fetch_add(1, Ordering::SeqCst);
            if pair.secret().expose_secret() != SHOWN_SECRET {
                tokio::time::sleep(Duration::from_millis(300)).await;
                return Err(VerifyError::UNKNOWN);
            }
            Ok(ApiKey::new(pair.id()).into())
        }

        async fn revoke(
            &self,
            credential: &Credential<'_>,
            _: &VerifyContext<'_>,
        ) -> Result<(), VerifyError> {
            let Credential::KeyPair(pair) = credential else {
                return Err(VerifyError::Unsupported);
            };
            self.0.lock().unwrap().push(pair.id().to_owned());
            Ok(())
        }
    }

    let (revoked, asked) = (Arc::default(), Arc::default());
    let verifier = Slow(Arc::clone(&revoked), Arc::clone(&asked));
    let rule = TransportRule { api_key: OnInsecure::RefuseAndRevoke, ..TransportRule::REFUSE };
    let dialect = tower_principal::Dialect { transport: rule, ..dialect::SOCRATA };
    let layer = AuthenticateLayer::new(dialect, verifier, transport::from_acceptor())
        .revocation(RevocationLimits::default());
    let app = whoami().layer(layer);
    for secret in ["a guess that takes its time, many characters", SHOWN_SECRET] {
        let basic = basic(SHOWN_ID, secret);
        let mut request = Request::get("/").header("authorization", basic).body(Body::empty()).unwrap();
        request.extensions_mut().insert(PlainConnection);
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 403);
    }
    for _ in 0..100 {
        if !revoked.lock().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(*revoked.lock().unwrap(), [SHOWN_ID]);
}

/// The options of a connection may contain the key of the file.
#[test]
fn the_key_of_a_file_is_not_shown() {
    let options = sqlx::sqlite::SqliteConnectOptions::new().pragma("key", "'a-key-of-the-file'");
    let shown = format!("{:?}", SqliteSource::from(options.clone()));
    assert!(!shown.contains("a-key-of-the-file"), "{shown}");
    let shown = format!("{:?}", SqlVerifier::sqlite(options));
    assert!(!shown.contains("a-key-of-the-file"), "{shown}");
}

/// PostgreSQL returns an error for a NUL. The store reports the error before it sends a query.
#[tokio::test]
async fn a_place_in_a_list_that_is_no_id_is_reported_as_such() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let listed = verifier.store().api_keys().list(Some("a\0"), 9).await;
        assert!(matches!(listed, Err(SqlError::InvalidName)), "{} {listed:?}", place.name);
        assert_eq!(verifier.store().api_keys().list(None, 9).await.unwrap().len(), 0);
    }
}
