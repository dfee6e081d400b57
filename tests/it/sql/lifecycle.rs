//! The life of a credential: creation, use, rotation, disabling, expiry, revocation, listing.

use std::time::{Duration, SystemTime};

use tower_principal::credential::Digest;
use tower_principal::credential::TokenFormat;
use tower_principal::verify::sql::{NewCredential, SqlError, State};
use tower_principal::{
    Credential, OAuthUser, PrincipalKind, Secret, Verifier as _, VerifyContext, VerifyError, verify,
};

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// The operations on API keys that services usually write themselves, in the order of a key's life.
#[tokio::test]
async fn a_key_lives_from_its_making_to_its_end() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let made = clock.now();
        let verifier = place.builder().secret_word("acme").clock(clock.clone()).connect().await.unwrap();
        let keys = verifier.store().api_keys();

        // Made with an owner, a label, fewer permissions and an expiry. The secret is shown once.
        let new = NewCredential::new().owner("alice").label("nightly import").scopes(["read"]);
        let issued = keys.create(new.expires_at(made + 100 * HOUR)).await.unwrap();
        let first = issued.secret.expose_secret();

        // A scanner or a form can recognize a secret, and find a typing error in one, without a
        // query.
        let format = TokenFormat::new("acmek").unwrap();
        assert_eq!(format.id_of(first), Some(issued.id.as_str()));
        let (begin, end) = first.split_at(first.len() - 1);
        let slip = format!("{begin}{}", if end == "x" { "y" } else { "x" });
        assert_eq!(format.id_of(&slip), None);

        // The database has a digest. The public id names the key in lists and logs.
        let digest = Digest::from_credential(&key(first), None).unwrap();
        assert_eq!(place.digest_of(&issued.id).await, digest.as_bytes());
        let listed = async || keys.list(None, 10).await.unwrap().swap_remove(0);
        let record = listed().await;
        assert_eq!((&record.id, record.user.as_deref()), (&issued.id, Some("alice")));
        assert_eq!(record.label.as_deref(), Some("nightly import"));
        assert_eq!((record.created_at, record.last_used_at), (made, None));

        // Used: it belongs to its owner, has the permissions that it was given, and expires at the
        // set time.
        clock.pass(HOUR);
        let principal = who(&verifier, &key(first)).await;
        assert_eq!((principal.id(), principal.owner()), (Some(issued.id.as_str()), Some("alice")));
        assert!(principal.scopes().contains("read") && !principal.scopes().contains("write"));
        assert_eq!(principal.expires_at(), Some(made + 100 * HOUR));
        let noted = async {
            while listed().await.last_used_at != Some(made + HOUR) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), noted).await.expect("noted beside the request");

        // Rotated: the old secret is valid while the new one is distributed, and no longer.
        let rotated = keys.rotate(&issued.id, 24 * HOUR).await.unwrap();
        let second = rotated.secret.expose_secret();
        assert_eq!(rotated.id, issued.id);
        assert_eq!(listed().await.previous_until, Some(made + 25 * HOUR));
        assert_eq!((ask(&verifier, &key(first)).await, ask(&verifier, &key(second)).await), (KEY, KEY));
        assert_eq!(who(&verifier, &key(first)).await.expires_at(), Some(made + 25 * HOUR));
        clock.pass(24 * HOUR);
        assert_eq!((ask(&verifier, &key(first)).await, ask(&verifier, &key(second)).await), (EXPIRED, KEY));

        // Disabled, and enabled again.
        keys.disable(&issued.id).await.unwrap();
        assert_eq!((listed().await.state, ask(&verifier, &key(second)).await), (State::Disabled, DISABLED));
        keys.enable(&issued.id).await.unwrap();
        assert_eq!((listed().await.state, ask(&verifier, &key(second)).await), (State::Live, KEY));

        // Expired, prolonged, and revoked for ever.
        clock.pass(75 * HOUR);
        assert_eq!(ask(&verifier, &key(second)).await, EXPIRED);
        keys.expire(&issued.id, Some(made + 200 * HOUR)).await.unwrap();
        assert_eq!(ask(&verifier, &key(second)).await, KEY);
        keys.revoke(&issued.id).await.unwrap();
        assert_eq!((listed().await.state, ask(&verifier, &key(second)).await), (State::Revoked, REVOKED));
        assert!(!keys.enable(&issued.id).await.unwrap());
    }
}

