//! Grants beside the other records of a database: every action that ends a credential ends its
//! grant.

use std::time::Duration;

use tower_principal::credential::Digest;
use tower_principal::grant::{
    CodeProof, Ending, NewCode, NextTokens, Presented, Redemption, RefreshRule, Renewal,
};
use tower_principal::principal::Operation;
use tower_principal::verify::sql::{NewCredential, NewUser, SqlStore, SqlVerifier};
use tower_principal::{PrincipalKind, Secret, Verifier as _, VerifyContext};

use super::*;
use crate::sql::{DISABLED, Place, REVOKED, Short, UNKNOWN, ask, ask_as, token, who};

const USER: Short = Short::Is(PrincipalKind::OAuthUser);

async fn filled(place: &Place) -> (SqlVerifier, SqlStore) {
    let verifier = place.connect().await;
    let store = verifier.store();
    for name in ["alice", "bob"] {
        store.users().create(name, Secret::borrowed("p"), NewUser::new()).await.unwrap();
    }
    for id in ["map", "other"] {
        store.clients().create(NewCredential::new().id(id).org("acme")).await.unwrap();
    }
    (verifier, store)
}

async fn renew(store: &SqlStore, grant: &Grant, with: &IssuedRefresh) -> Renewal {
    let (next, ..) = following(&grant.id, with);
    store.renew(&with.digests, &grant.client, &RefreshRule::new(), &next).await.unwrap()
}

/// Every action that ends the user or the client of a grant ends its access token, its refresh
/// token and its code.
#[tokio::test]
async fn a_grant_ends_with_its_user_and_its_client() {
    for place in Place::all() {
        for (how, after) in [
            ("disable user", DISABLED),
            ("delete user", UNKNOWN),
            ("disable client", DISABLED),
            ("delete client", UNKNOWN),
            ("revoke client", REVOKED),
            ("revoke all", REVOKED),
            ("revoke by id", REVOKED),
            ("revoke shown", REVOKED),
            ("disable grant", DISABLED),
        ] {
            let place =
                if place.folder.is_some() { Place::all().remove(0) } else { Place::postgres().unwrap() };
            let (verifier, store) = filled(&place).await;
            let (grant, access, refresh) = issue(&store, new("map").user("alice")).await;
            let (_, spared, spared_refresh) = issue(&store, new("other").user("bob")).await;
            let offered = new("map").user("alice");
            let code = SHAPE.code(&offered.id).unwrap();
            store.offer(&offered, &NewCode::new(code.digest, Duration::from_secs(60))).await.unwrap();
            let shown = token(access.secret.expose_secret());
            assert_eq!(ask(&verifier, &shown).await, USER);
            let (users, clients, all) = (store.users(), store.clients(), store.access_tokens());
            let of_all = match how {
                "disable user" => users.disable("alice").await.unwrap(),
                "delete user" => users.delete("alice").await.unwrap(),
                "disable client" => clients.disable("map").await.unwrap(),
                "delete client" => clients.delete("map").await.unwrap(),
                "revoke client" => clients.revoke("map").await.unwrap(),
                "revoke all" => all.revoke_all_of("alice").await.unwrap() == 2,
                "revoke by id" => !all.revoke(grant.id.as_str()).await.unwrap(),
                "revoke shown" => {
                    verifier.revoke(&shown, &VerifyContext::default()).await.unwrap();
                    false
                }
                _ => !all.disable(grant.id.as_str()).await.unwrap(),
            };
            assert_eq!(ask(&verifier, &shown).await, after, "{how} {}", place.name);
            for token in [
                Presented::Access(access.digest),
                Presented::Refresh(refresh.digests),
                Presented::Grant(grant.id.clone()),
            ] {
                assert!(store.find(&token).await.unwrap().is_none(), "{how} {token:?}");
            }
            // A deleted user or client takes its grants along, so their tokens are unknown.
            match renew(&store, &grant, &refresh).await {
                Renewal::Unknown => assert!(how.starts_with("delete"), "{how}"),
                Renewal::Ended(id) => assert!(!how.starts_with("delete") && id == grant.id, "{how}"),
                other => panic!("{how} {other:?}"),
            }
            let (next, ..) = tokens(&offered.id, None);
            let redeemed = store.redeem(&code.digest, &CodeProof::new("map"), &next).await.unwrap();
            assert_eq!(matches!(redeemed, Redemption::Unknown), of_all, "{how} {redeemed:?}");
            // Another user's grant at another client stays in force.
            assert_eq!(ask(&verifier, &token(spared.secret.expose_secret())).await, USER, "{how}");
            let live = store.find(&Presented::Refresh(spared_refresh.digests)).await.unwrap();
            assert_eq!(live.and_then(|grant| grant.user).as_deref(), Some("bob"));
        }
    }
}

