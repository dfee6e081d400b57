//! The rules of the conformance suite, for a database and for the verifiers around one.

use std::time::{Duration, SystemTime};

use tower_principal::credential::ClientKind;
use tower_principal::test_util::conformance::Suite;
use tower_principal::verify::sql::{Issued, NewCredential, NewUser, SqlVerifier};
use tower_principal::{Credential, PrincipalKind, Secret, Verifier as _, verify::MemoryVerifier};

use super::*;
use crate::conformance;

fn whole(issued: &Issued) -> Credential<'_> {
    key(issued.secret.expose_secret())
}

fn access(issued: &Issued) -> Credential<'_> {
    token(issued.secret.expose_secret())
}

fn client(issued: &Issued) -> Credential<'_> {
    let (id, secret) = (issued.id.as_str(), issued.secret.expose_secret());
    Credential::Client(ClientKind::from_id(id), pair(id, secret))
}

/// Returns a node, with one credential of each kind for this tenant (or none), and a suite of these
/// credentials.
async fn populated(place: &Place, tenant: Option<&str>) -> (SqlVerifier, Suite) {
    let verifier = place.connect().await;
    let store = verifier.store();
    let store = tenant.map_or_else(|| store.clone(), |tenant| store.clone().tenant(tenant).unwrap());
    let new = NewCredential::new;
    let users = store.users();
    let long = "a password of more than the 72 bytes that bcrypt looks at, ".repeat(2);
    users.create("lola", Secret::borrowed(&long), NewUser::new()).await.unwrap();
    for name in [USER, "dora", "olga"] {
        users.create(name, Secret::borrowed(PASSWORD), NewUser::new()).await.unwrap();
    }
    let keys = store.api_keys();
    let halves = store.key_pairs().create(new().owner(USER)).await.unwrap();
    let app = store.app_tokens().create(new().owner(USER)).await.unwrap();
    let tokens = store.access_tokens();
    let past = SystemTime::now() - Duration::from_secs(60);
    let (revoked, disabled) = (tokens.create(new().user(USER)).await, keys.create(new()).await);
    let (revoked, disabled) = (revoked.unwrap(), disabled.unwrap());
    tokens.revoke(&revoked.id).await.unwrap();
    keys.disable(&disabled.id).await.unwrap();
    let of_dora = keys.create(new().owner("dora")).await.unwrap();
    users.disable("dora").await.unwrap();
    let suite = Suite::new()
        .good(password(USER, PASSWORD), PrincipalKind::BasicUser)
        .good(password("lola", &long), PrincipalKind::BasicUser)
        .good(whole(&keys.create(new().owner(USER)).await.unwrap()), PrincipalKind::ApiKey)
        .good(Credential::KeyPair(pair(&halves.id, halves.secret.expose_secret())), PrincipalKind::ApiKey)
        .good(Credential::AppToken(app.secret.reborrow()), PrincipalKind::AppToken)
        .good(client(&store.clients().create(new().org("acme")).await.unwrap()), PrincipalKind::OrgAdmin)
        .good(
            client(&store.clients().create(new().org("acme").app("weather")).await.unwrap()),
            PrincipalKind::AppAdmin,
        )
        .good(access(&tokens.create(new().user(USER)).await.unwrap()), PrincipalKind::OAuthUser)
        .good(access(&tokens.create(new().user("otto")).await.unwrap()), PrincipalKind::OAuthUser)
        .unknown(token(UNKNOWN_TOKEN))
        .unknown(Credential::AppToken(Secret::borrowed(UNKNOWN_TOKEN)))
        .unknown(password("mallory", PASSWORD))
        .expired(access(&tokens.create(new().user(USER).expires_at(past)).await.unwrap()))
        .revoked(access(&revoked))
        .disabled(whole(&disabled))
        .disabled(whole(&of_dora))
        .disabled(password("dora", PASSWORD))
        .revokes();
    (verifier, tenant.into_iter().fold(suite, Suite::tenant))
}

#[tokio::test]
async fn a_database_holds_every_rule() {
    for tenant in [None, Some("acme")] {
        for place in Place::all() {
            let (verifier, suite) = populated(&place, tenant).await;
            suite.check(&verifier).await.assert_holds();
        }
    }
}

#[tokio::test]
async fn a_database_after_another_verifier_holds_every_rule() {
    for place in Place::all() {
        let (verifier, suite) = populated(&place, None).await;
        let empty = MemoryVerifier::builder().passwords(cheap_passwords()).build().unwrap();
        suite.check(&empty.or(verifier)).await.assert_holds();
    }
}

#[cfg(feature = "cache")]
#[tokio::test]
async fn a_cached_database_holds_every_rule() {
    use tower_principal::verify::Cached;

    for (tenant, passwords) in [(None, false), (None, true), (Some("acme"), false)] {
        for place in Place::all() {
            let (verifier, suite) = populated(&place, tenant).await;
            let cached = Cached::new(verifier).unwrap();
            let cached = if passwords { cached.cache_passwords() } else { cached };
            suite.check(&cached).await.assert_holds();
        }
    }
}

#[tokio::test]
async fn a_denylisted_verifier_holds_every_rule() {
    for place in Place::all() {
        let database = place.connect().await;
        conformance::suite().check(&database.denylist(conformance::store())).await.assert_holds();
        #[cfg(feature = "jwt")]
        {
            let (issuer, suite) = conformance::jwts::issued();
            let verifier = database.denylist(conformance::jwts::with_keys(&issuer));
            suite.check(&verifier).await.assert_holds();
        }
    }
}