#[tokio::test]
async fn what_is_deleted_is_unknown_and_free_again() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let store = verifier.store();
        let new = || NewCredential::new().id("one").user("alice").org("acme");
        for kind in
            [store.access_tokens(), store.api_keys(), store.app_tokens(), store.clients(), store.key_pairs()]
        {
            let secret = kind.create(new()).await.unwrap().secret;
            kind.create(NewCredential::new().id("two").user("alice").org("acme")).await.unwrap();
            assert!(kind.delete("one").await.unwrap() && !kind.delete("one").await.unwrap());
            assert!(kind.find("one").await.unwrap().is_none() && kind.find("two").await.unwrap().is_some());
            kind.import(secret, new()).await.unwrap();
            kind.revoke("one").await.unwrap();
            assert!(kind.delete("one").await.unwrap(), "a revoked credential as well");
            for unknown in ["nobodys", "", "\0"] {
                assert!(!kind.delete(unknown).await.unwrap());
            }
        }
        let issued = store.api_keys().create(NewCredential::new()).await.unwrap();
        assert!(!store.clone().tenant("acme").unwrap().api_keys().delete(&issued.id).await.unwrap());
        assert_eq!(ask(&verifier, &key(issued.secret.expose_secret())).await, KEY);
        store.api_keys().delete(&issued.id).await.unwrap();
        assert_eq!(ask(&verifier, &key(issued.secret.expose_secret())).await, UNKNOWN);
        // A client's tokens are deleted with it.
        let client = store.clients().create(NewCredential::new().org("acme")).await.unwrap();
        let of_client = NewCredential::new().user("otto").client(&client.id);
        let issued = store.access_tokens().create(of_client).await.unwrap();
        store.clients().delete(&client.id).await.unwrap();
        assert_eq!(ask(&verifier, &token(issued.secret.expose_secret())).await, UNKNOWN);
    }
}

#[tokio::test]
async fn what_has_ended_is_kept_for_its_time_and_then_purged() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let store = verifier.store().tenant("acme").unwrap();
        let kinds =
            [store.access_tokens(), store.api_keys(), store.app_tokens(), store.clients(), store.key_pairs()];
        let new = |id: &str| NewCredential::new().id(id).user("alice").org("acme");
        for kind in &kinds {
            kind.create(new("ends").expires_at(clock.now() + HOUR)).await.unwrap();
            kind.create(new("ended")).await.unwrap();
            kind.create(new("later").expires_at(clock.now() + 3 * HOUR)).await.unwrap();
            kind.create(new("aside")).await.unwrap();
            kind.disable("aside").await.unwrap();
        }
        clock.pass(HOUR);
        for kind in &kinds {
            kind.revoke("ended").await.unwrap();
        }
        clock.pass(HOUR - Duration::from_millis(1));
        assert_eq!(verifier.store().purge_expired(HOUR).await.unwrap(), 0);
        assert_eq!(kinds[1].find("ended").await.unwrap().unwrap().state, State::Revoked);
        clock.pass(Duration::from_millis(1));
        assert_eq!(verifier.store().purge_expired(HOUR).await.unwrap(), 10, "of every tenant");
        assert_eq!(verifier.store().purge_expired(HOUR).await.unwrap(), 0);
        for kind in &kinds {
            let left: Vec<String> =
                kind.list(None, 10).await.unwrap().into_iter().map(|record| record.id).collect();
            assert_eq!(left, ["aside", "later"], "{}", place.name);
        }
        assert_eq!(verifier.store().purge_expired(Duration::MAX).await.unwrap(), 0);
    }
}