/// A code or a token of another tenant is unknown, and remains valid in its own tenant.
#[tokio::test]
async fn a_code_and_a_token_of_another_tenant_are_unknown() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let (acme, rival) =
            (verifier.store().tenant("acme").unwrap(), verifier.store().tenant("rival").unwrap());
        let offered = new("map").user("alice");
        let code = SHAPE.code(&offered.id).unwrap();
        acme.offer(&offered, &NewCode::new(code.digest, Duration::from_secs(60))).await.unwrap();
        let (next, access, refresh) = tokens(&offered.id, Some("acme"));
        for other in [&rival, &verifier.store()] {
            let outcome = other.redeem(&code.digest, &CodeProof::new("map"), &next).await.unwrap();
            assert!(matches!(outcome, Redemption::Unknown), "{outcome:?}");
        }
        let outcome = acme.redeem(&code.digest, &CodeProof::new("map"), &next).await.unwrap();
        let Redemption::Redeemed(grant) = outcome else { panic!("{outcome:?}") };
        let (access, shown) = (access.secret.expose_secret(), Presented::Access(access.digest));
        assert_eq!(ask_as(&verifier, &token(access), Some("acme")).await, USER);
        assert_eq!(ask_as(&verifier, &token(access), Some("rival")).await, UNKNOWN);
        assert_eq!(ask(&verifier, &token(access)).await, UNKNOWN);
        let (after, ..) = following(&grant.id, &refresh);
        for other in [&rival, &verifier.store()] {
            assert!(other.find(&shown).await.unwrap().is_none());
            let outcome = other.renew(&refresh.digests, "map", &RefreshRule::new(), &after).await.unwrap();
            assert!(matches!(outcome, Renewal::Unknown), "{outcome:?}");
            assert_eq!(other.end(&Ending::Token { token: &shown, client: "map" }).await.unwrap(), 0);
            assert_eq!(other.end(&Ending::Grant(&grant.id)).await.unwrap(), 0);
        }
        assert_eq!(ask_as(&verifier, &token(access), Some("acme")).await, USER);
        assert_eq!(acme.end(&Ending::Client("map")).await.unwrap(), 1);
        assert_eq!(ask_as(&verifier, &token(access), Some("acme")).await, REVOKED);
    }
}

#[tokio::test]
async fn a_token_for_one_service_is_unknown_to_another_on_the_same_database() {
    for place in Place::all() {
        let one = place.builder().audience("https://one.example").connect().await.unwrap();
        let two = place.builder().audience("https://two.example").connect().await.unwrap();
        let none = place.connect().await;
        let store = one.store();
        for (audience, expected) in [
            (vec![], [USER, USER, USER]),
            (vec!["https://one.example"], [USER, UNKNOWN, UNKNOWN]),
            (vec!["https://two.example"], [UNKNOWN, USER, UNKNOWN]),
            (vec!["https://two.example", "https://one.example"], [USER, USER, UNKNOWN]),
            (vec!["https://one.example/"], [UNKNOWN, UNKNOWN, UNKNOWN]),
            (vec!["https://one"], [UNKNOWN, UNKNOWN, UNKNOWN]),
        ] {
            let (_, access, _) = issue(&store, new("map").user("alice").audience(audience.clone())).await;
            let shown = token(access.secret.expose_secret());
            let seen = [ask(&one, &shown).await, ask(&two, &shown).await, ask(&none, &shown).await];
            assert_eq!(seen, expected, "{audience:?}");
        }
        // A token without a grant works as before.
        let plain = store.access_tokens().create(NewCredential::new().user("alice")).await.unwrap();
        let shown = token(plain.secret.expose_secret());
        assert_eq!([ask(&one, &shown).await, ask(&none, &shown).await], [USER, USER]);
    }
}

/// REQ-90: the principal of a client's own token is the client.
#[tokio::test]
async fn req_90_a_client_that_acts_for_itself_is_the_principal() {
    for place in Place::all() {
        let (verifier, store) = filled(&place).await;
        for (draft, kind) in [
            (new("map").org("acme").app("weather"), PrincipalKind::AppAdmin),
            (new("map").org("acme"), PrincipalKind::OrgAdmin),
            (new("bare"), PrincipalKind::OAuthUser),
        ] {
            let (grant, access, _) = issue(&store, draft.scopes(["read"])).await;
            let client = who(&verifier, &token(access.secret.expose_secret())).await;
            assert_eq!((client.kind(), client.id()), (kind, Some(grant.client.as_str())));
            assert!(client.is_client());
            let found = store.find(&Presented::Access(access.digest)).await.unwrap().unwrap();
            assert_eq!((found.user, found.org), (None, grant.org));
        }
        // A user with the client's name gives it no permissions.
        store.users().create("bare", Secret::borrowed("p"), NewUser::new()).await.unwrap();
        store.users().grant("bare", "*:/**").await.unwrap();
        let (_, access, _) = issue(&store, new("bare")).await;
        let client = who(&verifier, &token(access.secret.expose_secret())).await;
        assert!(!client.permissions().allow(Operation::Get, "/x", &["bare"]));
    }
}

