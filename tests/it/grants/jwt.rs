//! JWTs of grants: when a grant ends, the verifiers of this crate refuse its JWTs.

use std::sync::Arc;
use std::time::Duration;

use tower_principal::grant::{Ending, Grants as _, Presented, RefreshRule, Renewal};
use tower_principal::verify::sql::{NewCredential, NewUser, SqlVerifier};
use tower_principal::verify::{self, Cached};
use tower_principal::{OAuthUser, PrincipalKind, Secret, Verifier, VerifyContext, VerifyError};

use super::*;
use crate::sql::{Place, REVOKED, Short, ask, token};

const ISSUER: &str = "https://login.example";
const USER: Short = Short::Is(PrincipalKind::OAuthUser);

/// Takes the place of a JWT verifier: the text of a token is its `jti`, with the issuer before it
/// if that is not `ISSUER`.
fn signed() -> impl Verifier {
    verify::from_fn(|credential, _| {
        let answer = match credential {
            Credential::AccessToken(token) => {
                let text = token.expose_secret();
                let (issuer, id) = text.split_once(' ').unwrap_or((ISSUER, text));
                let user =
                    OAuthUser::new("alice").with_client("map").with_issuer(issuer).with_credential_id(id);
                Ok(user)
            }
            _ => Err(VerifyError::Unsupported),
        };
        std::future::ready(answer)
    })
}

async fn filled(place: &Place) -> SqlVerifier {
    let verifier = place.connect().await;
    let store = verifier.store();
    store.users().create("alice", Secret::borrowed("p"), NewUser::new()).await.unwrap();
    store.clients().create(NewCredential::new().id("map").org("acme")).await.unwrap();
    verifier
}

#[tokio::test]
async fn the_jwts_of_a_grant_end_with_it() {
    for place in Place::all() {
        for how in ["end", "reuse", "user", "delete user", "client", "delete client", "revoke one"] {
            let place =
                if place.folder.is_some() { Place::all().remove(0) } else { Place::postgres().unwrap() };
            let verifier = filled(&place).await;
            let store = verifier.store();
            let jwts = verifier.denylist(signed()).with_grants_of(ISSUER);
            let (first, _, refresh) = issue(&store, new("map").user("alice")).await;
            let (next, ..) = following(&first.id, &refresh);
            let renewed = store.renew(&refresh.digests, "map", &RefreshRule::new(), &next).await.unwrap();
            let Renewal::Renewed(second) = renewed else { panic!("{renewed:?}") };
            let ids = [first.token_id(), second.token_id()];
            assert_ne!(ids[0], ids[1]);
            for id in &ids {
                assert_eq!(ask(&jwts, &token(id)).await, USER, "{how} {}", place.name);
            }
            match how {
                "end" => assert_eq!(store.end(&Ending::Grant(&first.id)).await.unwrap(), 1),
                "reuse" => {
                    let strict = RefreshRule::new().grace(Duration::ZERO);
                    let (next, ..) = following(&first.id, &refresh);
                    let reused = store.renew(&refresh.digests, "map", &strict, &next).await.unwrap();
                    assert!(matches!(reused, Renewal::Reused(_)), "{reused:?}");
                }
                "user" => assert!(store.users().disable("alice").await.unwrap()),
                "delete user" => assert!(store.users().delete("alice").await.unwrap()),
                "client" => assert!(store.clients().disable("map").await.unwrap()),
                "delete client" => assert!(store.clients().delete("map").await.unwrap()),
                _ => {
                    jwts.revoke(&token(&ids[1]), &VerifyContext::default()).await.unwrap();
                    assert_eq!(ask(&jwts, &token(&ids[0])).await, USER, "only that one is denied");
                    assert_eq!(ask(&jwts, &token(&ids[1])).await, REVOKED);
                    continue;
                }
            }
            for id in &ids {
                assert_eq!(ask(&jwts, &token(id)).await, REVOKED, "{how} {}", place.name);
            }
        }
    }
}