/// A cached key expires at its own time, even if the cache's `ttl` is longer.
#[cfg(feature = "cache")]
#[tokio::test]
async fn a_cached_key_ends_with_its_time() {
    use tower_principal::verify::Cached;

    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let database = place.builder().clock(clock.clone()).connect().await.unwrap();
        let keys = database.store().api_keys();
        let new = NewCredential::new().expires_at(clock.now() + Duration::from_secs(10));
        let ends = keys.create(new).await.unwrap();
        let rotated = keys.create(NewCredential::new()).await.unwrap();
        keys.rotate(&rotated.id, Duration::from_secs(10)).await.unwrap();
        let cached = Cached::new(database).unwrap().clock(clock.clone()).ttl(HOUR);
        for issued in [&ends, &rotated] {
            assert_eq!(ask(&cached, &key(issued.secret.expose_secret())).await, KEY);
        }
        assert_eq!(cached.stored(), (2, 0));
        clock.pass(Duration::from_secs(10));
        for issued in [&ends, &rotated] {
            assert_eq!(ask(&cached, &key(issued.secret.expose_secret())).await, EXPIRED);
        }
    }
}

/// REQ-103: a generated secret has at least 128 random bits, a prefix for scanners and a checksum.
#[tokio::test]
async fn req_103_a_secret_that_is_made_is_scannable() {
    for place in Place::all() {
        let store = place.builder().secret_word("acme").connect().await.unwrap().store();
        let new = || NewCredential::new().user("alice").org("acme");
        for (word, issued) in [
            ("acmek", store.api_keys().create(new()).await.unwrap()),
            ("acmek", store.key_pairs().create(new()).await.unwrap()),
            ("acmet", store.app_tokens().create(new()).await.unwrap()),
            ("acmec", store.clients().create(new()).await.unwrap()),
            ("acmea", store.access_tokens().create(new()).await.unwrap()),
        ] {
            let format = TokenFormat::new(word).unwrap();
            assert_eq!(format.id_of(issued.secret.expose_secret()), Some(&*issued.id));
            assert!(!format!("{issued:?}").contains(issued.secret.expose_secret()));
        }
    }
}

#[tokio::test]
async fn both_secrets_count_while_a_rotation_overlaps() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let keys = verifier.store().api_keys();
        let first = keys.create(NewCredential::new()).await.unwrap();
        let second = keys.rotate(&first.id, HOUR).await.unwrap();
        let (old, new) = (key(first.secret.expose_secret()), key(second.secret.expose_secret()));
        assert_eq!((ask(&verifier, &old).await, ask(&verifier, &new).await), (KEY, KEY));
        // An answer for the old secret does not outlast the secret.
        let until = who(&verifier, &old).await.expires_at();
        assert_eq!(until, Some(clock.now() + HOUR));
        assert_eq!(who(&verifier, &new).await.expires_at(), None);
        clock.pass(HOUR);
        assert_eq!((ask(&verifier, &old).await, ask(&verifier, &new).await), (EXPIRED, KEY));

        // A second rotation removes the first secret, and ends the second secret at once.
        let third = keys.rotate(&first.id, Duration::ZERO).await.unwrap();
        assert_eq!((ask(&verifier, &old).await, ask(&verifier, &new).await), (UNKNOWN, EXPIRED));
        assert_eq!(ask(&verifier, &key(third.secret.expose_secret())).await, KEY);
        keys.rotate(&first.id, HOUR).await.unwrap();
        assert_eq!(ask(&verifier, &key(third.secret.expose_secret())).await, KEY);
        assert!(keys.end_overlap(&first.id).await.unwrap());
        assert_eq!(ask(&verifier, &key(third.secret.expose_secret())).await, UNKNOWN);
        assert!(matches!(keys.rotate("nobodys", HOUR).await, Err(SqlError::NotFound)));
    }
}