/// Caches on this node and on other nodes drop the tokens that a renewal or the end of a grant
/// changed.
#[cfg(feature = "cache")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caches_drop_the_tokens_of_a_grant_that_ends() {
    use std::sync::Arc;

    use tower_principal::verify::Cached;
    use tower_principal::verify::sql::Change;

    for place in Place::all() {
        let (verifier, store) = filled(&place).await;
        // On SQLite, only clones of the verifier receive changes.
        let other = if place.folder.is_some() { verifier.clone() } else { place.connect().await };
        let mut cached = Vec::new();
        for node in [verifier.clone(), other] {
            let cache = Arc::new(Cached::new(node.clone()).unwrap());
            let mut listens = node.changes().unwrap();
            tokio::spawn(node.changes().unwrap().evict_from(&cache));
            if place.folder.is_none() {
                assert_eq!(listens.next().await, Some(Change::Everything));
            }
            cached.push(cache);
        }
        for how in ["end", "reuse", "narrow"] {
            let (grant, access, refresh) = issue(&store, new("map").user("alice").scopes(["a", "b"])).await;
            let shown = token(access.secret.expose_secret());
            for cached in &cached {
                assert_eq!(ask(cached, &shown).await, USER);
                assert_eq!(ask(cached, &shown).await, USER);
            }
            match how {
                "end" => assert_eq!(store.end(&Ending::Grant(&grant.id)).await.unwrap(), 1),
                "reuse" => {
                    let (next, ..) = following(&grant.id, &refresh);
                    let strict = RefreshRule::new().grace(Duration::ZERO);
                    _ = store.renew(&refresh.digests, "map", &strict, &next).await.unwrap();
                    let (next, ..) = following(&grant.id, &refresh);
                    let reused = store.renew(&refresh.digests, "map", &strict, &next).await.unwrap();
                    assert!(matches!(reused, Renewal::Reused(_)), "{reused:?}");
                }
                _ => {
                    let (next, ..) = following(&grant.id, &refresh);
                    let next = next.scopes(["a"].iter().collect());
                    _ = store.renew(&refresh.digests, "map", &RefreshRule::new(), &next).await.unwrap();
                }
            }
            for cached in &cached {
                let mut seen = USER;
                for _ in 0..100 {
                    seen = ask(cached, &shown).await;
                    if seen != USER {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                assert_ne!(seen, USER, "{how} {}", place.name);
            }
        }
    }
}

/// The database contains only digests of codes and tokens.
#[tokio::test]
async fn req_78_codes_and_tokens_are_stored_as_digests() {
    let place = Place::all().remove(0);
    let verifier = place.connect().await;
    let store = verifier.store();
    let offered = new("map").user("alice");
    let code = SHAPE.code(&offered.id).unwrap();
    store.offer(&offered, &NewCode::new(code.digest, Duration::from_secs(60))).await.unwrap();
    let (_, access, refresh) = issue(&store, new("map").user("alice")).await;
    verifier.close().await;
    let folder = place.folder.as_ref().unwrap().path();
    let mut bytes = Vec::new();
    for file in folder.read_dir().unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(holds(b"alice") && holds(code.digest.as_bytes()) && holds(refresh.digests.token.as_bytes()));
    for secret in [&code.secret, &access.secret, &refresh.secret] {
        let text = secret.expose_secret();
        let random = text.rsplit('_').next().unwrap();
        assert!(!holds(random.as_bytes()) && !holds(&random.as_bytes()[..20]));
    }
}

/// 10,000 guesses of a refresh token, half of them with the public id of a grant, end nothing.
#[tokio::test]
async fn guesses_of_a_refresh_token_end_nothing() {
    let place = Place::all().remove(0);
    let verifier = place.connect().await;
    let store = verifier.store();
    let (grant, _, refresh) = issue(&store, new("map").user("alice")).await;
    for round in 0..10_000 {
        let id = if round % 2 == 0 { grant.id.clone() } else { GrantId::random().unwrap() };
        let guess = SHAPE.refresh(&id).unwrap().digests;
        let next = NextTokens::new(Digest::random().unwrap(), hour());
        let outcome = store.renew(&guess, "map", &RefreshRule::new(), &next).await.unwrap();
        assert!(matches!(outcome, Renewal::Unknown), "{outcome:?}");
    }
    assert!(store.find(&Presented::Refresh(refresh.digests)).await.unwrap().is_some());
}

/// The limit of one call is for ended grants alone, whatever else has ended in the database.
#[tokio::test]
async fn a_purge_is_not_used_up_by_what_is_no_grant() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        let keys = store.api_keys();
        for _ in 0..1_001 {
            keys.create(NewCredential::new()).await.unwrap();
        }
        let end = format!("UPDATE {} SET revoked_at = created_at", place.table("credentials"));
        place.by_hand(&end).await.unwrap();
        let (grant, ..) = issue(&store, new("map").user("alice")).await;
        assert_eq!(store.end(&Ending::Grant(&grant.id)).await.unwrap(), 1);
        assert_eq!(store.purge(Duration::ZERO).await.unwrap(), 1, "{}", place.name);
        assert_eq!(store.purge(Duration::ZERO).await.unwrap(), 0, "{}", place.name);
    }
}