/// The current token and the one before it are valid, as with opaque tokens.
#[tokio::test]
async fn an_older_jwt_and_a_lost_one_are_denied() {
    for place in Place::all() {
        let verifier = filled(&place).await;
        let store = verifier.store();
        let jwts = verifier.denylist(signed()).with_grants_of(ISSUER);
        let rule = RefreshRule::new().recover(Duration::from_secs(60));
        let (first, _, refresh) = issue(&store, new("map").user("alice").scopes(["read", "write"])).await;
        let id = |generation: u64| format!("{}.{generation}", first.id);
        let live = async || {
            let mut live = Vec::new();
            for generation in 0..9 {
                if ask(&jwts, &token(&id(generation))).await == USER {
                    live.push(generation);
                }
            }
            live
        };
        let renew = async |shown: &IssuedRefresh, scopes: Option<&[&str]>| {
            let (mut next, _, refresh) = following(&first.id, shown);
            next.scopes = scopes.map(|scopes| scopes.iter().collect());
            let renewed = store.renew(&shown.digests, "map", &rule, &next).await.unwrap();
            assert!(matches!(renewed, Renewal::Renewed(_)), "{renewed:?}");
            refresh
        };
        assert_eq!(live().await, [1], "{}", place.name);
        let second = renew(&refresh, None).await;
        assert_eq!(live().await, [1, 2]);
        // The answer is lost and the client retries, which replaces the tokens in that answer.
        let third = renew(&refresh, None).await;
        assert_eq!(live().await, [1, 3]);
        let again = renew(&refresh, None).await;
        assert_eq!(live().await, [1, 4]);
        let lost = [second, third].map(|lost| lost.digests);
        for shown in lost {
            assert!(store.find(&Presented::Refresh(shown)).await.unwrap().is_none());
        }
        let fifth = renew(&again, None).await;
        assert_eq!(live().await, [4, 5]);
        // After a change of scopes the token before is invalid, because the row has the scopes of
        // its successor.
        renew(&fifth, Some(&["read"])).await;
        assert_eq!(live().await, [6]);
        for odd in ["05", "+6", "-6", "06", "", "6.6", "99999999999999999999"] {
            assert_eq!(ask(&jwts, &token(&format!("{}.{odd}", first.id))).await, REVOKED, "{odd:?}");
        }
    }
}

/// A token of the issuer that names no grant is denied. Tokens of other issuers need no grant.
#[tokio::test]
async fn a_jwt_without_a_grant_is_denied_if_its_issuer_keeps_grants() {
    for place in Place::all() {
        let verifier = filled(&place).await;
        let jwts = verifier.denylist(signed()).with_grants_of(ISSUER);
        let (grant, ..) = issue(&verifier.store(), new("map").user("alice")).await;
        for id in ["", "jti-1", "x.1", ".1", "\0.1", grant.id.as_str()] {
            assert_eq!(ask(&jwts, &token(id)).await, REVOKED, "{id:?}");
        }
        assert_eq!(ask(&jwts, &token("https://other.example jti-1")).await, USER);
        // A grant of another tenant does not count.
        let context = VerifyContext::default().with_tenant("acme");
        let id = grant.token_id();
        assert!(jwts.verify(&token(&id), &context).await.is_err());
        assert!(jwts.verify(&token(&id), &VerifyContext::default()).await.is_ok());
        verifier.close().await;
        let down = jwts.verify(&token(&id), &VerifyContext::default()).await.unwrap_err();
        assert!(matches!(down, VerifyError::Unavailable(_)), "{down:?}");
    }
}

#[cfg(feature = "cache")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cached_jwt_ends_with_its_grant() {
    for place in Place::all() {
        let verifier = filled(&place).await;
        let store = verifier.store();
        let cached = Arc::new(Cached::new(verifier.denylist(signed()).with_grants_of(ISSUER)).unwrap());
        let mut listens = verifier.changes().unwrap();
        tokio::spawn(verifier.changes().unwrap().evict_from(&cached));
        if place.folder.is_none() {
            listens.next().await.unwrap();
        }
        let (grant, ..) = issue(&store, new("map").user("alice")).await;
        let id = grant.token_id();
        for _ in 0..3 {
            assert_eq!(ask(&cached, &token(&id)).await, USER);
        }
        assert_eq!(store.end(&Ending::Grant(&grant.id)).await.unwrap(), 1);
        let ends = async {
            while ask(&cached, &token(&id)).await == USER {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(1), ends).await.expect(place.name);
    }
}