#[tokio::test]
async fn a_disabled_key_can_be_enabled_and_a_revoked_one_cannot() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let keys = verifier.store().api_keys();
        let issued = keys.create(NewCredential::new()).await.unwrap();
        let credential = key(issued.secret.expose_secret());
        assert!(keys.disable(&issued.id).await.unwrap());
        assert_eq!(ask(&verifier, &credential).await, DISABLED);
        assert!(keys.enable(&issued.id).await.unwrap());
        assert_eq!(ask(&verifier, &credential).await, KEY);
        assert!(keys.revoke(&issued.id).await.unwrap());
        assert!(!keys.revoke(&issued.id).await.unwrap());
        assert!(!keys.enable(&issued.id).await.unwrap());
        assert!(matches!(keys.rotate(&issued.id, HOUR).await, Err(SqlError::NotFound)));
        assert_eq!(ask(&verifier, &credential).await, REVOKED);
        assert!(matches!(keys.create(NewCredential::new().id(&issued.id)).await, Err(SqlError::Exists)));
        for unknown in ["nobodys", "", "\0"] {
            assert!(!keys.disable(unknown).await.unwrap() && !keys.revoke(unknown).await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_credential_ends_at_its_expiry_by_the_clock_it_was_given() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let store = verifier.store();
        let at = clock.now() + HOUR;
        let issued =
            store.access_tokens().create(NewCredential::new().user("otto").expires_at(at)).await.unwrap();
        let credential = token(issued.secret.expose_secret());
        assert_eq!(who(&verifier, &credential).await.expires_at(), Some(at));
        clock.pass(HOUR - Duration::from_millis(1));
        assert_eq!(ask(&verifier, &credential).await, Short::Is(PrincipalKind::OAuthUser));
        clock.pass(Duration::from_millis(1));
        assert_eq!(ask(&verifier, &credential).await, EXPIRED);
        assert!(store.access_tokens().expire(&issued.id, Some(at + HOUR)).await.unwrap());
        assert_eq!(ask(&verifier, &credential).await, Short::Is(PrincipalKind::OAuthUser));
        assert_eq!(store.purge_expired(Duration::ZERO).await.unwrap(), 0);
        clock.pass(HOUR);
        assert_eq!(store.purge_expired(Duration::ZERO).await.unwrap(), 1);
        assert_eq!(ask(&verifier, &credential).await, UNKNOWN);
    }
}

#[tokio::test]
async fn a_verifier_revokes_what_was_presented() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let store = verifier.store();
        let tokens = store.access_tokens();
        let issued = tokens.create(NewCredential::new().user("otto")).await.unwrap();
        let rotated = tokens.rotate(&issued.id, HOUR).await.unwrap();
        let context = VerifyContext::default();
        let elsewhere = VerifyContext::default().with_tenant("acme");
        let old = token(issued.secret.expose_secret());
        assert!(matches!(verifier.revoke(&old, &elsewhere).await, Err(VerifyError::Denied(_))));
        // The old secret is a leaked secret of the same token, so it revokes the whole token.
        verifier.revoke(&old, &context).await.unwrap();
        assert_eq!(ask(&verifier, &old).await, REVOKED);
        assert_eq!(ask(&verifier, &token(rotated.secret.expose_secret())).await, REVOKED);
        // A secret whose overlap is over revokes nothing.
        let another = tokens.create(NewCredential::new().user("otto")).await.unwrap();
        let rotated = tokens.rotate(&another.id, HOUR).await.unwrap();
        clock.pass(HOUR);
        let over = verifier.revoke(&token(another.secret.expose_secret()), &context).await;
        assert!(matches!(over, Err(VerifyError::Denied(_))), "{over:?}");
        let live = ask(&verifier, &token(rotated.secret.expose_secret())).await;
        assert_eq!(live, Short::Is(PrincipalKind::OAuthUser));
        assert!(matches!(verifier.revoke(&token("nobodys"), &context).await, Err(VerifyError::Denied(_))));
        let user = password("alice", "p");
        assert!(matches!(verifier.revoke(&user, &context).await, Err(VerifyError::Unsupported)));
    }
}

#[tokio::test]
async fn all_of_a_users_tokens_are_revoked_at_once() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let tokens = verifier.store().access_tokens();
        let mut issued = Vec::new();
        for user in ["otto", "otto", "olga"] {
            issued.push(tokens.create(NewCredential::new().user(user)).await.unwrap());
        }
        assert_eq!(tokens.of_user("otto").await.unwrap().len(), 2);
        assert_eq!(tokens.revoke_all_of("otto").await.unwrap(), 2);
        assert_eq!(tokens.revoke_all_of("otto").await.unwrap(), 0);
        let mut left = Vec::new();
        for issued in &issued {
            left.push(ask(&verifier, &token(issued.secret.expose_secret())).await);
        }
        assert_eq!(left, [REVOKED, REVOKED, Short::Is(PrincipalKind::OAuthUser)]);
    }
}

#[tokio::test]
async fn a_list_has_everything_except_secrets() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let keys = verifier.store().api_keys();
        for number in 0..25 {
            let new = NewCredential::new().id(format!("key-{number:02}")).owner("alice").label("nightly");
            keys.create(new.scopes(["read"]).permissions(["get:/x", "put:/y"])).await.unwrap();
        }
        keys.disable("key-03").await.unwrap();
        keys.revoke("key-04").await.unwrap();
        let mut seen = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = keys.list(after.as_deref(), 10).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            seen.extend(page);
        }
        assert_eq!(seen.len(), 25);
        assert!(seen.windows(2).all(|pair| pair[0].id < pair[1].id));
        let states: Vec<State> = seen[2..5].iter().map(|record| record.state).collect();
        assert_eq!(states, [State::Live, State::Disabled, State::Revoked]);
        let record = keys.find("key-00").await.unwrap().unwrap();
        assert_eq!((record.user.as_deref(), record.label.as_deref()), (Some("alice"), Some("nightly")));
        assert_eq!(record.scopes, "read");
        assert_eq!(record.permissions.unwrap(), ["get:/x", "put:/y"]);
        assert_eq!((record.created_at, record.last_used_at), (clock.now(), None));
        assert!(keys.find("nobodys").await.unwrap().is_none());
        assert!(verifier.store().key_pairs().find("key-00").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_use_is_noted_once_a_minute() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let keys = verifier.store().api_keys();
        let issued = keys.create(NewCredential::new()).await.unwrap();
        let credential = key(issued.secret.expose_secret());
        // The time of use is written in the background, so it appears a little later.
        let noted = async |at: SystemTime| {
            for _ in 0..200 {
                let record = keys.find(&issued.id).await.unwrap().unwrap();
                if record.last_used_at == Some(at) {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            false
        };
        let first = clock.now();
        assert_eq!(ask(&verifier, &credential).await, KEY);
        assert!(noted(first).await, "{}", place.name);
        clock.pass(Duration::from_secs(59));
        assert_eq!(ask(&verifier, &credential).await, KEY);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(noted(first).await);
        clock.pass(Duration::from_secs(1));
        assert_eq!(ask(&verifier, &credential).await, KEY);
        assert!(noted(clock.now()).await);
    }
}

/// Users of the peers asked for this: a revoked JWT is refused although its signature is valid.
#[tokio::test]
async fn a_denylist_makes_revocable_what_proves_itself() {
    /// The header of a JWT: `{}`.
    const PLAIN: &str = "e30";
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let at = clock.now() + HOUR;
        let database = place.builder().clock(clock.clone()).connect().await.unwrap();
        // Accepts tokens by their first part; some have a `jti`, and some have none.
        let tokens = verify::from_fn(move |credential, _| async move {
            let Credential::AccessToken(token) = credential else { return Err(VerifyError::Unsupported) };
            let text = token.expose_secret();
            let user = OAuthUser::new("otto").with_expires_at(at);
            match text.split('.').next().unwrap() {
                "id" => Ok(user.with_credential_id(text.split('.').nth(1).unwrap())),
                PLAIN | "v4" => Ok(user),
                _ => Err(VerifyError::UNKNOWN),
            }
        });
        let one = database.denylist(tokens);
        let another = place.builder().clock(clock.clone()).connect().await.unwrap().denylist(tokens);
        let context = VerifyContext::default();
        let good = Short::Is(PrincipalKind::OAuthUser);
        let [shown, same, other] = ["1.sig", "1.gis", "2.sig"].map(|rest| format!("{PLAIN}.{rest}"));
        for (shown, same, other) in [
            ("id.1.sig", "id.1.gis", "id.2.sig"),
            (&*shown, &*same, &*other),
            // Not a JWT: only its last part differs from others.
            ("v4.local.1", "v4.local.1", "v4.local.2"),
        ] {
            for text in [shown, same, other] {
                assert_eq!(ask(&one, &token(text)).await, good, "{text}");
            }
            one.revoke(&token(shown), &context).await.unwrap();
            // A token with another encoding of its signature is the same token.
            for verifier in [&one, &another] {
                assert_eq!(ask(verifier, &token(shown)).await, REVOKED, "{shown}");
                assert_eq!(ask(verifier, &token(same)).await, REVOKED, "{same}");
                assert_eq!(ask(verifier, &token(other)).await, good, "{other}");
            }
        }
        assert!(matches!(one.revoke(&token("nobodys"), &context).await, Err(VerifyError::Denied(_))));
        assert!(one.verify_now(&token("id.1.sig"), &context).is_none());
        // A denial lasts longer than the leeway of a verifier.
        clock.pass(HOUR + Duration::from_secs(60));
        assert_eq!(database.store().purge_expired(Duration::ZERO).await.unwrap(), 3);
        database.close().await;
        assert_eq!(ask(&one, &token("id.2.sig")).await, Short::Unavailable, "an outage accepts no token");
        assert_eq!(ask(&one, &token("nobodys")).await, UNKNOWN);
    }
}

/// The list also applies to credentials that are stored in the database.
#[tokio::test]
async fn a_credential_of_the_database_is_refused_while_its_digest_is_denied() {
    for place in Place::all() {
        let clock = Hand::at(1_700_000_000_000);
        let verifier = place.builder().clock(clock.clone()).connect().await.unwrap();
        let store = verifier.store();
        let keys = store.api_keys();
        let [one, other] = [keys.create(NewCredential::new()).await, keys.create(NewCredential::new()).await]
            .map(|issued| issued.unwrap().secret);
        let (denied, other) = (key(one.expose_secret()), key(other.expose_secret()));
        store.deny(Digest::from_credential(&denied, None).unwrap(), Some(clock.now() + HOUR)).await.unwrap();
        assert_eq!((ask(&verifier, &denied).await, ask(&verifier, &other).await), (REVOKED, KEY));
        clock.pass(HOUR);
        assert_eq!(ask(&verifier, &denied).await, KEY);
    }
}

/// The list does not apply to passwords, so a log-in is neither an outage nor revoked.
#[tokio::test]
async fn a_denylist_lets_passwords_pass() {
    for place in Place::all() {
        let verifier = place.connect().await.denylist(one_of_each_kind());
        let credential = password(USER, PASSWORD);
        assert_eq!(ask(&verifier, &credential).await, Short::Is(PrincipalKind::BasicUser));
        let revoked = verifier.revoke(&credential, &VerifyContext::default()).await;
        assert!(matches!(revoked, Err(VerifyError::Unsupported)), "{revoked:?}");
        assert_eq!(ask(&verifier, &credential).await, Short::Is(PrincipalKind::BasicUser));
    }
}

#[tokio::test]
async fn halves_and_clients_need_their_id() {
    for place in Place::all() {
        let verifier = place.connect().await;
        let pairs = verifier.store().key_pairs();
        let issued = pairs.create(NewCredential::new()).await.unwrap();
        let secret = issued.secret.expose_secret();
        let halves = |id, secret| Credential::KeyPair(pair(id, secret));
        assert_eq!(ask(&verifier, &halves(&issued.id, secret)).await, KEY);
        assert_eq!(ask(&verifier, &halves("other", secret)).await, UNKNOWN);
        assert_eq!(ask(&verifier, &key(secret)).await, UNKNOWN);
        assert_eq!(ask(&verifier, &Credential::AppToken(Secret::borrowed(secret))).await, UNKNOWN);
    }
}
